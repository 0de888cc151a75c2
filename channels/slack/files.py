"""The files of a Slack message."""

from collections.abc import Iterable, Mapping
from typing import Any

from desk.message import Attachment

FILE_ID = "file:"
"""Begins a reference to a file whose address Slack tells only when asked, as in channels of another company."""

_LOST = ("tombstone", "hidden_by_limit")


def attachments(files: Iterable[Mapping[str, Any]]) -> tuple[Attachment, ...]:
    """Return the files that Slack keeps."""
    return tuple(
        Attachment(
            name=str(file.get("name") or file.get("title") or "file"),
            content_type=str(file.get("mimetype") or "application/octet-stream"),
            reference=address(file) or f"{FILE_ID}{file['id']}",
            size=file.get("size"),
        )
        for file in files
        if file.get("mode") not in _LOST and not file.get("is_external")
    )


def elsewhere(files: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the addresses of files that somebody else keeps: our token is not for them."""
    return [str(file["url_private"]) for file in files if file.get("is_external")]


def address(file: Mapping[str, Any]) -> str | None:
    """Return where the content of a file is."""
    return file.get("url_private_download") or file.get("url_private")
