"""The twin of a remote platform, in memory."""
