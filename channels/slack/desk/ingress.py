"""The way in from Slack: events, presses, forms and commands, all signed with one secret, at one address."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from channels.slack.client import SlackClient, silent_logger
from channels.slack.desk import forms, presses
from channels.slack.desk.errors import code_of
from channels.slack.desk.events import read_event
from channels.slack.desk.lines import whisper_message
from channels.slack.errors import asked
from channels.slack.signature import SlackSignature
from channels.slack.text import readable
from desk.agentdesk.port import Action, Place
from desk.clock import Clock
from desk.errors import FrontdeskError, InvalidError
from desk.message import WebhookAnswer, WebhookRequest

log = structlog.get_logger()

type Raw = Mapping[str, Any]

_FORM_SECONDS = 1.7
_TELLING_SECONDS = 0.9
"""Together less than the three seconds that Slack waits."""
_LATE = frozenset({"expired_trigger_id", "invalid_trigger_id", "exchanged_trigger_id"})
_ALARMS = {
    "tokens_revoked": "slack_desk_tokens_revoked",
    "app_uninstalled": "slack_desk_app_uninstalled",
    "app_rate_limited": "slack_desk_events_withheld",
}


class Payloads:
    """Takes payloads apart, and does what cannot wait; by which way they came does not matter."""

    def __init__(self, client: SlackClient, clock: Clock, options: forms.Options) -> None:
        self._client = client
        self._clock = clock
        self._options = options
        self.bot: str | None = None

    def read(self, raw: Raw) -> Sequence[Action]:
        """Return what people did."""
        kind = raw.get("type")
        if kind == "event_callback":
            _alarm(raw["event"].get("type"))
            return read_event(raw, self.bot)
        if kind == "block_actions":
            return presses.read_presses(raw)
        if kind == "view_submission":
            return presses.read_form(raw, self._clock)
        if "command" in raw:
            return presses.read_command(raw, self._clock)
        _alarm(kind)
        return ()

    async def follow(self, raw: Raw) -> Mapping[str, Any] | None:
        """Open a form, answer one, put a question away; return what Slack wants to hear. Never raises."""
        try:
            if raw.get("type") == "view_submission":
                return _verdict(raw["view"])
            if raw.get("type") == "block_actions":
                await self._follow_press(raw)
        except Exception as error:  # the deed is durable; this was a courtesy
            log.warning("slack_desk_follow_up_failed", error=type(error).__name__)
        return None

    async def tell(self, person: str, place: Place, text: str) -> None:
        """Tell somebody where they did something, or in their direct messages. Never raises."""
        message = whisper_message(text)
        try:
            async with asyncio.timeout(_TELLING_SECONDS):
                if not place.channel or place.channel.startswith("D"):
                    await asked(self._client.web.chat_postMessage(channel=person, **message))
                    return
                await asked(
                    self._client.web.chat_postEphemeral(
                        channel=place.channel,
                        user=person,
                        thread_ts=place.thread or None,
                        **message,
                    )
                )
        except (FrontdeskError, TimeoutError) as error:
            log.warning("slack_desk_not_told", reason=code_of(error) or type(error).__name__)

    async def _follow_press(self, raw: Raw) -> None:
        subject = presses.wanted(raw)
        if subject is not None:
            await self._open(raw, subject)
        elif presses.is_answer(raw) and raw.get("response_url"):
            async with asyncio.timeout(_FORM_SECONDS):
                await self._put_away(str(raw["response_url"]))

    async def _open(self, raw: Raw, subject: forms.Subject) -> None:
        title = readable((raw.get("message") or {}).get("text") or "", None)
        shown = forms.view(subject, title, self._options)
        try:
            async with asyncio.timeout(_FORM_SECONDS):
                await asked(
                    self._client.web.views_open(trigger_id=raw.get("trigger_id"), view=shown)
                )
        except (FrontdeskError, TimeoutError) as error:
            code = code_of(error)
            log.warning("slack_desk_form_not_opened", reason=code or type(error).__name__)
            await self.tell(raw["user"]["id"], subject.place, _why_not(code))

    async def _put_away(self, response_url: str) -> None:
        """Take a question off the screen: it was answered."""
        webhook = AsyncWebhookClient(response_url, logger=silent_logger(), retry_handlers=[])
        await webhook.send_dict({"delete_original": True})


class SlackIngress:
    """Requests of Slack's as actions; implements the core's ``DeskIngress``."""

    def __init__(self, payloads: Payloads, signature: SlackSignature) -> None:
        self._payloads = payloads
        self._signature = signature

    def verify(self, request: WebhookRequest) -> None:
        """Raise ForbiddenError unless Slack signed the request, within five minutes of now."""
        self._signature.check(request)

    def answer(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Return the challenge by which Slack tries whether the address is ours."""
        if b"url_verification" not in request.body:
            return None
        try:
            raw = payload_of(request.body)
        except InvalidError:
            return None
        challenge = raw.get("challenge")
        if raw.get("type") != "url_verification" or not isinstance(challenge, str):
            return None
        return WebhookAnswer(body=challenge.encode())

    def parse(self, request: WebhookRequest) -> Sequence[Action]:
        """Return what people did; a repeated request says the same, and retry headers are not looked at.

        Raises:
            InvalidError: it cannot be read.
        """
        raw = payload_of(request.body)
        try:
            return self._payloads.read(raw)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidError(
                f"Slack's request cannot be read: {type(error).__name__}"
            ) from error

    async def after(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Open the form of a pressed button, or say what a filled-in one lacks."""
        try:
            answer = await self._payloads.follow(payload_of(request.body))
        except InvalidError:
            return None
        if answer is None:
            return None
        return WebhookAnswer(body=json.dumps(answer).encode(), content_type="application/json")


def payload_of(body: bytes) -> Raw:
    """Return an event, which is JSON, the JSON in a press's form, or a command's form; InvalidError for neither."""
    try:
        text = body.decode()
        if not text.startswith("{"):
            form = dict(parse_qsl(text, keep_blank_values=True))
            if "payload" not in form:
                return form
            text = form["payload"]
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError("neither JSON nor a form") from error
    if not isinstance(raw, dict):
        raise InvalidError("Slack sends objects")
    return raw


def _verdict(shown: Raw) -> Mapping[str, Any] | None:
    if shown.get("callback_id") != forms.FORM:
        return None
    wrong = forms.errors(shown)
    if wrong:
        return {"response_action": "errors", "errors": wrong}
    return {"response_action": "clear"}


def _why_not(code: str) -> str:
    if code in _LATE:
        return "That took too long for Slack, and nothing was done. Please press the button again."
    if code == "missing_scope":
        return (
            "The form could not be opened: the Slack app lacks a scope. Please tell your operator."
        )
    return "The form could not be opened, and nothing was done. Please press the button again."


def _alarm(kind: object) -> None:
    if kind in _ALARMS:
        log.error(_ALARMS[str(kind)])
