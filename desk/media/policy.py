"""Which files are kept, and how they are handed out. Pure decisions.

Programs are refused, by what they are and not by their name. Scripts and pages are text, and are kept as text: under a
name that a double click opens as one. Everything but a few kinds of picture is handed out to be saved, never shown.
"""

from dataclasses import dataclass
from enum import StrEnum

from desk.media.names import disposition
from desk.media.sniff import PROGRAM, TEXT, sniff

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""Pictures that browsers draw and that cannot carry a script."""


class Refusal(StrEnum):
    """Why a file is not kept."""

    TOO_LARGE = "too_large"
    PROGRAM = "program"


@dataclass(frozen=True)
class Verdict:
    """What a content is, and why it is not kept if it is not."""

    content_type: str
    refusal: Refusal | None = None


def judge(content: bytes, *, largest: int) -> Verdict:
    """Return what a content is and whether it is kept; ``largest`` in bytes."""
    kind = sniff(content)
    if len(content) > largest:
        return Verdict(kind, Refusal.TOO_LARGE)
    return Verdict(kind, Refusal.PROGRAM if kind == PROGRAM else None)


def refusal_of(content_type: str) -> Refusal:
    """Return why a file that was judged and not kept was refused."""
    return Refusal.PROGRAM if content_type == PROGRAM else Refusal.TOO_LARGE


def is_shown(content_type: str) -> bool:
    """Say whether a browser may show the file in place."""
    return content_type in SHOWN_INLINE


def headers(name: str, content_type: str) -> dict[str, str]:
    """Return the headers a file is handed out with: no browser may take it for a page of ours."""
    return {
        "Content-Type": f"{TEXT}; charset=utf-8" if content_type == TEXT else content_type,
        "Content-Disposition": disposition(name, inline=is_shown(content_type)),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
