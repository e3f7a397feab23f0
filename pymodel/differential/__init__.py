"""The driver: makes programs, runs them on the specification and on targets, and says where those depart."""
