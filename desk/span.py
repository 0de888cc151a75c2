"""A length of time as people write it in a file of rules: ``90s``, ``10m``, ``2h``, ``30d``."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _span(value: Any) -> Any:
    if isinstance(value, str) and (found := re.fullmatch(r"(\d{1,9})\s*([smhd])", value.strip())):
        return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    if isinstance(value, timedelta):
        return value
    raise ValueError(f"{value!r} is not a time such as 90s, 10m or 2h")


Span = Annotated[timedelta, BeforeValidator(_span)]
