"""Text as Telegram counts it: in UTF-16 code units."""


def length(text: str) -> int:
    """Return the length of a text in UTF-16 code units."""
    return len(_encoded(text)) // 2


def part(text: str, offset: int, size: int) -> str:
    """Return ``size`` units of a text from an offset on."""
    return _decoded(_encoded(text)[2 * offset : 2 * (offset + size)])


def without(text: str, offset: int, size: int) -> str:
    """Return a text with those units taken out."""
    units = _encoded(text)
    return _decoded(units[: 2 * offset] + units[2 * (offset + size) :])


def _encoded(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _decoded(units: bytes) -> str:
    return units.decode("utf-16-le", "surrogatepass")
