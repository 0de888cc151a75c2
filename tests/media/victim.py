"""A process that is killed while it fetches a file: it says where it is, and then stands still."""

import asyncio
import sys
from datetime import datetime

from desk.clock import StoppedClock
from desk.media import repository
from desk.media.fetcher import Fetcher
from desk.media.service import Media
from desk.media.store import MediaStore
from desk.signals import LocalSignals
from desk.store.database import Database
from tests.media.world import Platform


async def _stand(where: str) -> None:
    print(where, flush=True)
    await asyncio.Event().wait()


class _Hanging(Platform):
    async def fetch(self, reference: str, most: int) -> bytes:
        await _stand("fetching")
        raise AssertionError


async def main(where: str, url: str, folder: str, now: str) -> None:
    """Fetch what is due and never come to the end."""
    database, clock = Database(url), StoppedClock(datetime.fromisoformat(now))
    platform = Platform() if where == "settling" else _Hanging()
    platform.files["r"] = b"a file"

    async def settle(*_: object, **__: object) -> bool:
        await _stand("settling")
        return False

    repository.settle = settle
    media = Media(database=database, store=MediaStore(folder), clock=clock, largest=1_000)
    await Fetcher(
        database=database,
        channels={platform.name: platform},
        media=media,
        signals=LocalSignals(),
        clock=clock,
    ).step()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
