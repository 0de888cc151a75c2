"""Rasa's intent classifier: a linear model over words, characters and pieces of words."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
    TEXT_TOKENS,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.linear_model import LinearModel, train
from bot.nlu.ngrams import ngrams


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntents(IntentClassifier, GraphComponent):
    """Ranks the intents of a message by one linear model for all languages."""

    def __init__(
        self,
        config: dict[str, Any],
        storage: ModelStorage,
        resource: Resource,
        model: LinearModel | None = None,
    ) -> None:
        """`model` is None until it has been trained."""
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model = model

    @classmethod
    def required_components(cls) -> list[type]:
        """A tokenizer must come first."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`min_df` and `c` are explained at `linear_model.train`; the ranking is cut after `ranking_length`."""
        return {"min_df": 2, "c": 30.0, "random_state": 42, "ranking_length": 10}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntents:
        """An untrained classifier, built by Rasa's graph."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LinearIntents:
        """The classifier as it was trained."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, LinearModel.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from all examples that have a text and an intent."""
        examples = [
            example
            for example in training_data.intent_examples
            if example.get(TEXT) and example.get(INTENT)
        ]
        self._model = train(
            [_features(example) for example in examples],
            [example.get(INTENT) for example in examples],
            min_df=self._config["min_df"],
            c=self._config["c"],
            seed=self._config["random_state"],
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Later components train on what this one predicts."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the best intent and the ranking."""
        for message in messages:
            ranking = self._ranking(message)
            if ranking:
                message.set(INTENT, ranking[0], add_to_output=True)
                message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def _ranking(self, message: Message) -> list[dict[str, Any]]:
        if self._model is None or not message.get(TEXT):
            return []
        probabilities = self._model.probabilities(_features(message))
        best = (-probabilities).argsort(kind="stable")[: self._config["ranking_length"]]
        return [
            {
                INTENT_NAME_KEY: self._model.labels[row],
                PREDICTED_CONFIDENCE_KEY: float(probabilities[row]),
            }
            for row in best
        ]


def _features(message: Message) -> Counter[str]:
    return ngrams(token.text for token in message.get(TEXT_TOKENS) or [])
