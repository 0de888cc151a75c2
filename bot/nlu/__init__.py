"""Components of Rasa's understanding pipeline, and the plain code that they are made of.

`config.yml` names them `bot.nlu.NAME`; each is imported when it is asked for, so that plain code runs without Rasa.
"""

from __future__ import annotations

from importlib import import_module

_COMPONENTS = {
    "IntentClassifier": "bot.nlu.intent_classifier",
    "Language": "bot.nlu.language",
    "PatternEntities": "bot.nlu.pattern_entities",
    "Sentiment": "bot.nlu.sentiment",
}


def __getattr__(name: str) -> type:
    """The component of that name (PEP 562)."""
    module = _COMPONENTS.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no component {name!r}")
    component: type = getattr(import_module(module), name)
    return component
