"""One root and a few families: a class says what the caller should do, its docstring is the default message.

FrontdeskError
├── SettingsError    stop the start and say which key is wrong
├── RetryableError   try again later (``retry_in``)
├── RejectedError    give up: the other side refused for good
├── InvalidError     the input is wrong: tell who sent it
├── ConflictError    the request does not fit the current state
├── NotFoundError    there is no such thing, or it is not yours
└── ForbiddenError   the caller may not do this
"""

from datetime import timedelta


class FrontdeskError(Exception):
    """Something went wrong."""

    status_code = 500

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class SettingsError(FrontdeskError):
    """A setting is missing or wrong."""


class RetryableError(FrontdeskError):
    """The other side may answer later."""

    status_code = 503

    def __init__(self, message: str | None = None, *, retry_in: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_in = retry_in


class RejectedError(FrontdeskError):
    """The other side refused this for good."""

    status_code = 502


class InvalidError(FrontdeskError):
    """The input is not valid."""

    status_code = 422


class ConflictError(FrontdeskError):
    """The request does not fit the current state."""

    status_code = 409


class NotFoundError(FrontdeskError):
    """There is no such thing."""

    status_code = 404


class ForbiddenError(FrontdeskError):
    """You may not do this."""

    status_code = 403
