"""The agents' desk in Slack: a thread per conversation, its root a card; agents' deeds come back as actions."""
