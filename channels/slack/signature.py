"""Whether a request comes from Slack, and lately: the signature covers the raw body and the time."""

from slack_sdk.signature import Clock as SdkClock
from slack_sdk.signature import SignatureVerifier

from desk.clock import Clock
from desk.errors import ForbiddenError
from desk.message import WebhookRequest


class _Seconds(SdkClock):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        """Return our clock's time as the SDK counts it."""
        return self._clock().timestamp()


class SlackSignature:
    """Checks requests with an app's signing secret; events, buttons and commands are all signed the same way."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._verifier = SignatureVerifier(secret, _Seconds(clock))

    def check(self, request: WebhookRequest) -> None:
        """Raise ForbiddenError unless Slack signed the request within 300 seconds of now, before or after."""
        try:
            valid = self._verifier.is_valid_request(request.body, dict(request.headers))
        except (ValueError, TypeError, OverflowError) as error:  # no number, no UTF-8, not ASCII
            raise ForbiddenError("the signature cannot be read") from error
        if not valid:
            raise ForbiddenError("not signed by Slack, or more than 5 minutes old")
