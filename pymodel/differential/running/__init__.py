"""Runs: programs on all targets side by side, and what became of them."""
