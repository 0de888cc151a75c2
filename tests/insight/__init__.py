"""Tests of what is computed about customers."""
