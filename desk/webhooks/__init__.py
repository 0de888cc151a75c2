"""Webhooks that go out: other programs are told what happens here (Standard Webhooks)."""
