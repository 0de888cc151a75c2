"""Rasa's component that says which language a message is in."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.identify import identify

LANGUAGE = "language"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Language(GraphComponent):
    """Sets `language` in the parse result: the application's word on it, else what the text tells."""

    def __init__(self, config: dict[str, Any]) -> None:
        """`default` is for texts that tell no language."""
        self._default: str = config["default"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The application knows the conversation's language; the default is for `rasa shell` and its like."""
        return {"default": "en"}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Language:
        """Built by Rasa's graph."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the language of each message."""
        for message in messages:
            message.set(LANGUAGE, self._language(message), add_to_output=True)
        return messages

    def _language(self, message: Message) -> str:
        metadata = message.get(METADATA)
        told = metadata.get(LANGUAGE) if isinstance(metadata, dict) else None
        if isinstance(told, str) and told:
            return told
        return identify(message.get(TEXT) or "") or self._default
