"""A message as its channel shows it, in one text: what it has no place for is written above or below. Pure."""

from analytics.campaigns.template import Rendered
from desk.channel import Feature
from desk.outbox.shape import degraded


def shown(said: Rendered, features: frozenset[Feature], *, has_subject: bool = False) -> str:
    """Return the text with the subject above it, and choices, links and the image below, where they have no place."""
    text = f"{said.subject}\n\n{said.text}" if said.subject and not has_subject else said.text
    text = degraded(text, said.buttons, features, said.language)
    if said.image and Feature.ATTACHMENTS not in features:
        text += f"\n\n{said.image}"
    return text
