"""A corpus of programs that reach something rare, and what is made of them."""
