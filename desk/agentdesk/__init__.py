"""Where agents work on conversations: what they are shown, and what they do."""
