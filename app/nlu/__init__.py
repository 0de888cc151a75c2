"""How well the trained model understands: asking it, and the figures."""
