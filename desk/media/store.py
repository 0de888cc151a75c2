"""Where files are: a folder, or a bucket of S3 or of what speaks like it. A file's address is its own digest."""

import asyncio
import hashlib
import os
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from desk.errors import NotFoundError, RetryableError, SettingsError

_KEY = re.compile(r"[0-9a-f]{64}")
_PATIENCE = timedelta(seconds=20)
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


class MediaStoreError(RetryableError):
    """The media store does not answer."""


class MediaStore:
    """Keeps contents under their SHA-256; the same content twice is one object.

    ``url`` is a folder, or ``s3://bucket/prefix`` with credentials, region and endpoint in the usual ``AWS_*``
    variables. obstore works on threads of its own, so nothing here holds up the event loop.
    """

    def __init__(self, url: str) -> None:
        self._folder = None if "://" in url else Path(url)
        try:
            self._objects = _objects(url)
        except (BaseError, ValueError, OSError) as error:
            raise SettingsError(f"FRONTDESK_MEDIA_URL: {error}") from error

    async def keep(self, content: bytes) -> str:
        """Store a content, durably and whole or not at all; return its key."""
        key = key_of(content)
        if await self._size(key) != len(content):
            try:
                await self._ask(lambda: self._put(_path(key), content))
            except FileNotFoundError as error:
                raise MediaStoreError("the media store's folder or bucket is not there") from error
        return key

    async def _put(self, path: str, content: bytes) -> None:
        await obstore.put_async(self._objects, path, content, use_multipart=False)
        if self._folder is not None:
            await asyncio.to_thread(_sync, self._folder / path, self._folder)

    async def open(self, key: str) -> bytes:
        """Return a content.

        Raises:
            NotFoundError: there is none.
            MediaStoreError: the store does not answer.
        """
        try:
            found = await self._ask(lambda: obstore.get_async(self._objects, _path(key)))
            return bytes(await self._ask(found.bytes_async))
        except FileNotFoundError as error:
            raise NotFoundError("this file is not kept any more") from error

    async def delete(self, key: str) -> None:
        """Remove a content; one that is not there is no error."""
        try:
            await self._ask(lambda: obstore.delete_async(self._objects, _path(key)))
        except FileNotFoundError:
            return

    async def _size(self, key: str) -> int | None:
        try:
            return (await self._ask(lambda: obstore.head_async(self._objects, _path(key))))["size"]
        except FileNotFoundError:
            return None

    @staticmethod
    async def _ask[T](question: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(2 * _PATIENCE.total_seconds()):
                return await question()
        except FileNotFoundError:
            raise
        except (BaseError, OSError, TimeoutError) as error:
            raise MediaStoreError(
                f"the media store does not answer: {type(error).__name__}"
            ) from error


def key_of(content: bytes) -> str:
    """Return the key of a content."""
    return hashlib.sha256(content).hexdigest()


def _path(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise NotFoundError("this is no key of a file")
    return f"{key[:2]}/{key[2:4]}/{key}"


def _objects(url: str) -> ObjectStore:
    if "://" not in url:
        return LocalStore(url, mkdir=True)
    if not url.startswith("s3://"):
        raise ValueError("write a folder or s3://bucket/prefix")
    plain = any(os.environ.get(name, "").startswith("http://") for name in _ENDPOINTS)
    return S3Store.from_url(
        url,
        client_options={
            "allow_http": plain,
            "timeout": _PATIENCE,
            "connect_timeout": timedelta(seconds=5),
        },
        retry_config={"max_retries": 2, "retry_timeout": _PATIENCE},
    )


def _sync(file: Path, root: Path) -> None:
    """Make a written file survive a power cut: its bytes, and its name in the folders up to the root."""
    for path in (file, *file.parents):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
        if path == root:
            return
