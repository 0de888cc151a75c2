"""Measurements: each runs two things side by side and prints their ratio. See ``docs/performance.md``."""
