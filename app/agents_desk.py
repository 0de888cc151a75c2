"""Builds the agents' desk: what shows conversations there, and what carries out what people do there."""

from dataclasses import dataclass

from desk.agentdesk.agents import Agents
from desk.agentdesk.cards import Cards
from desk.agentdesk.commands import Commands
from desk.agentdesk.home import Homes
from desk.agentdesk.ingest import DeskIngest
from desk.agentdesk.ledger import PostLedger
from desk.agentdesk.mirror import DeskMirror
from desk.agentdesk.port import AgentDesk
from desk.agentdesk.presses import Presses
from desk.agentdesk.relay import DeskRelay
from desk.agentdesk.rules import Rulebook
from desk.agentdesk.sweep import DeskSweep
from desk.agentdesk.threads import Threads
from desk.agentdesk.worker import DeskWorker
from desk.clock import Clock
from desk.conversations.desk_view import DeskView
from desk.handoff.service import Handoff
from desk.media.service import Media
from desk.settings import Settings
from desk.signals import Signals
from desk.store.database import Database


@dataclass(frozen=True, kw_only=True)
class AgentsDesk:
    """A desk for agents on some platform."""

    platform: AgentDesk
    relay: DeskRelay
    worker: DeskWorker
    ingest: DeskIngest
    sweep: DeskSweep


def build(
    platform: AgentDesk,
    *,
    settings: Settings,
    database: Database,
    handoff: Handoff,
    agents: Agents,
    mirror: DeskMirror,
    media: Media,
    rules: Rulebook,
    signals: Signals,
    clock: Clock,
) -> AgentsDesk:
    """Tie a platform to the conversations whose changes ``mirror`` notes."""
    cards = Cards(rules, promised=settings.handoff_patience, public_url=settings.public_url)
    moves = handoff.moves
    return AgentsDesk(
        platform=platform,
        relay=DeskRelay(
            database=database,
            desk=platform,
            ledger=PostLedger(
                database=database, cards=cards, homes=Homes(cards), mirror=mirror, clock=clock
            ),
            load=media.loaded,
            signals=signals,
            clock=clock,
        ),
        worker=DeskWorker(
            database=database,
            desk=platform,
            agents=agents,
            presses=Presses(moves, agents, rules),
            threads=Threads(moves, mirror, rules),
            commands=Commands(
                moves=moves,
                cards=cards,
                view=DeskView(
                    database, rules=lambda: rules.rules, promised=settings.handoff_patience
                ),
                rules=rules,
            ),
            keep=media.keep_all,
            largest=media.largest,
            signals=signals,
            clock=clock,
        ),
        ingest=DeskIngest(database=database, signals=signals, clock=clock),
        sweep=DeskSweep(database=database, clock=clock),
    )
