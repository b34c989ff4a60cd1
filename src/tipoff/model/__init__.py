"""The models: readable bundles, how they are fitted, and the cards that describe them."""
