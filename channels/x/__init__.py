"""X (formerly Twitter) as a channel: public mentions and replies, and direct messages."""
