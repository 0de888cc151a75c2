"""What the console says, in English and Chinese side by side."""

from console.wording import WORDS


def say(key: str, language: str, **values: object) -> str:
    """Return the words of a key with ``{values}`` filled in; a missing key is a mistake of ours and raises."""
    english, chinese = WORDS[key]
    return (chinese if language == "zh" else english).format(**values)


def has(key: str) -> bool:
    """Say whether there are words for a key."""
    return key in WORDS
