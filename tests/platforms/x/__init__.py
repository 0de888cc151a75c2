"""A stand-in for X that enforces its rules."""
