"""Builds what decides who may come in."""

from desk.access.access import Access
from desk.access.audit import Audit
from desk.access.credentials import Credentials
from desk.access.keys import Keys
from desk.access.oidc import OidcSettings, Provider
from desk.access.passwords import Passwords
from desk.access.sessions import Sessions, TokenDoor
from desk.access.staff import Leaving
from desk.access.teams import Teams
from desk.access.tokens import Tokens
from desk.access.users import Users
from desk.clock import Clock
from desk.errors import SettingsError
from desk.handoff.service import Handoff
from desk.settings import Settings
from desk.store.database import Database
from desk.tickets.service import Tickets


def build(
    settings: Settings,
    *,
    secret: str,
    database: Database,
    clock: Clock,
    handoff: Handoff,
    tickets: Tickets,
    passwords: Passwords | None = None,
) -> Access:
    """Return the services of access."""
    keys, passwords = Keys(secret), passwords or Passwords()
    known = settings.console_token
    door = TokenDoor(
        known.get_secret_value() if known else None, always=not settings.console_token_temporary
    )
    oidc = oidc_settings(settings)
    return Access(
        keys=keys,
        sessions=Sessions(database=database, clock=clock, keys=keys, door=door),
        users=Users(
            database=database,
            clock=clock,
            keys=keys,
            passwords=passwords,
            leaving=Leaving(database=database, handoff=handoff, tickets=tickets),
        ),
        credentials=Credentials(database=database, clock=clock, keys=keys, passwords=passwords),
        audit=Audit(database, clock),
        tokens=Tokens(database, clock),
        teams=Teams(database, clock),
        provider=Provider(oidc, clock) if oidc else None,
    )


def oidc_settings(settings: Settings) -> OidcSettings | None:
    """Return how single sign-on is set up, None if it is not.

    Raises:
        SettingsError: it is set up by half.
    """
    issuer, client_id, secret = (
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
    )
    if issuer is None and client_id is None and secret is None:
        return None
    if issuer is None or client_id is None or secret is None:
        raise SettingsError(
            "FRONTDESK_OIDC_ISSUER, FRONTDESK_OIDC_CLIENT_ID and FRONTDESK_OIDC_CLIENT_SECRET go together"
        )
    return OidcSettings(
        issuer=issuer,
        client_id=client_id,
        client_secret=secret.get_secret_value(),
        name=settings.oidc_name,
        domains=frozenset(domain.lower() for domain in settings.oidc_domains),
        role=settings.oidc_role,
    )
