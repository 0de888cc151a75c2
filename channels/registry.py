"""Every kind of channel that can be set up. A new one is added here, and nowhere else."""

from collections.abc import Sequence
from typing import Any

from channels.mail.spec import SPEC as EMAIL
from channels.matrix.spec import SPEC as MATRIX
from channels.slack.desk.spec import PREFIX as AGENTS_DESK
from channels.slack.spec import SPEC as SLACK
from channels.spec import Spec, Tools
from channels.telegram.spec import SPEC as TELEGRAM
from channels.webhook.spec import SPEC as WEBHOOK
from channels.x.spec import SPEC as X
from desk.channel import Channel

SPECS: Sequence[Spec[Any]] = (TELEGRAM, SLACK, X, EMAIL, MATRIX, WEBHOOK)

PREFIXES = (*(spec.prefix for spec in SPECS), AGENTS_DESK)
"""What the keys of settings begin with that are read here: the channels' and the agents' desk's."""


def load(tools: Tools) -> dict[str, Channel]:
    """Return the channels that have settings, by name.

    Raises:
        SettingsError: one is set up by half; the line names the key.
    """
    loaded = ((spec.name, spec.load(tools)) for spec in SPECS)
    return {name: channel for name, channel in loaded if channel is not None}
