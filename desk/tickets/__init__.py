"""Tickets: numbered, with a status, a history and comments."""
