"""Identifiers that sort by the time they were made."""

import secrets
import time


def new_id() -> str:
    """Return 32 hexadecimal digits: 12 of the time in milliseconds, 20 random."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"
