"""The mood of a customer's message, in English, Chinese or a mixture; standard library only."""

from bot.nlu.mood.reader import Label, Mood, MoodReader, open_reader

__all__ = ["Label", "Mood", "MoodReader", "open_reader"]
