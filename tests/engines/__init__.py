"""Tests that what is computed is the same on every engine."""
