"""VADER, the rule-based sentiment of English, with NLTK's scores; standard library only."""

from bot.nlu.vader.analyzer import Scores, Vader
from bot.nlu.vader.lexicon import read_lexicon

__all__ = ["Scores", "Vader", "read_lexicon"]
