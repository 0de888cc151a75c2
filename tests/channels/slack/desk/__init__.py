"""Tests of the agents' desk in Slack."""
