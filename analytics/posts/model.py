"""What a post is to those who write, approve and read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analytics.posts.phrases import phrase
from desk.errors import ConflictError, ForbiddenError, InvalidError
from desk.tables.post import PostMetricRow, PostRow, PostState

LATE = timedelta(hours=2)
"""So late a post still goes out; later it would surprise whoever planned it."""


class FaultError(InvalidError):
    """Something is wrong with a post; ``code`` names the words for it."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(phrase(code, **values))
        self.code = code
        self.values: Mapping[str, Any] = values

    def words(self, language: str) -> str:
        """Return what is wrong and what to do, in English or Chinese."""
        return phrase(self.code, language, **self.values)


class ChangedError(ConflictError):
    """Somebody else has changed this post meanwhile; look at it again."""


class OwnWordsError(ForbiddenError):
    """Who wrote a post cannot approve it; ask somebody else."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image in the media store."""

    key: str
    name: str
    content_type: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A post as somebody wrote it, for one account."""

    channel: str
    account: str
    text: str
    link: str | None = None
    image: Image | None = None

    @property
    def words(self) -> str:
        """The text as it is published: with its link below it, unless it has it already."""
        return composed(self.text, self.link)


@dataclass(frozen=True, kw_only=True)
class SocialPost(Draft):
    """A post that is kept."""

    id: int
    state: PostState
    due_at: datetime | None
    not_before: datetime | None
    edition: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    approved_at: datetime | None
    approved_by: str | None
    reason: str | None
    external_id: str | None
    url: str | None
    published_at: datetime | None

    def why(self, language: str = "en") -> str:
        """Return why it stands where it stands, in words."""
        return phrase(self.reason or "", language, hours=int(LATE.total_seconds() // 3600))


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What people had done with a post after about so many hours."""

    hours: int
    measured_at: datetime
    likes: int | None
    reposts: int | None
    replies: int | None
    quotes: int | None
    bookmarks: int | None
    views: int | None
    clicks: int | None

    @property
    def interactions(self) -> int:
        """What people did, in all: likes, reposts, replies, quotes, bookmarks and clicks."""
        done = (
            self.likes,
            self.reposts,
            self.replies,
            self.quotes,
            self.bookmarks,
            self.clicks,
        )
        return sum(one or 0 for one in done)


_PLAIN = tuple(name for name in SocialPost.__dataclass_fields__ if name not in ("image",))
_OF_METRIC = tuple(Metric.__dataclass_fields__)


def composed(text: str, link: str | None) -> str:
    """Return a text with its link below it, unless it has it already."""
    return text if not link or link in text else f"{text}\n{link}"


def post(row: PostRow) -> SocialPost:
    """Return a post from its row."""
    image = (
        Image(key=row.image_key, name=row.image_name or "image", content_type=row.image_type or "")
        if row.image_key
        else None
    )
    return SocialPost(image=image, **{name: getattr(row, name) for name in _PLAIN})


def metric(row: PostMetricRow) -> Metric:
    """Return figures from their row."""
    return Metric(**{name: getattr(row, name) for name in _OF_METRIC})
