"""Tests of insights on files."""
