"""One request of somebody at the desk."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from console.session import Session
from desk.errors import NotFoundError

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request with who makes it, in which language, and the fields of its form."""

    request: Request
    language: str
    session: Session | None
    form_token: str = ""
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def agent(self) -> str:
        """The agent's display name; empty on the sign-in pages."""
        return self.session.agent if self.session else ""

    @property
    def here(self) -> str:
        """The address to come back to; after a form that was refused it is home."""
        url = self.request.url
        if self.request.method != "GET":
            return "/console"
        return url.path + (f"?{url.query}" if url.query else "")

    def path(self, name: str) -> str:
        """Return a part of the address."""
        return str(self.request.path_params[name])

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
        return self.request.query_params.get(name, "")

    def number(self, name: str, default: int, largest: int) -> int:
        """Return a number from the address between 1 and ``largest``."""
        text = self.query(name)
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else default
        return max(1, min(value, largest))
