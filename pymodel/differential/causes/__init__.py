"""From how a fault shows to where it is: what an operation consists of, and which part of it differs by itself."""
