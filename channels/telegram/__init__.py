"""Telegram: a bot that customers write to, by long polling or by webhook."""
