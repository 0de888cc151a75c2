"""A store in a folder or on S3's stand-in, a conversation, and a platform that has files."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from desk.clock import StoppedClock
from desk.ids import new_id
from desk.media.service import Media
from desk.media.store import MediaStore
from desk.store.database import Database
from tests.media.world import Files

LARGEST = 100_000


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """Start a server that speaks S3 and return its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    """Return a store in a folder."""
    return MediaStore(str(tmp_path / "media"))


@pytest.fixture
def media(database: Database, store: MediaStore, clock: StoppedClock) -> Media:
    """Return the service."""
    return Media(database=database, store=store, clock=clock, largest=LARGEST)


@pytest.fixture
async def files(database: Database, clock: StoppedClock) -> Files:
    """Return a conversation whose messages have files."""
    files = Files(database, clock, channel="remote", thread=new_id())
    await files.begin()
    return files
