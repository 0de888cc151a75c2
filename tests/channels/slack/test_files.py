"""Customers' files."""

import pytest

from desk.errors import RejectedError, RetryableError
from tests.channels.slack.conftest import Office


async def test_a_file_is_fetched_with_the_token(office: Office) -> None:
    file = office.ann.file("a.pdf", b"12345")
    reference = f"{office.slack.api.base}/files-pri/{file.id}/download/a.pdf"
    assert await office.channel.fetch(reference, 5) == b"12345"
    assert await office.channel.fetch(f"file:{file.id}", 5) == b"12345"
    with pytest.raises(RejectedError, match="larger than 4 bytes"):
        await office.channel.fetch(reference, 4)


@pytest.mark.parametrize(
    "reference",
    [
        "https://example.com/a.pdf",
        "http://files.slack.com/a.pdf",
        "https://files.slack.com.example.com/a.pdf",
        "https://files.slack.com@example.com/a.pdf",
        "no address",
    ],
)
async def test_the_token_goes_to_nobody_else(office: Office, reference: str) -> None:
    with pytest.raises(RejectedError):
        await office.channel.fetch(reference, 5)


async def test_redirects_are_not_followed(office: Office) -> None:
    office.slack.files_elsewhere = True
    with pytest.raises(RejectedError, match="somewhere else"):
        await office.channel.fetch(f"{office.slack.api.base}/files-pri/F1/a.pdf", 5)


async def test_a_sign_in_page_is_no_file(office: Office) -> None:
    file = office.ann.file("a.pdf", b"12345")
    office.slack.scopes.remove("files:read")
    with pytest.raises(RejectedError, match="files:read"):
        await office.channel.fetch(f"{office.slack.api.base}/files-pri/{file.id}/a.pdf", 500)


async def test_faults(office: Office) -> None:
    address = f"{office.slack.api.base}/files-pri/F1/a.pdf"
    with pytest.raises(RejectedError, match="404"):
        await office.channel.fetch(address, 5)
    with pytest.raises(RejectedError, match="file_not_found"):
        await office.channel.fetch("file:F404", 5)
    for fault in ("500", "429"):
        office.slack.will(fault, method="download", retry_after=9)
        with pytest.raises(RetryableError) as caught:
            await office.channel.fetch(address, 5)
        assert office.slack.struck[fault] == 1
    assert caught.value.retry_in is not None
    assert caught.value.retry_in.total_seconds() == 9
