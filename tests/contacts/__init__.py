"""Contacts: one person, many handles."""
