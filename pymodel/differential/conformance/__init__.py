"""What helps a port to become right: a smoke test, conformance by levels, and traces for its own test runner."""
