"""NBA win probabilities: leak-free features, a readable model, a track record anyone can check."""

__version__ = "0.1.0"
