"""The intent classifier, without Rasa: `train(examples) -> IntentModel`, `model.read(text) -> Reading`."""

from bot.nlu.encoders import EncoderError
from bot.nlu.intents.examples import Example, TrainingDataError
from bot.nlu.intents.model import IntentModel, Reading
from bot.nlu.intents.options import Options
from bot.nlu.intents.storage import ModelError
from bot.nlu.intents.training import train

__all__ = [
    "EncoderError",
    "Example",
    "IntentModel",
    "ModelError",
    "Options",
    "Reading",
    "TrainingDataError",
    "train",
]
