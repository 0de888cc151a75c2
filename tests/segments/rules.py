"""Any rule at all, for tests that ask of every rule."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

type Json = dict[str, Any]


def _maybe(needed: Json, **more: SearchStrategy[Any]) -> SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {
            name: one if isinstance(one, SearchStrategy) else st.just(one)
            for name, one in needed.items()
        },
        optional=more,
    )


_DATES = st.sampled_from(("2025-03-01", "2026-01-29", "2026-01-30", "2026-02-22", "2026-03-01"))
_WINDOWS = st.one_of(
    st.fixed_dictionaries({"days": st.sampled_from((1, 7, 30, 31, 90, 365))}),
    st.fixed_dictionaries({"since": _DATES}),
    st.fixed_dictionaries({"until": _DATES}),
    st.tuples(_DATES, _DATES).map(lambda two: {"since": min(two), "until": max(two)}),
)
_OPS = st.sampled_from(("at_least", "at_most", "exactly"))
_COUNTS = st.one_of(
    st.fixed_dictionaries({"value": st.integers(1, 4)}),
    st.fixed_dictionaries(
        {"op": st.sampled_from(("at_most", "exactly")), "value": st.integers(0, 4)}
    ),
)
_SUMS = st.fixed_dictionaries(
    {
        "measure": st.sampled_from(("sum", "average", "min", "max")),
        "op": _OPS,
        "value": st.sampled_from((0, 0.1, 0.3, 0.6, 2.5, 10, 25, 35)),
    }
)
_SINCE = st.fixed_dictionaries(
    {
        "measure": st.just("days_since"),
        "op": st.sampled_from(("at_least", "at_most")),
        "value": st.sampled_from((1, 7, 30, 30.5, 90)),
    }
)


def _with(first: SearchStrategy[Json], second: SearchStrategy[Json]) -> SearchStrategy[Json]:
    return st.tuples(first, second).map(lambda two: two[0] | two[1])


_WINDOWED = _maybe({}, window=_WINDOWS)
_COUNTED = st.one_of(_with(_COUNTS, _WINDOWED), _SINCE)
_MEASURED = st.one_of(_COUNTED, _with(_SUMS, _WINDOWED))

_TEXTS = {
    "country": ("DE", "cn"),
    "city": ("berlin",),
    "language": ("en", "zh"),
    "gender": ("female", "Other"),
    "tier": ("gold",),
    "name": ("a.", "A. B."),
    "email": ("example", "1@example.com"),
    "phone": ("555",),
    "customer_id": ("1", "2"),
    "contact_id": ("k",),
}


def _text(field: str) -> SearchStrategy[Json]:
    base, value = {"kind": "person", "field": field}, st.sampled_from(_TEXTS[field])
    return st.one_of(
        _maybe(base | {"op": "is", "value": value}),
        _maybe(base | {"op": "contains", "value": value}),
        _maybe(base | {"op": "one_of", "values": st.lists(value, min_size=1, max_size=3)}),
        st.just(base | {"op": "known"}),
    )


_AGE = {"kind": "person", "field": "age"}
_DATED = {"kind": "person", "field": st.sampled_from(("born", "created_at"))}
_PERSON = st.one_of(
    st.sampled_from(sorted(_TEXTS)).flatmap(_text),
    _maybe(_AGE | {"op": "between", "low": st.sampled_from((19, 20, 26, 30))}),
    _maybe(_AGE | {"op": "between", "high": st.sampled_from((19, 26, 29, 30))}),
    _maybe(_AGE | {"op": "between", "low": 20, "high": 30}),
    st.just(_AGE | {"op": "known"}),
    _maybe(_DATED | {"op": st.sampled_from(("before", "after")), "value": _DATES}),
    _maybe(_DATED | {"op": "before", "value": "1996-03-01"}),
    _maybe(_DATED | {"op": "within", "days": st.sampled_from((1, 30, 31))}),
    _maybe(_DATED | {"op": "known"}),
)
_CHANNELS = st.sampled_from(("email", "web", "telegram"))
_EVENTS = _maybe(
    {"kind": "event", "name": st.sampled_from(("page_view", "email_open", "message.received"))},
    channel=_CHANNELS,
    item=st.sampled_from(("a-1", "nothing")),
)
_PURCHASES = _maybe(
    {"kind": "purchase"},
    sku=st.sampled_from(("a-1", "b-2")),
    category=st.sampled_from(("tea", "cups")),
)
_TICKETS = _maybe(
    {"kind": "ticket"},
    open=st.booleans(),
    topic=st.sampled_from(("refund", "complaint")),
    priority=st.sampled_from(("low", "urgent")),
)

LEAVES = st.one_of(
    _PERSON,
    _with(_EVENTS, _MEASURED),
    _with(_PURCHASES, _MEASURED),
    _with(_TICKETS, _COUNTED),
    _maybe(
        {
            "kind": "feedback",
            "of": st.sampled_from(("csat", "nps")),
            "value": st.sampled_from((1, 3, 5)),
        },
        op=_OPS,
    ),
    _maybe({"kind": "score", "name": "churn", "op": _OPS, "value": st.sampled_from((0, 0.25, 1))}),
    _maybe({"kind": "score", "name": "rfm_money", "op": _OPS, "value": st.integers(1, 5)}),
    _maybe(
        {
            "kind": "score",
            "name": "rfm",
            "words": st.lists(
                st.sampled_from(("champions", "lost", "new")), min_size=1, max_size=2
            ),
        }
    ),
    _maybe(
        {
            "kind": "tag",
            "values": st.lists(
                st.sampled_from(("vip", "tier=gold", "new")), min_size=1, max_size=2
            ),
        }
    ),
    _maybe({"kind": "consent", "purpose": "marketing"}, granted=st.booleans()),
    _maybe({"kind": "reach", "channel": _CHANNELS}),
)
"""One question of any kind."""


def _groups(inner: SearchStrategy[Json]) -> SearchStrategy[Json]:
    parts = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        parts.map(lambda several: {"all": several}),
        parts.map(lambda several: {"any": several}),
        inner.map(lambda one: {"not": one}),
    )


RULES = st.recursive(LEAVES, _groups, max_leaves=8).map(
    lambda where: {"version": 1, "where": where}
)
"""Any rule, groups in groups."""

_BOUGHT = {"kind": "purchase", "window": {"days": 30}}
PINNED: list[Json] = [
    {"kind": "person", "field": "country", "op": "one_of", "values": ["de", "CN"]},
    {"kind": "person", "field": "age", "op": "between", "low": 20, "high": 30},
    {"kind": "person", "field": "created_at", "op": "within", "days": 31},
    {"kind": "person", "field": "name", "op": "contains", "value": "A."},
    _BOUGHT,
    {"not": _BOUGHT | {"measure": "sum", "value": 0.3}},
    {"kind": "purchase", "measure": "average", "value": 10, "category": "tea"},
    {"kind": "purchase", "measure": "days_since", "value": 30},
    {"kind": "event", "name": "email_open", "op": "at_most", "value": 0, "channel": "email"},
    {"kind": "ticket", "open": True, "topic": "refund"},
    {"kind": "feedback", "of": "csat", "op": "exactly", "value": 3},
    {"kind": "event", "name": "page_view", "window": {"days": 7}},
    {"kind": "event", "name": "page_view", "op": "at_most", "value": 1, "window": {"days": 30}},
    {
        "kind": "event",
        "name": "email_open",
        "window": {"since": "2026-01-29", "until": "2026-02-22"},
    },
    {"kind": "event", "name": "page_view", "measure": "min", "op": "at_most", "value": 1},
    {"kind": "feedback", "of": "nps", "value": 3},
    {"kind": "person", "field": "created_at", "op": "after", "value": "2026-01-29"},
    {"kind": "person", "field": "born", "op": "before", "value": "1996-03-02"},
    {"kind": "person", "field": "age", "op": "between", "low": 30},
    {"kind": "person", "field": "age", "op": "between", "high": 29},
    {"kind": "purchase", "measure": "sum", "op": "at_most", "value": 0.3},
    {"kind": "purchase", "measure": "sum", "op": "exactly", "value": 0.3, "window": {"days": 365}},
    {"all": [_BOUGHT, _BOUGHT | {"window": {"days": 365}, "measure": "max", "value": 25}]},
    {"kind": "ticket", "open": False, "measure": "days_since", "op": "at_most", "value": 30},
    {"not": {"kind": "consent", "purpose": "marketing"}},
    {"kind": "score", "name": "churn", "op": "at_least", "value": 0.25},
    {
        "all": [
            {"not": {"kind": "tag", "values": ["vip"]}},
            {"any": [_BOUGHT, {"kind": "score", "name": "rfm", "words": ["lost"]}]},
            {"kind": "reach", "channel": "email"},
            {"not": {"kind": "ticket", "value": 2}},
        ]
    },
]
"""Rules whose answers depend on every border, on every engine and at every run."""
