"""One request of somebody at the desk."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from console.multipart import PostedFile
from console.problem import NotAllowedError
from desk.access.policy import Deed, Principal, allows
from desk.access.sessions import Session
from desk.errors import ForbiddenError, NotFoundError
from desk.store.storable import storable

_LARGEST_ID = 2**63 - 1


async def _yes() -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request with who makes it, in which language, and the fields of its form."""

    request: Request
    language: str
    session: Session | None
    who: Principal | None = None
    form_token: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    files: tuple[PostedFile, ...] = ()
    #: Asks whether who asked may still go on; of a page that lasts, long after it was opened.
    may_stay: Callable[[], Awaitable[bool]] = field(default=_yes, repr=False, compare=False)

    @property
    def principal(self) -> Principal:
        """Who asks.

        Raises:
            ForbiddenError: nobody is signed in.
        """
        if self.who is None:
            raise ForbiddenError("sign in first")
        return self.who

    @property
    def agent(self) -> str:
        """The name of who asks; empty on the sign-in pages."""
        return self.who.name if self.who else ""

    def may(self, deed: Deed | str, *, own: bool = False) -> bool:
        """Say whether who asks may do something; templates name the deed by its text."""
        return self.who is not None and allows(self.who, Deed(deed), own=own)

    def require(self, deed: Deed, *, own: bool = False) -> None:
        """Go on only if who asks may do it.

        Raises:
            NotAllowedError: they may not.
        """
        if not self.may(deed, own=own):
            raise NotAllowedError(f"your role may not do this: {deed}")

    @property
    def here(self) -> str:
        """The address to come back to; after a form that was refused it is home."""
        url = self.request.url
        if self.request.method != "GET":
            return "/console"
        return url.path + (f"?{url.query}" if url.query else "")

    def path(self, name: str) -> str:
        """Return a part of the address.

        Raises:
            NotFoundError: it has what no database can store, so nothing is called that.
        """
        value = str(self.request.path_params[name])
        if "\x00" in value:
            raise NotFoundError
        return value

    def row_id(self, name: str) -> int:
        """Return a row's id from the address.

        Raises:
            NotFoundError: no database has so large an id.
        """
        value = int(self.path(name))
        if value > _LARGEST_ID:
            raise NotFoundError
        return value

    def query(self, name: str) -> str:
        """Return a value from the address, empty when it is not there."""
        return storable(self.request.query_params.get(name, ""))

    def number(self, name: str, default: int, largest: int) -> int:
        """Return a number from the address between 1 and ``largest``."""
        text = self.query(name)
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else default
        return max(1, min(value, largest))
