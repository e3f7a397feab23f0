"""Generated protocol code; `make stubs` writes it from proto/."""
