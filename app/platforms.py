"""The platforms on which customers and agents are, as the settings have them."""

from app import access, secret_key
from channels import registry
from channels.slack.desk import spec as slack_desk_spec
from channels.slack.desk.forms import Options
from channels.slack.desk.settings import SlackDeskSettings
from channels.slack.desk.spec import SlackDeskParts
from channels.spec import Tools
from desk import clock as clocks
from desk.agentdesk.rules import DeskRules, Rulebook
from desk.channel import Channel
from desk.clock import Clock
from desk.commerce.policies import Policies
from desk.settings import Settings
from desk.tables.conversation import Outcome
from desk.tables.ticket import TicketTopic

MAIL = "email"
"""The channel that carries codes to addresses."""


def check_settings(settings: Settings) -> None:
    """Read all settings of channels and of the agents' desk, before anything else takes its time.

    Raises:
        SettingsError: something is set up by half, or a file of rules is wrong.
    """
    access.oidc_settings(settings)
    platforms(settings)
    rules = Rulebook(settings.desk_rules, Policies(settings.policies)).rules
    slack_desk(settings, rules)


def platforms(settings: Settings, clock: Clock = clocks.now) -> dict[str, Channel]:
    """Return the channels that are set up besides the web chat; nothing is asked of their platforms yet.

    Raises:
        SettingsError: one is set up by half.
    """
    return registry.load(tools(settings, clock))


def slack_desk(
    settings: Settings, rules: DeskRules, clock: Clock = clocks.now
) -> SlackDeskParts | None:
    """Return the agents' desk in Slack if it is set up; nothing is asked of Slack yet.

    Raises:
        SettingsError: it is set up by half.
    """
    chosen = SlackDeskSettings.load()
    if chosen is None:
        return None
    teams = rules.teams.values()
    routed = [*(route.to for route in rules.routes), *(team.channel for team in teams)]
    return slack_desk_spec.build(
        chosen,
        tools(settings, clock),
        routed=filter(None, routed),
        options=Options(
            # That a customer is silent the clock says, not an agent.
            outcomes={
                one: one.replace("_", " ").capitalize()
                for one in Outcome
                if one is not Outcome.SILENT
            },
            topics=tuple(TicketTopic),
            teams=tuple(rules.teams),
        ),
    )


def tools(settings: Settings, clock: Clock = clocks.now) -> Tools:
    """Return what channels are built with."""
    secret = secret_key.known(settings)
    return Tools(clock=clock, secret=secret, public_url=settings.public_url)
