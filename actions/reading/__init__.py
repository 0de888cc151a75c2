"""What a customer's message says: pure functions from text and entities to values."""
