"""The signed webhook against a receiver that believes nothing."""
