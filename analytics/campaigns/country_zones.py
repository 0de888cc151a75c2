"""Which time zone to take for somebody of whom only the country is known. Pure.

Countries and their zones are those of the time zone database. Where a country has several, this is the one in which
most of its people live: a guess, and said to be one.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

MOST_PEOPLE: Mapping[str, str] = {
    "AQ": "Antarctica/McMurdo",
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "FM": "Pacific/Chuuk",
    "GL": "America/Nuuk",
    "ID": "Asia/Jakarta",
    "KI": "Pacific/Tarawa",
    "KZ": "Asia/Almaty",
    "MH": "Pacific/Majuro",
    "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti",
    "PG": "Pacific/Port_Moresby",
    "PS": "Asia/Gaza",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "UM": "Pacific/Wake",
    "US": "America/New_York",
    "UZ": "Asia/Tashkent",
}
"""Countries with several zones."""


@dataclass(frozen=True)
class Guess:
    """A zone; ``sure`` when the country has no other."""

    zone: ZoneInfo
    sure: bool


@cache
def zone_of_country(code: str) -> Guess | None:
    """Return the zone of a country by its two letters; None for one that is unknown or has nobody's clocks."""
    zones = zones_of_countries().get(code.upper(), ())
    if not zones:
        return None
    return Guess(ZoneInfo(MOST_PEOPLE.get(code.upper(), zones[0])), sure=len(zones) == 1)


@cache
def zones_of_countries() -> Mapping[str, tuple[str, ...]]:
    """Return all countries with their zones."""
    found: dict[str, list[str]] = defaultdict(list)
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            code, _, zone = line.split("\t")[:3]
            found[code].append(zone)
    return {code: tuple(zones) for code, zones in found.items()}
