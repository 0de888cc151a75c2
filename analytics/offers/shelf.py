"""Everything that is offered, ready to be compared with a person: made anew when an offer or the index changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from analytics.offers import bandit, vectors
from analytics.offers.bandit import Floats
from analytics.offers.content import Content, cosines
from analytics.offers.index import Index, Known
from analytics.offers.model import Because, Offer, Reason, State

type Names = Mapping[str, tuple[str, str, str]]
"""What things are called in English and Chinese, and their category, by SKU."""

_BOUGHT, _SEEN = 1.0, 0.4
"""How much a purchase says of somebody's taste, and having looked."""
_OLDER = 0.9
"""Of two purchases the older one says that much less."""
_ALIKE_FROM = 0.12
"""Cosine of two texts from which on people see why; below it a reason would look like an accident."""
_TASTE_FROM = 0.15
_MANY = 20
"""Purchases that make somebody as regular as can be."""


@dataclass(frozen=True)
class Person:
    """A person on a shelf: items by place with their weights, and what is known."""

    places: tuple[int, ...]
    weights: tuple[float, ...]
    known: Known


class Shelf:
    """Offers with their texts as vectors and their items' places in the index."""

    def __init__(self, offers: Sequence[Offer], names: Names, index: Index) -> None:
        self.offers = tuple(offers)
        self.place = {offer.id: place for place, offer in enumerate(self.offers)}
        self._names = names
        self._index = index
        texts = [_said(offer, names) for offer in self.offers]
        items = zip(index.items, index.names, index.categories, strict=True)
        texts += [" ".join((name, category, *names.get(sku, ()))) for sku, name, category in items]
        self._content = Content(texts)
        self._vectors = self._content.vectors[: len(self.offers)]
        self._item: NDArray[np.intp] = np.array(
            [index.place.get(offer.sku or "", -1) for offer in self.offers], np.intp
        )
        self._is_item = self._item >= 0

    def person(self, known: Known) -> Person:
        """Return somebody with the weights of what they did."""
        groups = ((known.bought, _BOUGHT), (known.seen, _SEEN))
        weights = [worth * _OLDER**n for places, worth in groups for n in range(len(places))]
        return Person((*known.bought, *known.seen), tuple(weights), known)

    def features(self, person: Person) -> Floats:
        """Return what is known of each offer and this person, columns as ``bandit.FEATURES``."""
        found = np.zeros((len(self.offers), bandit.SIZE))
        own = self._vector(person)
        found[:, 0] = 1.0
        found[:, 1] = np.clip(cosines(self._vectors, own), 0.0, 1.0)
        items = self._item[self._is_item]
        if len(items):
            known = person.known
            taste = self._index.factors[items] @ known.factors
            found[self._is_item, 2] = np.clip(taste, 0.0, 1.0)
            found[self._is_item, 3] = self._index.popularity[items]
            found[self._is_item, 4] = np.isin(items, known.bought)
        found[:, 5] = min(np.log1p(person.known.purchases) / np.log1p(_MANY), 1.0)
        return found

    def _vector(self, person: Person) -> Floats:
        first = len(self.offers)
        rows = [first + place for place in person.places]
        return self._content.person(rows, person.weights, person.known.words)

    def eligible(self, segments: frozenset[int], now: datetime) -> NDArray[np.intp]:
        """Return the places of the offers that are on now, for somebody who belongs to these segments."""
        places = [
            place
            for place, offer in enumerate(self.offers)
            if (offer.segment_id is None or offer.segment_id in segments)
            and offer.state(now) is State.ACTIVE
        ]
        return np.array(places, np.intp)

    def because(self, place: int, person: Person, features: Floats) -> Because:
        """Return why this offer is for this person: what speaks for it most, said only if it is true."""
        reason = self._by_texts(place, person) or self._by_taste(place, person, features[2])
        if reason is not None:
            return reason
        return Because(reason=Reason.POPULAR if features[3] > 0 else Reason.CURRENT)

    def _by_texts(self, place: int, person: Person) -> Because | None:
        if not person.places:
            return None
        first = len(self.offers)
        alike = self._content.alike(place, [first + one for one in person.places])
        best = int((alike * np.asarray(person.weights)).argmax())
        if alike[best] < _ALIKE_FROM:
            return None
        bought = best < len(person.known.bought)
        return self._named(Reason.BOUGHT if bought else Reason.SEEN, person.places[best])

    def _by_taste(self, place: int, person: Person, taste: float) -> Because | None:
        item, bought = self._item[place], person.known.bought
        if taste < _TASTE_FROM or item < 0 or not bought or item in bought:
            return None
        factors = self._index.factors
        nearest = int(vectors.cosines(factors[list(bought)], factors[item]).argmax())
        return self._named(Reason.ALIKE, bought[nearest])

    def _named(self, reason: Reason, item: int) -> Because:
        sku = self._index.items[item]
        english, chinese, _ = self._names.get(sku, (self._index.names[item],) * 2 + ("",))
        return Because(reason=reason, item=sku, name_en=english, name_zh=chinese)


def _said(offer: Offer, names: Names) -> str:
    texts = (offer.title_en, offer.title_zh, offer.text_en, offer.text_zh)
    return " ".join((*texts, *names.get(offer.sku or "", ())))
