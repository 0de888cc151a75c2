"""Tests of taking data in."""
