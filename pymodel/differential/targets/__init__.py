"""Targets: what runs programs, started, watched and restarted."""
