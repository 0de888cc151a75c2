"""The one place that builds things and ties them together."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.metrics import Metrics, TimedDialogue
from channels.webchat.adapter import WebChat
from channels.webchat.routes import ChatRoutes, ChatSettings
from channels.webchat.token import VisitorTokens
from console.services import ConsoleServices
from desk import clock as clocks
from desk.channel import Channel
from desk.clock import Clock
from desk.commerce.policies import Policies
from desk.commerce.service import Commerce
from desk.contacts.consents import Consents
from desk.conversations.desk_view import DeskView
from desk.conversations.reader import Reader
from desk.conversations.service import Conversations
from desk.conversations.watch import Watcher
from desk.dead_letters import DeadLetters
from desk.dialogue.pool import RasaPool
from desk.dialogue.port import Dialogue
from desk.dialogue.rasa import RasaDialogue
from desk.errors import SettingsError
from desk.feedback.service import Feedback
from desk.handoff.service import Handoff
from desk.inbox.accept import Acceptor
from desk.inbox.router import Router
from desk.outbox.relay import Relay
from desk.settings import Settings
from desk.signals import LocalSignals
from desk.store.database import Database
from desk.tickets.service import Tickets


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything a process may need, built once."""

    settings: Settings
    clock: Clock
    database: Database
    signals: LocalSignals
    metrics: Metrics
    dialogue: Dialogue
    channels: Mapping[str, Channel]
    chat: ChatRoutes
    acceptor: Acceptor
    router: Router
    relay: Relay
    conversations: Conversations
    reader: Reader
    watcher: Watcher
    handoff: Handoff
    tickets: Tickets
    feedback: Feedback
    commerce: Commerce
    consents: Consents
    policies: Policies

    async def close(self) -> None:
        """Let go of connections."""
        await self.dialogue.close()
        await self.database.close()


def build(
    settings: Settings,
    *,
    dialogue: Dialogue | None = None,
    channels: Mapping[str, Channel] | None = None,
    clock: Clock = clocks.now,
) -> Desk:
    """Build the desk from its settings; tests pass twins instead of the real collaborators.

    Raises:
        SettingsError: a secret is missing.
    """
    database = Database(settings.database_url)
    signals = LocalSignals()
    metrics = Metrics()
    tokens = VisitorTokens(_secret(settings))
    webchat = WebChat(tokens, clock)
    all_channels: dict[str, Channel] = {webchat.name: webchat, **(channels or {})}
    conversations = Conversations({name: c.features for name, c in all_channels.items()})
    policies = Policies(settings.policies)
    tickets = Tickets(database, clock)
    feedback = Feedback(database, clock, tickets)
    talk = TimedDialogue(dialogue or _rasa(settings, clock, metrics), metrics)
    acceptor = Acceptor(database=database, signals=signals, clock=clock)
    reader = Reader(database)
    return Desk(
        settings=settings,
        clock=clock,
        database=database,
        signals=signals,
        metrics=metrics,
        dialogue=talk,
        channels=all_channels,
        chat=ChatRoutes(
            channel=webchat,
            tokens=tokens,
            acceptor=acceptor,
            reader=reader,
            signals=signals,
            clock=clock,
            settings=ChatSettings(
                origins=frozenset(settings.chat_origins),
                visitor_rate=settings.chat_rate_visitor,
                address_rate=settings.chat_rate_address,
            ),
        ),
        acceptor=acceptor,
        router=Router(
            database=database,
            conversations=conversations,
            dialogue=talk,
            tickets=tickets,
            signals=signals,
            clock=clock,
        ),
        relay=Relay(database=database, channels=all_channels, signals=signals, clock=clock),
        conversations=conversations,
        reader=reader,
        watcher=Watcher(database=database, signals=signals),
        handoff=Handoff(
            database=database,
            conversations=conversations,
            tickets=tickets,
            feedback=feedback,
            hours=policies,
            signals=signals,
            clock=clock,
            patience=settings.handoff_patience,
        ),
        tickets=tickets,
        feedback=feedback,
        commerce=Commerce(database, clock),
        consents=Consents(database, clock),
        policies=policies,
    )


def console_services(desk: Desk) -> ConsoleServices | None:
    """Return what the console needs, or None without a token to sign in with."""
    if desk.settings.console_token is None:
        return None
    return ConsoleServices(
        view=DeskView(desk.database),
        handoff=desk.handoff,
        tickets=desk.tickets,
        feedback=desk.feedback,
        commerce=desk.commerce,
        dead_letters=DeadLetters(database=desk.database, signals=desk.signals, clock=desk.clock),
        clock=desk.clock,
        token=desk.settings.console_token.get_secret_value(),
        secret=_secret(desk.settings),
        public_url=desk.settings.public_url,
    )


def _secret(settings: Settings) -> str:
    if settings.secret_key is None:
        raise SettingsError("FRONTDESK_SECRET_KEY: missing; set 32 or more random characters")
    return settings.secret_key.get_secret_value()


def _rasa(settings: Settings, clock: Clock, metrics: Metrics) -> RasaPool:
    if settings.rasa_token is None:
        raise SettingsError(
            "FRONTDESK_RASA_TOKEN: missing; the same value as Rasa was started with"
        )
    token = settings.rasa_token.get_secret_value()
    timeout = settings.dialogue_timeout
    members = [
        RasaDialogue(url=url, token=token, clock=clock, timeout=timeout, name=str(number))
        for number, url in enumerate(settings.rasa_urls, 1)
    ]
    return RasaPool(members, clock=clock, settled_after=timeout, on_turn=metrics.turn)
