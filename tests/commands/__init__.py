"""Tests of the commands and the imports."""
