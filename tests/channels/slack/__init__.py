"""The Slack customer channel against the stand-in."""
