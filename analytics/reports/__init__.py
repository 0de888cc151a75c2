"""Figures for people who lead a desk, from the event log alone."""
