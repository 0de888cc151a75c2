"""Ways to spoil what a platform sends: its JSON, its bytes, its headers. All from one seeded source of chance."""

import copy
import random
import string
from collections.abc import Callable, Mapping
from typing import Any

type Json = Any

_WORDS = [
    "",
    " ",
    "\x00",
    "\ud800",
    "\u202e\u200b",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "/restart",
    "{{7*7}}",
    "=1+1",
    "9" * 400,
    "é界😀" * 50,
    "x" * 20_000,
    "true",
    "null",
    "1e999",
]
_VALUES: list[Json] = [
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    10**30,
    1.5,
    -0.0,
    [],
    {},
    [None],
    {"": None},
    [[[[[[]]]]]],
    "",
]


def spoil(raw: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return an update with one to three things changed anywhere in it."""
    changed = copy.deepcopy(dict(raw))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        _spoil_once(changed, chance)
    return changed


def _spoil_once(root: dict[str, Any], chance: random.Random) -> None:
    holder, key = chance.choice(list(_places(root)) or [(root, "extra")])
    chance.choice(_WAYS)(holder, key, chance)


def _places(node: Json) -> list[tuple[Json, Any]]:
    found = []
    waiting = [node]
    while waiting:
        here = waiting.pop()
        keys = list(here) if isinstance(here, dict) else range(len(here))
        for key in keys:
            found.append((here, key))
            if isinstance(here[key], dict | list):
                waiting.append(here[key])
    return found


def _drop(holder: Json, key: Any, chance: random.Random) -> None:
    if isinstance(holder, dict):
        holder.pop(key, None)
    elif key < len(holder):
        del holder[key]


def _other_value(holder: Json, key: Any, chance: random.Random) -> None:
    holder[key] = copy.deepcopy(chance.choice(_VALUES))


def _other_words(holder: Json, key: Any, chance: random.Random) -> None:
    holder[key] = chance.choice(_WORDS)


def _another_name(holder: Json, key: Any, chance: random.Random) -> None:
    if isinstance(holder, dict) and key in holder:
        name = chance.choice([*_WORDS, str(key).upper(), f"{key}_"])
        holder[name] = holder.pop(key)


def _another_text(holder: Json, key: Any, chance: random.Random) -> None:
    value = holder.get(key) if isinstance(holder, dict) else holder[key]
    if isinstance(value, str):
        at = chance.randrange(len(value) + 1)
        holder[key] = value[:at] + chance.choice(string.printable) + value[at + 1 :]
    elif isinstance(value, int):
        holder[key] = value + chance.choice((-1, 1, 10**6, chance.getrandbits(62)))


def _nest(holder: Json, key: Any, chance: random.Random) -> None:
    value = holder.get(key) if isinstance(holder, dict) else holder[key]
    for _ in range(chance.choice((1, 5, 60))):
        value = [value] if chance.random() < 0.5 else {"x": value}
    holder[key] = value


def _repeat(holder: Json, key: Any, chance: random.Random) -> None:
    if isinstance(holder, list):
        holder.extend(copy.deepcopy(holder[:20]))
    else:
        holder[f"{key}2"] = copy.deepcopy(holder.get(key))


_WAYS: list[Callable[[Json, Any, random.Random], None]] = [
    _drop,
    _other_value,
    _other_words,
    _another_name,
    _another_text,
    _another_text,
    _nest,
    _repeat,
]


def flip(body: bytes, chance: random.Random) -> bytes:
    """Return other bytes: one changed, some cut off, some put in."""
    at = chance.randrange(len(body) + 1)
    way = chance.randrange(3)
    if way == 0 and at < len(body):
        return body[:at] + bytes([body[at] ^ (1 << chance.randrange(8))]) + body[at + 1 :]
    if way == 1 and at < len(body):
        return body[:at]
    return body[:at] + chance.randbytes(chance.choice((1, 2, 9))) + body[at:]


def garbage(chance: random.Random) -> bytes:
    """Return a body that is no update: bytes, broken JSON, JSON of another shape."""
    return chance.choice(
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b"[1,2",
            b'"text"',
            b"\xff\xfe\x00",
            b"[" * 5_000,
            b'{"a":' * 3_000 + b"1",
            chance.randbytes(chance.choice((1, 50, 2_000))),
            b"a=1&b=2",
            b"payload=%7B%7D",
            b"<xml/>",
            b"NaN",
        ]
    )


def spoil_header(value: str, chance: random.Random) -> str | None:
    """Return another value of a header; None to leave it out."""
    at = chance.randrange(len(value) + 1)
    flipped = value[:at] + chance.choice("0123456789abcdefXYZ=,. ") + value[at + 1 :]
    other = [None, "", value[:at], value + value, flipped, value.swapcase(), "v0=", "9" * 60]
    return chance.choice([*other, flipped, flipped, "é界"])
