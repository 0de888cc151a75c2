"""The shop's data: whose order it is, where it is, what the shop's rules are."""
