"""Splits text that mixes Chinese, Japanese and space-separated scripts."""

from __future__ import annotations

from typing import Any

import regex
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

CJK = r"\p{Han}\p{Hiragana}\p{Katakana}"

# A character of a script without spaces, a word (inner apostrophes and hyphens belong to it), or a picture:
# a lone thumbs-up is an answer, so pictures count.
TOKEN = regex.compile(
    rf"[{CJK}]|[[\w]--[{CJK}]]+(?:['’-][[\w]--[{CJK}]]+)*|\p{{Extended_Pictographic}}",
    regex.VERSION1,
)


def split(text: str) -> list[tuple[str, int]]:
    """The tokens of a text with their offsets; a text with none (only punctuation) is one token."""
    found = [(match.group(), match.start()) for match in TOKEN.finditer(text)]
    return found or [(text, 0)]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class MixedTokenizer(Tokenizer):
    """One token for each Chinese or Japanese character, one for each word of other scripts."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's base class asks for these keys; intents are never split."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """The tokens of one attribute, offsets into the untouched text."""
        return [Token(text, start) for text, start in split(message.get(attribute))]
