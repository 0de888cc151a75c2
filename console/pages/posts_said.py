"""What went wrong with a post, in the reader's language."""

from analytics.posts.model import ChangedError, FaultError, OwnWordsError
from console.problem import word_for
from console.words import say
from desk.errors import FrontdeskError
from desk.media.service import RefusedFileError

SEEN = frozenset({"saved", "approved", "scheduled", "planned", "cancelled", "settled"})
"""What a page may be asked to say was done."""
_WORDS: tuple[tuple[type[FrontdeskError], str], ...] = (
    (ChangedError, "posts.wrong.changed"),
    (OwnWordsError, "posts.wrong.own_words"),
    (RefusedFileError, "posts.wrong.file"),
)


def said(error: FrontdeskError, language: str) -> str:
    """Return what an error says and what to do."""
    if isinstance(error, FaultError):
        return error.words(language)
    known = next((word for kind, word in _WORDS if isinstance(error, kind)), word_for(error))
    return say(known, language)
