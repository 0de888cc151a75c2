"""The other system of the signed webhook."""
