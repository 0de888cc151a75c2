"""The demo shop's people: where they live, how old they are, how often they buy and when they stop.

Everybody buys at a rate of their own and leaves after a purchase with a chance of their own, as Fader, Hardie and Lee
(2005) assume, so that what is computed of the demo can be compared with how it was made.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Column = NDArray[np.float64]
type Numbers = NDArray[np.int64]

DAYS = 913
"""Two and a half years."""

COUNTRIES: tuple[tuple[str, float, float, tuple[str, ...]], ...] = (
    ("US", 0.36, 1.0, ("Portland", "Austin", "Chicago", "Seattle", "Denver")),
    ("CN", 0.20, 1.3, ("上海", "北京", "杭州", "广州", "成都")),
    ("GB", 0.13, 1.0, ("London", "Leeds", "Bristol")),
    ("DE", 0.12, 1.1, ("Berlin", "Hamburg", "Köln")),
    ("FR", 0.07, 0.8, ("Lyon", "Paris")),
    ("CA", 0.06, 0.9, ("Toronto", "Vancouver")),
    ("NL", 0.04, 1.0, ("Utrecht", "Rotterdam")),
    ("SG", 0.02, 1.2, ("Singapore",)),
)
"""Country, its share of customers, how often people buy there compared with others, and cities."""
TIERS: tuple[tuple[str, float, float, float], ...] = (
    ("standard", 0.78, 1.0, 1.0),
    ("premium", 0.16, 2.2, 1.3),
    ("business", 0.06, 1.6, 2.6),
)
"""Tier, its share, how often, and how much at once."""
GENDERS = (("female", 0.55), ("male", 0.43), ("other", 0.02))
TASTES = (0.6, 0.4, 0.5, 0.12, 0.6)
"""How common it is to be fond of each kind of goods: home, kitchen, lighting, office, tea."""


@dataclass(frozen=True, kw_only=True)
class People:
    """Columns of one length; numbers point into the tables above, -1 is not known.

    ``joined`` is in days before today, ``rate`` in purchases a day, ``leaves`` the chance after each purchase.
    """

    country: Numbers
    city: Numbers
    tier: Numbers
    gender: Numbers
    age: Column
    knows_birthday: NDArray[np.bool_]
    joined: Column
    rate: Column
    leaves: Column
    spends: Column
    keen: Column
    taste: Column

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.joined)


def people(chance: np.random.Generator, count: int) -> People:
    """Draw people."""
    country = chance.choice(len(COUNTRIES), count, p=[one[1] for one in COUNTRIES])
    tier = chance.choice(len(TIERS), count, p=[one[1] for one in TIERS])
    gender = chance.choice(len(GENDERS), count, p=[one[1] for one in GENDERS])
    age = np.clip(18 + chance.gamma(4.0, 5.5, count), 18, 86)
    often = np.array([one[2] for one in COUNTRIES])[country]
    often = often * np.array([one[2] for one in TIERS])[tier]
    rate = chance.gamma(1.6, 1 / 1.6, count) * often * np.where(age < 30, 0.8, 1.1) / 75
    # Who is fond of the shop opens its letters, and stays.
    keen = chance.beta(1.6, 2.4, count)
    leaves = np.clip(chance.beta(1.1, 5.5, count) * (1.5 - keen), 0.005, 0.95)
    return People(
        country=_known(chance, country, 0.96),
        city=np.array([chance.integers(len(COUNTRIES[one][3])) for one in country]),
        tier=tier,
        gender=_known(chance, gender, 0.84),
        age=age,
        knows_birthday=chance.random(count) < 0.68,
        # The shop grows: more came lately than at first.
        joined=DAYS * (1 - chance.beta(1.1, 1.0, count)) + 1,
        rate=rate,
        leaves=leaves,
        spends=np.array([one[3] for one in TIERS])[tier],
        keen=keen,
        taste=chance.dirichlet(TASTES, count),
    )


def _known(chance: np.random.Generator, values: Numbers, share: float) -> Numbers:
    return np.where(chance.random(len(values)) < share, values, -1)
