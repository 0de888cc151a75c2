"""Which tests go to which process when several run at once (``pytest -n 2``)."""

from collections.abc import Iterable
from typing import Any

from xdist.scheduler import LoadScopeScheduling

SHARED = ("tests/acceptance/", "tests/browser/", "tests/bot/test_held_out.py")
"""They share one running desk with its trained assistant, which takes a while to start."""
_SPARK = "tests/engines/"
"""One Spark is enough."""
_LONG = ("tests/faults/", "tests/bot/", "tests/engines/", "tests/channels/")


class Spread(LoadScopeScheduling):
    """Keeps the tests of a file together, and all those of the shared desk, in the order of collection."""

    def __init__(self, config: Any, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path.startswith(SHARED):
            return "shared"
        return _SPARK if path.startswith(_SPARK) else path


def long_first(nodeid: str) -> int:
    """Return a test's rank: what is long begins early, so that no process is left alone with it at the end."""
    places: Iterable[tuple[str, ...]] = (SHARED, _LONG)
    return next((rank for rank, place in enumerate(places) if nodeid.startswith(place)), 2)
