"""Forms: which answers they need, and one action that reads and asks for all of them."""
