"""Predictions against results, and the figures that follow."""
