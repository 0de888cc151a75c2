"""Texts with variables in braces. Pure; what is filled in is never read as a text again."""

import re

from desk.automation.fields import VARIABLES, Facts
from desk.errors import InvalidError

_BRACES = re.compile(r"\{([^{}\n]{0,60})\}")


def check(text: str) -> None:
    """Raise InvalidError, naming it, if a text has a variable that is none of ours."""
    for name in _BRACES.findall(text):
        if name not in VARIABLES:
            known = ", ".join(f"{{{one}}}" for one in VARIABLES)
            raise InvalidError(f"the text names {{{name}}}; there are: {known}")


def fill(text: str, facts: Facts) -> str:
    """Return a text with its variables filled in; what is not known is left out."""
    return _BRACES.sub(lambda found: _shown(facts.get(found[1])), text)


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
