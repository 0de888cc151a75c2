"""Media: contents go to the store before the row that names them, and come back when somebody asks."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from desk.clock import Clock
from desk.errors import ConflictError, InvalidError, NotFoundError, RetryableError
from desk.ids import new_id
from desk.media import repository
from desk.media.names import safe_name
from desk.media.policy import Refusal, Verdict, judge
from desk.media.store import MediaStore, key_of
from desk.message import Attachment
from desk.store.database import Database
from desk.tables.conversation import AttachmentRow, FileState
from desk.tables.media import UploadRow

NAMED_WITHIN = timedelta(days=1)
"""How long an upload may wait for its message."""
_MOST_UPLOADED = 8
"""Files of the largest size that one uploader may have waiting."""


class RefusedFileError(InvalidError):
    """This file is not accepted."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.status_code = 413 if refusal is Refusal.TOO_LARGE else 422


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that may be named in a message."""

    id: str
    name: str
    content_type: str
    size: int


class Media:
    """Keeps the files of messages."""

    def __init__(
        self, *, database: Database, store: MediaStore, clock: Clock, largest: int
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self.largest = largest

    async def keep_all(self, attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
        """Store the contents; return the files with a key in place of them, and with what they really are.

        Call it before the message is accepted: a content that no message names in the end is swept, later. A file
        that is refused comes back with neither content nor key. Files without content stay as they are.

        Raises:
            RetryableError: the store does not answer, or not now.
        """
        judged = [self._judged(file) for file in attachments]
        contents = {key_of(c): c for _, c in judged if c is not None}
        await self._keep(contents)
        return tuple(file for file, _ in judged)

    def _judged(self, file: Attachment) -> tuple[Attachment, bytes | None]:
        content = file.content
        if content is None:
            return replace(file, name=safe_name(file.name)), None
        verdict = judge(content, largest=self.largest)
        if verdict.refusal is not None:
            return _named(file, verdict, content, None), None
        return _named(file, verdict, content, key_of(content)), content

    async def keep(self, content: bytes) -> str:
        """Store one content that was judged already; return its key. Errors as :meth:`keep_all`."""
        key = key_of(content)
        await self._keep({key: content})
        return key

    async def _keep(self, contents: dict[str, bytes]) -> None:
        if not contents:
            return
        # The row first: whatever happens then, a sweep knows of the object.
        async with self._database.write() as session:
            free = await repository.keep(session, contents.keys(), self._clock())
        if not free:
            raise RetryableError("this file is just being removed", retry_in=timedelta(seconds=2))
        for content in contents.values():
            await self._store.keep(content)

    async def upload(self, uploader: str, name: str, content: bytes) -> Upload:
        """Keep a file for a message that is still to come.

        Raises:
            RefusedFileError: it is too large or a program.
            InvalidError: it is empty.
            ConflictError: too many of this uploader's wait already.
        """
        verdict = judge(content, largest=self.largest)
        if verdict.refusal is not None:
            raise RefusedFileError(verdict.refusal, _REFUSED[verdict.refusal])
        if not content:
            raise InvalidError("this file is empty")
        async with self._database.read() as session:
            waiting = await repository.uploaded(session, uploader)
        if waiting + len(content) > _MOST_UPLOADED * self.largest:
            raise ConflictError("too many files; send those that you have attached first")
        row = UploadRow(
            id=new_id(),
            uploader=uploader,
            key=await self.keep(content),
            name=safe_name(name),
            content_type=verdict.content_type,
            size=len(content),
            created_at=self._clock(),
        )
        async with self._database.write() as session:
            await repository.add_upload(session, row)
        return Upload(id=row.id, name=row.name, content_type=row.content_type, size=row.size)

    async def named(self, uploader: str, ids: Collection[str]) -> tuple[Attachment, ...]:
        """Return the uploads that somebody names in a message.

        Raises:
            InvalidError: one is not theirs, or too old.
        """
        async with self._database.read() as session:
            after = self._clock() - NAMED_WITHIN
            found = await repository.uploads(session, uploader, ids, after=after)
        if not set(ids) <= found.keys():
            raise InvalidError("files: there is no such upload; attach the file again")
        return tuple(
            Attachment(name=row.name, content_type=row.content_type, key=row.key, size=row.size)
            for row in (found[one] for one in dict.fromkeys(ids))
        )

    async def loaded(self, attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
        """Return the files with their contents. Errors as :meth:`open`."""
        if not attachments:
            return ()
        contents = await asyncio.gather(*(self.open(file.key or "") for file in attachments))
        return tuple(
            replace(file, content=content)
            for file, content in zip(attachments, contents, strict=True)
        )

    async def open(self, key: str) -> bytes:
        """Return a content.

        Raises:
            NotFoundError: there is none.
            RetryableError: the store does not answer.
        """
        return await self._store.open(key)

    async def content(self, row: AttachmentRow) -> bytes:
        """Return the content of a file, wherever it is. Errors as :meth:`open`."""
        if row.key is not None:
            return await self._store.open(row.key)
        if row.content is None or row.state is not FileState.KEPT:
            raise NotFoundError("this file is not here")
        return row.content


_REFUSED = {
    Refusal.TOO_LARGE: "this file is too large",
    Refusal.PROGRAM: "programs are not accepted",
}


def _named(file: Attachment, verdict: Verdict, content: bytes, key: str | None) -> Attachment:
    return replace(
        file,
        name=safe_name(file.name),
        content_type=verdict.content_type,
        content=None,
        key=key,
        size=len(content),
    )
