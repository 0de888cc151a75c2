"""Tests of the media store."""
