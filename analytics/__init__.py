"""Reads events, decides who and what."""
