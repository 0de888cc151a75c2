"""Text that every database can store."""


def storable(text: str, longest: int | None = None) -> str:
    """Return a text without what cannot be stored: such a text would hold up all that came with it."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if not text.isascii():  # half a surrogate pair is valid in JSON and in nothing else
        text = text.encode(errors="replace").decode()
    return text[:longest]
