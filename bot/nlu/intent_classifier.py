"""Rasa's component around the intent classifier: words, meaning, and a sense of what is out of scope."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers import classifier
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.courtesy import essence
from bot.nlu.intents import (
    EncoderError,
    Example,
    IntentModel,
    ModelError,
    Options,
    Reading,
    train,
)
from bot.nlu.intents.origins import origins

OUT_OF_SCOPE = "out_of_scope"
EVIDENCE = "intent_evidence"

logger = logging.getLogger(__name__)


class IntentClassifierError(RasaException):
    """The intent classifier cannot be used; Rasa shows one line."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(classifier.IntentClassifier, GraphComponent):
    """Ranks the intents of a message; reads the text itself and needs no tokenizer or featurizer.

    Of a message that is out of scope it lowers all confidences, so that `FallbackClassifier` (which must come
    later in the pipeline) takes it.
    """

    def __init__(
        self,
        config: dict[str, Any],
        storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None = None,
    ) -> None:
        """`model` is None until it has been trained."""
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model = model

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`encoder`, `cascade`, `seed`, `keep`, `loss` and `spelling` are explained at `Options`.

        `ranking_length`: how many intents are named; `out_of_scope_confidence`: the most that a message out of
        scope gets; `explain`: whether to add, under `intent_evidence`, what spoke for the best five intents (costs a
        second run of the encoder); `data`: where the examples stand, to name file and line of what is wrong.
        """
        return {
            "encoder": "use",
            "cascade": True,
            "seed": 42,
            "keep": 0.95,
            "loss": 0.001,
            "spelling": False,
            "ranking_length": 10,
            "out_of_scope_confidence": 0.3,
            "explain": False,
            "data": "data",
        }

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentClassifier:
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
    ) -> IntentClassifier:
        """The classifier as it was trained."""
        try:
            with model_storage.read_from(resource) as folder:
                model = IntentModel.load(folder, cascade=config["cascade"])
        except (ModelError, EncoderError) as error:
            raise IntentClassifierError(str(error)) from None
        except ValueError as error:  # Rasa's word for a resource that was never written
            logger.warning("No intent was learnt, none will be recognised: %s", error)
            model = None
        return cls(config, model_storage, resource, model)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from all examples that have a text and an intent."""
        examples = self._examples(training_data)
        if not examples:
            logger.warning("There are no examples of any intent, so none can be learnt.")
            return self._resource
        keys = ("encoder", "cascade", "seed", "keep", "loss", "spelling")
        options = Options(**{key: self._config[key] for key in keys})
        try:
            self._model = train(examples, options, say=logger.info, warn=_warn)
        except EncoderError as error:
            raise IntentClassifierError(str(error)) from None
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the best intent, the ranking and how far out of scope the message is (0..1)."""
        for message in messages:
            text = message.get(TEXT)
            if self._model is None or text is None:
                continue
            reading = self._model.read(essence(text))
            ranking = self._ranking(reading)
            best = (
                ranking[0] if ranking else {INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}
            )
            message.set(INTENT, best, add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            message.set(OUT_OF_SCOPE, round(reading.out_of_scope, 4), add_to_output=True)
            if self._config["explain"]:
                message.set(EVIDENCE, reading.why(), add_to_output=True)
        return messages

    def _ranking(self, reading: Reading) -> list[dict[str, Any]]:
        shown = reading.ranking[: self._config["ranking_length"]]
        scale = 1.0
        if reading.is_out_of_scope and shown:
            scale = min(1.0, self._config["out_of_scope_confidence"] / max(shown[0][1], 1e-9))
        return [
            {INTENT_NAME_KEY: label, PREDICTED_CONFIDENCE_KEY: confidence * scale}
            for label, confidence in shown
        ]

    def _examples(self, training_data: TrainingData) -> list[Example]:
        """Each place where an example stands counts, as Rasa itself drops repetitions in silence."""
        found = origins(Path(self._config["data"]))
        return [
            Example(text, label, origin)
            for message in training_data.intent_examples
            if (text := message.get(TEXT)) and (label := message.get(INTENT))
            for origin in found.get((label, text), [""])
        ]


def _warn(finding: str) -> None:
    logger.warning("Training data: %s", finding)
