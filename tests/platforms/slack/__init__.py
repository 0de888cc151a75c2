"""A Slack to test against: Web API, signed events and buttons, Socket Mode, and people who act in it."""
