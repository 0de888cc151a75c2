"""Turns what the application knows about a message into entities, so that slots can be filled from it."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, METADATA
from rasa.shared.nlu.training_data.message import Message


def entities_of(metadata: Any, keys: list[str]) -> list[dict[str, Any]]:
    """One entity for each of the keys that holds a non-empty text."""
    if not isinstance(metadata, dict):
        return []
    values = ((key, metadata.get(key)) for key in keys)
    # They stand nowhere in the text, so they cover an empty span: offsets that exist but mark nothing.
    return [
        {"entity": key, "value": value, "start": 0, "end": 0, "confidence": 1.0}
        for key, value in values
        if isinstance(value, str) and value
    ]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class MetadataEntities(EntityExtractorMixin, GraphComponent):
    """Emits an entity for each configured key of a message's metadata (`keys`, default `language`)."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Remembers which keys to look at."""
        self._keys: list[str] = list(config["keys"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The language of the message, as the application detected it."""
        return {"keys": ["language"]}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MetadataEntities:
        """Built by Rasa's graph."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities to those that other components found."""
        for message in messages:
            found = self.add_extractor_name(entities_of(message.get(METADATA), self._keys))
            if found:
                message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
