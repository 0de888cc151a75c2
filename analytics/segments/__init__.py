"""Segments: people by rules that are data, computed where the people's data is."""
