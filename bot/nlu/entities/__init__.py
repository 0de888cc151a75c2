"""Finds values in what customers write: numbers, addresses, amounts, dates and the words of look-up tables.

Plain code: the Rasa component around it is `bot.nlu.pattern_entities`.
"""

from bot.nlu.entities.finder import EntityFinder, Options, OptionsError
from bot.nlu.entities.tables import Tables, TablesError

__all__ = ["EntityFinder", "Options", "OptionsError", "Tables", "TablesError"]
