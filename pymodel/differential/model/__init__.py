"""The specification as a target's inside: programs run on it, and what they did written as transcripts."""
