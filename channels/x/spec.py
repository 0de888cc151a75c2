"""How the X channel is built from its settings."""

from channels.spec import Spec, Tools, secret_of
from channels.x.adapter import WebhookX, X
from channels.x.client import Keys, XClient
from channels.x.settings import Mode, XSettings
from channels.x.signature import Signatures
from channels.x.spending import Spending
from desk.clock import Clock

_MICROS = 1_000_000


def connect(settings: XSettings, clock: Clock, *, timeout: float = 8.0) -> XClient:
    """Return the client for these settings; ``timeout`` is in seconds, for one request."""
    keys = Keys(
        api_key=secret_of(settings.api_key),
        api_secret=secret_of(settings.api_secret),
        access_token=secret_of(settings.access_token),
        access_secret=secret_of(settings.access_secret),
        bearer_token=secret_of(settings.bearer_token) or None,
    )
    address = str(settings.api_url).rstrip("/") if settings.api_url else None
    return XClient(keys, clock, address=address, timeout=timeout)


def build(settings: XSettings, tools: Tools, *, timeout: float = 8.0) -> X:
    """Return the adapter that the mode asks for."""
    client = connect(settings, tools.clock, timeout=timeout)
    spending = Spending(int(settings.daily_budget * _MICROS))
    if settings.mode is Mode.POLLING:
        return X(settings, client, spending, tools.clock)
    secrets = (secret_of(settings.api_secret), secret_of(settings.client_secret))
    return WebhookX(
        settings, client, spending, tools.clock, Signatures(*secrets), public_url=tools.public_url
    )


SPEC = Spec(name="x", settings=XSettings, build=build)
