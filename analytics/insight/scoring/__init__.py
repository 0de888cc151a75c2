"""What is computed about everybody and kept: the rows of the table ``score``."""
