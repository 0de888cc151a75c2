"""Tests of the X channel."""
