"""Channels: one folder per platform, each an adapter of the port in ``desk/channel.py``."""
