"""The one place that builds things and ties them together."""

from collections.abc import Mapping
from dataclasses import dataclass

from analytics.campaigns.marks import FOLDER
from analytics.campaigns.replies import Replies, campaign_of
from app import (
    access,
    agents_desk,
    campaign_desk,
    insight_desk,
    offers_desk,
    opting_desk,
    post_desk,
    service_desk,
    surveys,
)
from app.agents_desk import AgentsDesk
from app.campaign_desk import CampaignDesk
from app.insight_desk import InsightDesk
from app.metrics import Metrics, TimedDialogue
from app.offers_desk import OffersDesk
from app.opting_desk import OptingDesk
from app.platforms import MAIL, platforms, slack_desk
from app.post_desk import PostDesk
from app.service_desk import ServiceDesk
from app.surveys import Surveys
from channels.slack.desk.spec import SlackDeskParts
from channels.webchat.adapter import WebChat
from channels.webchat.files import ChatFiles
from channels.webchat.links import LinkRoutes
from channels.webchat.routes import ChatRoutes, ChatSettings
from channels.webchat.token import VisitorTokens
from channels.webhooks import Webhooks
from desk import clock as clocks
from desk.access.access import Access
from desk.agentdesk.agents import Agents
from desk.agentdesk.mirror import DeskMirror
from desk.agentdesk.port import AgentDesk
from desk.agentdesk.rules import Rulebook
from desk.channel import Channel, ClosingChannel
from desk.channel_states import ChannelStates
from desk.clock import Clock
from desk.commerce.policies import Policies
from desk.commerce.service import Commerce
from desk.contacts.consents import Consents
from desk.contacts.email_code import EmailCodes, Mailbox
from desk.contacts.links import ContactLinks
from desk.conversations.incoming import Incoming
from desk.conversations.reader import Reader
from desk.conversations.service import Conversations
from desk.conversations.watch import Watcher
from desk.dialogue.pool import RasaPool
from desk.dialogue.port import Dialogue
from desk.dialogue.rasa import RasaDialogue
from desk.errors import SettingsError
from desk.feedback.service import Feedback
from desk.handoff.service import Handoff
from desk.inbox.accept import Acceptor
from desk.inbox.again import UnreadAgain
from desk.inbox.ingest import Ingest
from desk.inbox.readers import Readers
from desk.inbox.router import Router
from desk.media.fetcher import Fetcher
from desk.media.links import MediaLinks
from desk.media.service import Media
from desk.media.store import MediaStore
from desk.media.sweep import Sweep
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
    dialogue: TimedDialogue
    channels: Mapping[str, Channel]
    states: ChannelStates
    chat: ChatRoutes
    links: LinkRoutes
    ingest: Ingest
    webhooks: Webhooks
    acceptor: Acceptor
    readers: Readers
    again: UnreadAgain
    router: Router
    relay: Relay
    media: Media
    fetcher: Fetcher
    sweep: Sweep
    conversations: Conversations
    reader: Reader
    watcher: Watcher
    handoff: Handoff
    agents: Agents
    agents_desk: AgentsDesk | None
    slack_desk: SlackDeskParts | None
    tickets: Tickets
    feedback: Feedback
    surveys: Surveys
    opting: OptingDesk
    commerce: Commerce
    consents: Consents
    policies: Policies
    rules: Rulebook
    access: Access
    service: ServiceDesk
    insight: InsightDesk
    offers: OffersDesk
    campaigns: CampaignDesk
    posts: PostDesk

    async def close(self) -> None:
        """Let go of connections."""
        for channel in self.channels.values():
            if isinstance(channel, ClosingChannel):
                await channel.close()
        if self.slack_desk is not None:
            await self.slack_desk.close()
        if self.access.provider is not None:
            await self.access.provider.close()
        await self.service.reports.charts.close()
        await self.dialogue.close()
        await self.database.close()


