"""Telegram as the registry knows it."""

from channels.spec import Spec, Tools, secret_of
from channels.telegram.adapter import PollingTelegram, WebhookTelegram
from channels.telegram.client import Client
from channels.telegram.me import Me
from channels.telegram.settings import Mode, TelegramSettings
from desk.channel import Channel
from desk.errors import SettingsError


def build(settings: TelegramSettings, tools: Tools) -> Channel:
    """Return the channel in the mode that is set; SettingsError when the mode lacks something."""
    return _MODES[settings.mode](settings, tools)


def _polling(settings: TelegramSettings, tools: Tools) -> Channel:
    return PollingTelegram(client=_client(settings), me=_me(settings), clock=tools.clock)


def _webhook(settings: TelegramSettings, tools: Tools) -> Channel:
    base = (tools.public_url or "").rstrip("/")
    # A Bot API server of one's own calls plain addresses, too.
    is_own = settings.api_url != TelegramSettings.model_fields["api_url"].default
    if not base.startswith("https://") and not (is_own and base):
        raise SettingsError(
            "FRONTDESK_PUBLIC_URL: must be the https:// address at which Telegram reaches this machine,"
            " or set FRONTDESK_TELEGRAM_MODE=polling"
        )
    return WebhookTelegram(
        client=_client(settings),
        me=_me(settings),
        clock=tools.clock,
        url=f"{base}/channels/telegram",
        secret=secret_of(settings.webhook_secret),
    )


def _client(settings: TelegramSettings) -> Client:
    return Client(
        token=secret_of(settings.token),
        api_url=settings.api_url,
        file_url=settings.file_url or f"{settings.api_url}/file",
    )


def _me(settings: TelegramSettings) -> Me:
    return Me(id=int(secret_of(settings.token).partition(":")[0]), username=settings.username)


_MODES = {Mode.POLLING: _polling, Mode.WEBHOOK: _webhook}

SPEC = Spec(name="telegram", settings=TelegramSettings, build=build)
