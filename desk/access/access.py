"""All that deals with who may come in and what they did, in one hand."""

from dataclasses import dataclass

from desk.access.audit import Audit
from desk.access.credentials import Credentials
from desk.access.keys import Keys
from desk.access.oidc import Provider
from desk.access.sessions import Sessions
from desk.access.teams import Teams
from desk.access.tokens import Tokens
from desk.access.users import Users


@dataclass(frozen=True, kw_only=True)
class Access:
    """The services of access; ``provider`` is that of single sign-on, if there is one."""

    keys: Keys
    sessions: Sessions
    users: Users
    credentials: Credentials
    audit: Audit
    tokens: Tokens
    teams: Teams
    provider: Provider | None = None
