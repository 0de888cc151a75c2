"""Customers in Slack: direct messages to the bot, and channels shared with other companies (Slack Connect)."""
