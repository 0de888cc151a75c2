"""Files go to the store before the row that names them, and uploads belong to who uploaded them."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from desk.clock import StoppedClock
from desk.errors import ConflictError, InvalidError, NotFoundError, RetryableError
from desk.ids import new_id
from desk.media import repository
from desk.media.links import LIFETIME, LinkError, MediaLinks
from desk.media.rows import attachments_for_sending
from desk.media.service import Media, RefusedFileError
from desk.media.store import MediaStore, MediaStoreError, key_of
from desk.media.sweep import Sweep
from desk.message import Attachment
from desk.store.database import Database
from desk.tables.conversation import FileState
from desk.tables.inbox import InboxRow, InboxState
from desk.tables.media import StoredFileRow, UploadRow
from tests.media.conftest import LARGEST
from tests.media.samples import PROGRAMS
from tests.media.world import Files

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
PROGRAM = PROGRAMS["Linux"]


def _file(name: str, content: bytes | None, **more: str) -> Attachment:
    return Attachment(name=name, content_type="text/html", content=content, **more)


async def test_contents_become_keys_and_rows_follow(media: Media, files: Files) -> None:
    kept = await media.keep_all(
        [
            _file("../photo.png", PNG),
            _file("again.png", PNG),
            _file("tool.exe", PROGRAM),
            _file("long.txt", b"x" * (LARGEST + 1)),
            _file("later.pdf", None, reference="r1"),
        ]
    )
    assert [one.content for one in kept] == [None] * 5
    assert [one.key for one in kept] == [key_of(PNG), key_of(PNG), None, None, None]
    await files.message(*kept)
    rows = await files.rows()
    assert [(r.name, r.content_type, r.size, r.state, r.reason) for r in rows] == [
        ("photo.png", "image/png", 48, FileState.KEPT, None),
        ("again.png", "image/png", 48, FileState.KEPT, None),
        ("tool.exe.txt", "application/x-executable", len(PROGRAM), FileState.REFUSED, "program"),
        ("long.txt", "text/plain", LARGEST + 1, FileState.REFUSED, "too_large"),
        ("later.pdf", "text/html", 0, FileState.WAITING, None),
    ]
    assert [await media.content(row) for row in rows[:2]] == [PNG, PNG]
    for row in rows[2:]:
        with pytest.raises(NotFoundError):
            await media.content(row)


async def test_rows_of_before_keep_their_content(media: Media, files: Files) -> None:
    await files.message(_file("old.txt", b"old"))
    (row,) = await files.rows()
    assert (row.key, row.state, row.size) == (None, FileState.KEPT, 3)
    assert await media.content(row) == b"old"


async def test_nothing_is_accepted_while_the_store_is_away(
    media: Media, tmp_path: Path, files: Files
) -> None:
    (tmp_path / "media").rmdir()
    (tmp_path / "media").write_text("a disk that is gone")
    with pytest.raises(RetryableError):
        await media.keep_all([_file("a.png", PNG)])
    assert await media.keep_all([_file("a", None, reference="r")])


async def test_sending_takes_what_is_kept(media: Media, files: Files, database: Database) -> None:
    kept = await media.keep_all([_file("a.png", PNG), _file("b.exe", PROGRAM)])
    message_id = await files.message(*kept)
    async with database.read() as session:
        found = await attachments_for_sending(session, message_id)
    (file,) = await media.loaded(found)
    assert (file.name, file.content_type, file.content) == ("a.png", "image/png", PNG)


async def test_an_upload_is_its_uploaders_for_a_day(media: Media, clock: StoppedClock) -> None:
    upload = await media.upload("webchat:a", "../bill.html", b"<p>bill</p>")
    assert (upload.name, upload.content_type, upload.size) == ("bill.html.txt", "text/plain", 11)
    (file,) = await media.named("webchat:a", [upload.id, upload.id])
    assert (file.key, file.name, file.size) == (key_of(b"<p>bill</p>"), "bill.html.txt", 11)
    for who, ids in (("webchat:b", [upload.id]), ("webchat:a", [upload.id, new_id()])):
        with pytest.raises(InvalidError, match="no such upload"):
            await media.named(who, ids)
    assert await media.named("webchat:b", []) == ()
    clock.advance(timedelta(days=1))
    with pytest.raises(InvalidError):
        await media.named("webchat:a", [upload.id])


@pytest.mark.parametrize(
    ("content", "status"), [(PROGRAM, 422), (b"x" * (LARGEST + 1), 413), (b"", 422)]
)
async def test_refused_uploads(media: Media, files: Files, content: bytes, status: int) -> None:
    with pytest.raises(InvalidError) as raised:
        await media.upload("a", "x", content)
    assert raised.value.status_code == status
    assert isinstance(raised.value, RefusedFileError) is bool(content)
    assert await files.count(UploadRow) == await files.count(StoredFileRow) == 0


async def test_one_uploader_cannot_fill_the_store(media: Media) -> None:
    for number in range(8):
        await media.upload("a", "x", bytes([65 + number]) * LARGEST)
    with pytest.raises(ConflictError, match="too many"):
        await media.upload("a", "x", b"one more")
    await media.upload("b", "x", b"somebody else's")


async def test_the_sweep_takes_what_nobody_names_and_nothing_else(
    media: Media, store: MediaStore, files: Files, clock: StoppedClock, database: Database
) -> None:
    named, orphan, fresh, uploaded, waiting, done = (f"{n}".encode() * 9 for n in range(6))
    for content in (named, orphan, waiting, done):
        await media.keep(content)
    await files.message(*await media.keep_all([_file("a.txt", named)]))
    await media.upload("a", "u.txt", uploaded)
    async with database.write() as session:
        for number, (content, state) in enumerate(
            ((waiting, InboxState.DEAD), (done, InboxState.DONE))
        ):
            key = key_of(content)
            session.add(_inbox_row(number, state, [{"name": "x"}, {"key": key}], clock))
    sweep = Sweep(database=database, store=store, clock=clock)
    assert await sweep.step() == 0
    clock.advance(timedelta(days=1, seconds=1))
    await media.keep(fresh)
    assert await sweep.step() == 2
    assert await _there(store, named, orphan, fresh, uploaded, waiting, done) == [1, 0, 1, 1, 1, 0]
    assert await files.count(StoredFileRow) == 4
    clock.advance(timedelta(hours=1))
    assert await sweep.step() == 1
    assert await _there(store, named, fresh, uploaded, waiting) == [1, 1, 0, 1]
    assert await files.count(UploadRow) == 0
    # What was swept can be kept again.
    assert await store.open(await media.keep(orphan)) == orphan


def _inbox_row(
    number: int, state: InboxState, found: list[dict[str, str]], clock: StoppedClock
) -> InboxRow:
    now = clock()
    return InboxRow(
        channel="c",
        account="a",
        external_id=str(number),
        thread="t",
        payload={"attachments": found},
        raw="{}",
        state=state,
        not_before=now,
        received_at=now,
    )


async def _there(store: MediaStore, *contents: bytes) -> list[int]:
    found = []
    for content in contents:
        try:
            found.append(int(await store.open(key_of(content)) == content))
        except NotFoundError:
            found.append(0)
    return found


class _Interrupted(MediaStore):
    """A store in which something else happens while an object is being removed."""

    async def delete(self, key: str) -> None:
        await self.meanwhile()
        await super().delete(key)


async def test_a_content_that_comes_again_while_it_is_swept_is_asked_for_again(
    tmp_path: Path, database: Database, clock: StoppedClock
) -> None:
    store, refused = _Interrupted(str(tmp_path / "media")), []
    media = Media(database=database, store=store, clock=clock, largest=LARGEST)

    async def meanwhile() -> None:
        try:
            await media.keep(b"content")
        except RetryableError as error:
            refused.append(error)

    store.meanwhile = meanwhile
    await media.keep(b"content")
    clock.advance(timedelta(days=2))
    sweep = Sweep(database=database, store=store, clock=clock)
    assert await sweep.step() == 1
    assert len(refused) == 1
    await media.keep(b"content")
    assert await store.open(key_of(b"content")) == b"content"


async def test_a_sweep_that_died_is_finished_by_the_next(
    tmp_path: Path, database: Database, clock: StoppedClock
) -> None:
    store = _Interrupted(str(tmp_path / "media"))
    media = Media(database=database, store=store, clock=clock, largest=LARGEST)
    sweep, died = Sweep(database=database, store=store, clock=clock), 0

    async def die() -> None:
        nonlocal died
        died += 1
        raise MediaStoreError

    async def go_on() -> None:
        pass

    store.meanwhile = die
    await media.keep(b"content")
    clock.advance(timedelta(days=2))
    with pytest.raises(MediaStoreError):
        await sweep.step()
    assert died == 1
    store.meanwhile = go_on
    assert await sweep.step() == 0  # the first one may still be at it
    clock.advance(timedelta(minutes=10, seconds=1))
    assert await sweep.step() == 1
    assert await store.open(await media.keep(b"content")) == b"content"


async def test_many_sweeps_and_keepers_at_once_never_lose_a_named_file(
    media: Media, store: MediaStore, files: Files, clock: StoppedClock, database: Database
) -> None:
    contents = [f"content {number}".encode() for number in range(12)]
    refused = 0

    async def keep(content: bytes) -> None:
        nonlocal refused
        while True:
            try:
                kept = await media.keep_all([_file("a.txt", content)])
            except RetryableError:
                refused += 1
                await asyncio.sleep(0)
                continue
            await files.message(*kept)
            return

    for content in contents:
        await media.keep(content)
    clock.advance(timedelta(days=2))
    sweeps = [Sweep(database=database, store=store, clock=clock) for _ in range(3)]
    results = await asyncio.gather(*(s.step() for s in sweeps), *(keep(c) for c in contents))
    print(f"swept {sum(results[:3])}, keepers that had to ask again {refused} times")
    assert await _there(store, *contents) == [1] * 12


async def test_links(clock: StoppedClock) -> None:
    links = MediaLinks("s" * 32, public_url="https://desk.example.com/", clock=clock)
    key = key_of(PNG)
    path = links.path(key, "发票 1.pdf")
    _, _, token, name = path.split("/")
    assert name == "%E5%8F%91%E7%A5%A8%201.pdf"
    assert links.read(token, "发票 1.pdf") == (key, "发票 1.pdf")
    clock.advance(timedelta(minutes=1))
    assert links.path(key, "发票 1.pdf") == path
    version, _, until, signature = token.split(".")
    hostile = [
        (token, "other.pdf"),
        (token[:-1], "发票 1.pdf"),
        (f"{version}.{'0' * 64}.{until}.{signature}", "发票 1.pdf"),
        (f"{version}.{key}.{int(until) + 86_400}.{signature}", "发票 1.pdf"),
        (token + "\n", "发票 1.pdf"),
        ("", ""),
    ]
    for other, called in hostile:
        with pytest.raises(LinkError):
            links.read(other, called)
    with pytest.raises(LinkError):
        MediaLinks("t" * 32, public_url=None, clock=clock).read(token, "发票 1.pdf")
    clock.advance(LIFETIME)
    with pytest.raises(LinkError):
        links.read(token, "发票 1.pdf")


async def test_links_as_lines(clock: StoppedClock) -> None:
    file = Attachment(name="a.pdf", content_type="application/pdf", key="0" * 64)
    links = MediaLinks("s" * 32, public_url="https://desk.example.com/", clock=clock)
    assert links.lines([file]) == f"a.pdf: https://desk.example.com{links.path('0' * 64, 'a.pdf')}"
    nowhere = MediaLinks("s" * 32, public_url=None, clock=clock)
    assert nowhere.lines([file, file]) == "[a.pdf]\n[a.pdf]"


async def test_files_of_many_messages_come_in_order(
    media: Media, files: Files, database: Database
) -> None:
    kept = await media.keep_all([_file("1", b"1"), _file("2", b"2")])
    ids = [await files.message(*kept) for _ in range(2)]
    async with database.read() as session:
        found = await repository.of_messages(session, ids)
    assert [(row.message_id, row.name) for row in found] == [
        (message, name) for message in ids for name in ("1", "2")
    ]
