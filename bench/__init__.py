"""Measurements: each runs two things side by side and prints their ratio. See ``docs/performance.md``."""

import os

# Containers often forbid bytecode. Whoever has started something before finds its modules compiled, and so does what
# is measured here: without it, half of a start is compiling.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
