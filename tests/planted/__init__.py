"""Targets with planted faults: what the tester must catch, shrink and name, to be believed when it finds nothing."""
