"""Real messages that the bot did not understand well, grouped for a person to look at; nothing is learnt here."""