def build(
    settings: Settings,
    *,
    dialogue: Dialogue | None = None,
    channels: Mapping[str, Channel] | None = None,
    platform: AgentDesk | None = None,
    clock: Clock = clocks.now,
) -> Desk:
    """Build the desk from its settings; tests pass twins instead of the real collaborators.

    ``platform`` is where agents work besides the console, if anywhere.

    Raises:
        SettingsError: a secret is missing.
    """
    database = Database(settings.database_url)
    signals = LocalSignals()
    metrics = Metrics()
    tokens = VisitorTokens(_secret(settings))
    webchat = WebChat(tokens, clock)
    policies = Policies(settings.policies)
    rules = Rulebook(settings.desk_rules, policies)
    slack = None
    if channels is None:
        channels = platforms(settings, clock)
        slack = slack_desk(settings, rules.rules, clock)
        platform = slack.desk if slack else None
    rules.default_channel = platform.channel if platform else ""
    all_channels: dict[str, Channel] = {webchat.name: webchat, **channels}
    secret = _secret(settings)
    store = MediaStore(settings.media_place)
    media = Media(database=database, store=store, clock=clock, largest=settings.media_largest)
    file_links = MediaLinks(secret, public_url=settings.public_url, clock=clock)
    links = ContactLinks(secret, clock)
    mirror = DeskMirror(rules) if platform else None
    conversations = Conversations(all_channels, mirror, files_as_text=file_links.lines)
    states = ChannelStates(database, clock)
    tickets = Tickets(database, clock)
    asking = surveys.build(
        secret=secret,
        public_url=settings.public_url,
        database=database,
        clock=clock,
        tickets=tickets,
        rulebook=rules,
        policies=policies,
        channels=all_channels,
        mirror=mirror,
    )
    feedback = asking.feedback
    opting = opting_desk.build(
        secret=secret,
        public_url=settings.public_url,
        database=database,
        clock=clock,
        answers=asking.answers,
        shop=lambda language: policies.rules.shop.name.get(language),
        campaign_of=campaign_of,
    )
    talk = TimedDialogue(dialogue or _rasa(settings, clock, metrics), metrics)
    acceptor = Acceptor(database=database, signals=signals, clock=clock)
    reader = Reader(database)
    relay = Relay(
        database=database,
        channels=all_channels,
        states=states,
        load=media.loaded,
        signals=signals,
        clock=clock,
        mirror=mirror,
    )
    campaigns = campaign_desk.build(
        secret=secret,
        public_url=settings.public_url,
        database=database,
        clock=clock,
        channels=all_channels,
        states=states,
        ways_out=opting.links,
        suppressions=opting.suppressions,
        report=relay.report,
        reading=insight_desk.reading(settings),
        prices=settings.message_prices,
        folder=settings.data_dir / FOLDER,
    )
    ingest = Ingest(
        database=database,
        acceptor=acceptor,
        report=campaigns.report,
        keep_files=media.keep_all,
        signals=signals,
        clock=clock,
        count=metrics.ignored,
    )
    chat = ChatRoutes(
        channel=webchat,
        tokens=tokens,
        acceptor=acceptor,
        reader=reader,
        files=ChatFiles(
            channel=webchat, media=media, links=file_links, rate=settings.chat_rate_files
        ),
        signals=signals,
        clock=clock,
        settings=ChatSettings(
            origins=frozenset(settings.chat_origins),
            visitor_rate=settings.chat_rate_visitor,
            address_rate=settings.chat_rate_address,
        ),
    )
    mail = all_channels.get(MAIL)
    codes = (
        EmailCodes(
            database=database,
            conversations=conversations,
            signals=signals,
            clock=clock,
            secret=secret,
            mailbox=Mailbox(channel=mail.name, account=mail.account),
        )
        if mail
        else None
    )
    handoff = Handoff(
        database=database,
        conversations=conversations,
        tickets=tickets,
        feedback=feedback,
        hours=policies,
        signals=signals,
        clock=clock,
        patience=settings.handoff_patience,
        rules=rules,
    )
    agents = Agents(database, clock)
    working = (
        agents_desk.build(
            platform,
            settings=settings,
            database=database,
            handoff=handoff,
            agents=agents,
            mirror=mirror,
            media=media,
            rules=rules,
            signals=signals,
            clock=clock,
        )
        if platform and mirror
        else None
    )
    return Desk(
        settings=settings,
        clock=clock,
        database=database,
        signals=signals,
        metrics=metrics,
        dialogue=talk,
        channels=all_channels,
        states=states,
        chat=chat,
        links=LinkRoutes(
            channel=webchat, channels=all_channels, links=links, codes=codes, guard=chat.guard
        ),
        ingest=ingest,
        webhooks=Webhooks(all_channels, ingest),
        acceptor=acceptor,
        readers=Readers(
            database=database, channels=all_channels, ingest=ingest, states=states, clock=clock
        ),
        again=UnreadAgain(database=database, channels=all_channels, ingest=ingest, clock=clock),
        router=Router(
            database=database,
            conversations=conversations,
            incoming=Incoming(conversations, links, opting.answers, Replies()),
            dialogue=talk,
            tickets=tickets,
            signals=signals,
            clock=clock,
            rules=lambda: rules.rules,
        ),
        relay=relay,
        media=media,
        fetcher=Fetcher(
            database=database, channels=all_channels, media=media, signals=signals, clock=clock
        ),
        sweep=Sweep(database=database, store=store, clock=clock),
        conversations=conversations,
        reader=reader,
        watcher=Watcher(database=database, signals=signals),
        handoff=handoff,
        agents=agents,
        agents_desk=working,
        slack_desk=slack,
        tickets=tickets,
        feedback=feedback,
        surveys=asking,
        opting=opting,
        commerce=Commerce(database, clock),
        consents=Consents(database, clock),
        policies=policies,
        rules=rules,
        access=access.build(
            settings,
            secret=secret,
            database=database,
            clock=clock,
            handoff=handoff,
            tickets=tickets,
        ),
        service=service_desk.build(
            database,
            clock,
            secret=secret,
            public_url=settings.public_url,
            allow_private=settings.webhook_allow_private,
            policies=policies,
            rulebook=rules,
            tickets=tickets,
            conversations=conversations,
            signals=signals,
            mail=mail,
        ),
        insight=insight_desk.build(insight_desk.reading(settings), database, clock),
        offers=offers_desk.build(settings, database, clock),
        campaigns=campaigns,
        posts=post_desk.build(
            database=database,
            clock=clock,
            channels=all_channels,
            states=states,
            media=media,
            zone=policies.zone,
            trusted=campaigns.origin.trusted,
        ),
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
