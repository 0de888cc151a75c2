"""What went wrong, as a word the pages have words for."""

from desk.errors import (
    ConflictError,
    ForbiddenError,
    FrontdeskError,
    InvalidError,
    NotFoundError,
    RetryableError,
)


class OldFormError(ForbiddenError):
    """The form is from another session; load the page again."""


class NotAllowedError(ForbiddenError):
    """Your role does not include this."""


class LargeFormError(InvalidError):
    """This form is too large."""

    status_code = 413


_WORDS: tuple[tuple[type[FrontdeskError], str], ...] = (
    (OldFormError, "problem.old_form"),
    (NotAllowedError, "problem.not_allowed"),
    (LargeFormError, "problem.file_too_large"),
    (NotFoundError, "problem.not_found"),
    (ConflictError, "problem.conflict"),
    (ForbiddenError, "problem.forbidden"),
    (InvalidError, "problem.invalid"),
    (RetryableError, "problem.later"),
)


def word_for(error: FrontdeskError) -> str:
    """Return the key of the words for an error."""
    found = (word for kind, word in _WORDS if isinstance(error, kind))
    return next(found, "problem.internal")
