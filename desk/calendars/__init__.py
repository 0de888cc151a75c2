"""Business time: when people are at work, and how much of it passes between two moments."""
