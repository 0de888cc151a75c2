"""Campaigns: one message to many people, at the right moment, at most once each."""
