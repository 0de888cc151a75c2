"""Files that customers send are fetched from the platform alone, and never more than allowed."""

import pytest

from desk.errors import RejectedError, RetryableError
from tests.channels.telegram.subject import TelegramSubject
from tests.platforms.telegram.rules import LARGEST_DOWNLOAD


async def test_a_file(either: TelegramSubject) -> None:
    either.platform.files["f1"] = ("photos/file_1.jpg", b"a picture")
    assert await either.channel.fetch("f1", 1_000) == b"a picture"
    assert either.platform.of("getFile") == [{"file_id": "f1"}]


@pytest.mark.parametrize(("size", "most"), [(11, 10), (LARGEST_DOWNLOAD + 1, 10**9)])
async def test_a_file_that_is_too_large(polling: TelegramSubject, size: int, most: int) -> None:
    polling.platform.files["f1"] = ("files/1", b"x" * size)
    with pytest.raises(RejectedError, match=r"larger|big|at most"):
        await polling.channel.fetch("f1", most)


async def test_a_file_that_is_larger_than_it_says(polling: TelegramSubject) -> None:
    polling.platform.files["f1"] = ("files/1", b"x" * 1_000)
    polling.platform.stated_size = 10
    with pytest.raises(RejectedError, match="larger than 100 bytes"):
        await polling.channel.fetch("f1", 100)


async def test_a_file_that_is_gone(polling: TelegramSubject) -> None:
    with pytest.raises(RejectedError, match=r"[Ww]rong file_id"):
        await polling.channel.fetch("never was", 10)
    polling.platform.files["f1"] = ("files/1", b"x")
    polling.platform.lost_files.add("files/1")
    with pytest.raises(RejectedError, match="404"):
        await polling.channel.fetch("f1", 10)


async def test_a_path_of_this_machine_is_not_read(polling: TelegramSubject) -> None:
    polling.platform.files["f1"] = (__file__, b"x")
    with pytest.raises(RejectedError, match="no address below its file host"):
        await polling.channel.fetch("f1", 10**6)


async def test_a_redirect_is_not_followed(polling: TelegramSubject) -> None:
    polling.platform.files["f1"] = ("files/1", b"x")
    polling.platform.redirects["files/1"] = "http://127.0.0.1:9/elsewhere"
    with pytest.raises(RejectedError, match="302"):
        await polling.channel.fetch("f1", 10)


async def test_a_file_host_that_is_away(polling: TelegramSubject) -> None:
    await polling.platform.__aexit__()
    with pytest.raises(RetryableError):
        await polling.channel.fetch("f1", 10)
