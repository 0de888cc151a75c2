"""Rules and promises of time for commands."""

from app import rule_desk
from app.commands.opened import Opened
from app.platforms import MAIL, platforms
from console.rule_desk import RuleDesk
from desk.agentdesk.rules import Rulebook
from desk.commerce.policies import Policies


def opened_rules(opened: Opened) -> RuleDesk:
    """Return what commands about rules work with."""
    policies = Policies(opened.settings.policies)
    return rule_desk.desk(
        opened.database,
        opened.clock,
        policies,
        Rulebook(opened.settings.desk_rules, policies),
        has_mail=MAIL in platforms(opened.settings),
    )
