"""Sentiment and language as parts of Rasa's pipeline, up to the event of the user's message."""

from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.events import Event, UserUttered
from rasa.shared.nlu.training_data.message import Message

import bot.nlu
from bot.nlu.vader import Vader, read_lexicon


def _component(name: str, **config: Any) -> Any:
    kind: type[GraphComponent] = getattr(bot.nlu, name)
    storage: Any = ModelStorage
    context = ExecutionContext(GraphSchema({}), "test")
    return kind.create({**kind.get_default_config(), **config}, storage, Resource(name), context)


def _parse(text: str, metadata: Any = None, **config: Any) -> dict[str, Any]:
    message = Message(data={"text": text, "metadata": metadata})
    for component in (_component("Language", **config), _component("Sentiment")):
        component.process([message])
    return message.as_dict(only_output_properties=True)


@pytest.mark.parametrize(
    ("text", "metadata", "language"),
    [
        ("我的订单", None, "zh"),
        ("我的订单", {"language": "en"}, "en"),
        ("我的订单", {"language": ""}, "zh"),
        ("我的订单", {"language": 7}, "zh"),
        ("我的订单", "en", "zh"),
        ("ok", {"language": "zh"}, "zh"),
        ("ok", None, "en"),
        ("", {}, "en"),
        ("hola", None, "es"),
    ],
)
def test_the_application_knows_the_language_best(text: str, metadata: Any, language: str) -> None:
    assert _parse(text, metadata)["language"] == language


def test_the_default_language_can_be_set() -> None:
    assert _parse("😀")["language"] == "en"
    message = Message(data={"text": "😀"})
    assert _component("Language", default="zh").process([message])[0].get("language") == "zh"


def test_the_sentiment_holds_vaders_scores_of_the_untouched_text() -> None:
    text = "please help, the screen is BROKEN!!!"
    found = _parse(text)["sentiment"]
    assert found["vader"] == Vader(read_lexicon()).polarity_scores(text)
    assert found["label"] == "negative"
    assert found["polarity"] < -0.2
    message = _component("Sentiment", vader=False).process([Message(data={"text": text})])[0]
    assert set(message.get("sentiment")) == {"polarity", "label", "anger"}


def test_both_are_kept_in_the_users_event() -> None:
    parsed = _parse("气死我了 第三次了", {"language": "zh"})
    event = UserUttered("气死我了 第三次了", parse_data={"intent": {}, "entities": [], **parsed})
    kept = Event.from_parameters(event.as_dict()).parse_data
    assert kept["language"] == "zh"
    assert kept["sentiment"]["anger"] >= 0.5
    assert kept["sentiment"]["label"] == "negative"
