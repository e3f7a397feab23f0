"""What a campaign found, for a person who looks (one HTML page) and for CI (JUnit XML, JSON lines)."""
