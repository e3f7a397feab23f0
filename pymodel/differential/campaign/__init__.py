"""Campaigns: the programs of a seed in blocks, run by workers, kept in a ledger that survives anything."""
