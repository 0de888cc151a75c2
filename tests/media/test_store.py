"""One contract for folders and for S3, and what each does in trouble."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import boto3
import pytest

from desk.errors import NotFoundError, RetryableError, SettingsError
from desk.media.store import MediaStore, key_of

CONTENT = b"an invoice" * 1_000


@pytest.fixture
def aws(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Set what AWS's own tools would read, and make a bucket."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="desk")
    return s3


@pytest.fixture(params=["folder", "s3"])
async def any_store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[MediaStore, Callable[[], list[str]]]]:
    """Return a store, and what lists its objects behind its back."""
    if request.param == "folder":

        def in_folder() -> list[str]:
            return [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()]

        yield MediaStore(str(tmp_path / "files")), in_folder
        return
    request.getfixturevalue("aws")

    def in_bucket() -> list[str]:
        found = boto3.client("s3").list_objects_v2(Bucket="desk")
        return [one["Key"] for one in found.get("Contents", [])]

    yield MediaStore("s3://desk/files"), in_bucket
    for key in in_bucket():
        boto3.client("s3").delete_object(Bucket="desk", Key=key)


async def test_the_contract(any_store: tuple[MediaStore, Callable[[], list[str]]]) -> None:
    store, listing = any_store
    key = await store.keep(CONTENT)
    assert key == key_of(CONTENT)
    assert await store.open(key) == CONTENT
    # The same again is one object, and its address has nothing of a name in it.
    assert await asyncio.gather(*(store.keep(CONTENT) for _ in range(8))) == [key] * 8
    assert listing() == [f"files/{key[:2]}/{key[2:4]}/{key}"]
    other, empty = await store.keep(b"another"), await store.keep(b"")
    assert (await store.open(other), await store.open(empty)) == (b"another", b"")
    await store.delete(key)
    await store.delete(key)
    with pytest.raises(NotFoundError):
        await store.open(key)
    assert await store.open(other) == b"another"


@pytest.mark.parametrize(
    "key", ["", "x", "../" * 8 + "etc/passwd", "A" * 64, "g" * 64, "0" * 63, "0" * 64 + "\n"]
)
async def test_what_is_no_key_opens_nothing(store: MediaStore, key: str) -> None:
    with pytest.raises(NotFoundError, match="no key"):
        await store.open(key)


async def test_a_half_written_object_is_written_again(store: MediaStore, tmp_path: Path) -> None:
    key = await store.keep(CONTENT)
    path = tmp_path / "media" / key[:2] / key[2:4] / key
    path.write_bytes(CONTENT[:7])
    assert await store.keep(CONTENT) == key
    assert path.read_bytes() == CONTENT


async def test_a_kept_file_and_its_name_are_on_the_disk(
    store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, real = set[str](), os.fsync

    def fsync(number: int) -> None:
        synced.add(os.readlink(f"/proc/self/fd/{number}"))
        real(number)

    monkeypatch.setattr(os, "fsync", fsync)
    key = await store.keep(CONTENT)
    root = tmp_path / "media"
    levels = [root, root / key[:2], root / key[:2] / key[2:4]]
    assert synced == {*map(str, levels), str(levels[-1] / key)}


async def test_the_event_loop_goes_on_while_a_large_file_is_kept(store: MediaStore) -> None:
    rounds = 0

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await asyncio.sleep(0)
    key = await store.keep(os.urandom(8 * 2**20))
    before = rounds
    await store.open(key)
    counting.cancel()
    assert before > 100


async def test_a_store_that_is_away_is_tried_again_later(
    aws: str, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused_tcp_port}")
    store = MediaStore("s3://desk/files")
    for question in (store.keep(b"x"), store.open("0" * 64), store.delete("0" * 64)):
        with pytest.raises(RetryableError):
            await question


async def test_a_bucket_that_does_not_exist_is_said(aws: str) -> None:
    with pytest.raises(RetryableError, match="bucket is not there"):
        await MediaStore("s3://nowhere/files").keep(b"x")


@pytest.mark.parametrize("url", ["ftp://host/x", "s3://", "/dev/null/x"])
def test_an_unusable_place_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="FRONTDESK_MEDIA_URL"):
        MediaStore(url)
