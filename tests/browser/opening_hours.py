"""The shop's rules with other opening hours: what is said about waiting depends on them, and what is promised."""

from pathlib import Path

from tests.conftest import ROOT


def always_open(folder: Path) -> Path:
    """Write the rules of a shop where people are always at work into a folder."""
    text = (ROOT / "policies.yml").read_text()
    for hours in ('["9:00-18:00"]', '["10:00-16:00"]', "sunday: []"):
        text = text.replace(hours, hours.partition("[")[0] + '["0:00-24:00"]')
    head, _, tail = text.partition("  holidays:")
    path = folder / "policies.yml"
    path.write_text(head + "  holidays: []\n" + tail[tail.index("\nrefunds:") :])
    return path
