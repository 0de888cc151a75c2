"""Rasa's component that says how a customer sounds."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.mood import MoodReader, open_reader
from bot.nlu.vader import Vader, read_lexicon

SENTIMENT = "sentiment"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Sentiment(GraphComponent):
    """Sets `sentiment` in the parse result: polarity (-1 to 1), label, anger (0 to 1), and VADER's own scores."""

    def __init__(self, reader: MoodReader, vader: Vader | None) -> None:
        """Without `vader` its scores are left out."""
        self._reader = reader
        self._vader = vader

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`vader`: whether VADER's scores of the untouched text stand beside our own reading of the mood."""
        return {"vader": True}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Sentiment:
        """Built by Rasa's graph."""
        return cls(open_reader(), Vader(read_lexicon()) if config["vader"] else None)

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the sentiment of each message."""
        for message in messages:
            message.set(SENTIMENT, self._sentiment(message.get(TEXT) or ""), add_to_output=True)
        return messages

    def _sentiment(self, text: str) -> dict[str, Any]:
        mood = self._reader.read(text)
        found: dict[str, Any] = {
            "polarity": mood.polarity,
            "label": mood.label.value,
            "anger": mood.anger,
        }
        if self._vader is not None:
            found["vader"] = self._vader.polarity_scores(text)
        return found
