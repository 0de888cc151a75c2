"""Agents at their desk."""
