"""One step of the nightly job: feature rows in, win probabilities out."""
