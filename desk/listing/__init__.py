"""Rows in pages, for programs that read everything in turn."""
