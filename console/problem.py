"""What went wrong, as a word the pages have words for."""

from desk.errors import (
    ConflictError,
    ForbiddenError,
    FrontdeskError,
    InvalidError,
    NotFoundError,
    RetryableError,
)

_WORDS: tuple[tuple[type[FrontdeskError], str], ...] = (
    (NotFoundError, "problem.not_found"),
    (ConflictError, "problem.conflict"),
    (ForbiddenError, "problem.forbidden"),
    (InvalidError, "problem.invalid"),
    (RetryableError, "problem.later"),
)


class OldFormError(ForbiddenError):
    """The form is from another session; load the page again."""


def word_for(error: FrontdeskError) -> str:
    """Return the key of the words for an error."""
    if isinstance(error, OldFormError):
        return "problem.old_form"
    found = (word for kind, word in _WORDS if isinstance(error, kind))
    return next(found, "problem.internal")
