"""Makes Rasa start and answer cheaper, at one visible place and without another behaviour.

Each piece replaces one or two methods of one release of Rasa with others that give the same result. Under any other
release Rasa runs as it was shipped. `FRONTDESK_RASA_AS_SHIPPED=1` leaves all pieces out, `=runner,states` only those.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version

MADE_FOR = "3.6.21"
SWITCH = "FRONTDESK_RASA_AS_SHIPPED"

# In this order: the first must come before anything of Rasa is imported.
PIECES = (
    *("tensorflow", "runner", "actions", "trackers", "states", "rules", "events", "domain"),
    *("memory", "quiet", "server"),
)

logger = logging.getLogger(__name__)


def chosen(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The pieces to install; raises ValueError for a switch that names no piece."""
    switch = environment.get(SWITCH, "").strip()
    if switch in ("", "0"):
        return PIECES
    if switch == "1":
        return ()
    left_out = {name.strip() for name in switch.split(",")}
    unknown = left_out.difference(PIECES)
    if unknown:
        raise ValueError(
            f"{SWITCH}: {', '.join(sorted(unknown))} is no piece; choose from {', '.join(PIECES)}"
        )
    return tuple(piece for piece in PIECES if piece not in left_out)


def install(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Installs the chosen pieces if Rasa is the release that they were made for; says which."""
    pieces = chosen(environment)
    found = version("rasa")
    if found != MADE_FOR:
        logger.warning("Rasa %s runs as shipped: bot/runtime is for %s.", found, MADE_FOR)
        return ()
    for piece in pieces:
        import_module(f"bot.runtime.{piece}").install()
    return pieces
