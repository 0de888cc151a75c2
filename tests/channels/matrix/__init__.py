"""The Matrix channel against a real synapse."""
