"""Campaigns that are killed, again and again, and must come to what they would have come to in peace."""
