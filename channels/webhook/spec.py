"""How the signed webhook is set up."""

from channels.spec import Spec, Tools
from channels.webhook.adapter import SignedWebhook
from channels.webhook.events import NAME
from channels.webhook.files import Files
from channels.webhook.settings import WebhookSettings
from channels.webhook.signature import Signer

_TIMEOUT = 30.0  # seconds, for a whole exchange


def _build(settings: WebhookSettings, tools: Tools) -> SignedWebhook:
    signer = Signer(settings.secret.get_secret_value())
    files = Files(settings.file_hosts, timeout=_TIMEOUT)
    return SignedWebhook(settings.url, signer, files, tools.clock, timeout=_TIMEOUT)


SPEC = Spec(name=NAME, settings=WebhookSettings, build=_build)
