"""Whether somebody wants to hear no more from us, and whether we had better ask. Pure.

Obeyed is only what says nothing else: "stop my order" is the shop's matter, and "stop. where is it?" a question.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from desk.contacts import stop_forms as forms

_LONGEST = 240
"""Whoever writes more than this says something else as well."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """They want no more. A ``bare`` word may answer another question; ``as_answer`` is one only below a campaign."""

    bare: bool = False
    as_answer: bool = False


@dataclass(frozen=True)
class Ask:
    """It is about stopping, but perhaps they do not want to: ask."""


type Meant = Stop | Ask | None

_HINT = re.compile(
    r"st+o+p|stpo|sotp|tsop|un-?su|unsub|opt|no (?:more )?\w|do|off|remove|quit|cancel|end|arret|revoke"
    r"|withdraw|object"
    r"|exit|never|want|disable|block|mute|cease|[tn]\b|td|[退订訂停别別拒不勿滚]|推订|取消|名单|名單|撤|关[闭掉]|關|禁止|莫|屏蔽|收回"
)
_QUOTED = re.compile(
    r"^\s*(?:>.*|-{2,}\s*(?:original message|forwarded message|原始邮件|转发的邮件).*|on .{4,120} wrote:\s*"
    r"|.{4,120}写道[:：]?\s*|(?:from|发件人)\s*[:：].*|-- ?|_{5,})$",
    re.IGNORECASE | re.MULTILINE,
)
_SPACED = re.compile(r"\b(?:[a-z][ .\-_]){3,}[a-z]\b")
_NOISE = re.compile(r"[^\w\s'?,.;:!，。！？；、\n-]|_")
_CLAUSE = re.compile(r"[.!?;:,\n，。！？；、]+|\s-+\s|--+|-+$|^-+")
_COURTESY_EN = re.compile(
    r"(?:please|pls|plz|plse|kindly|thanks?|thank you|thank u|thx|ty|tks|many thanks|thanks a lot"
    r"|thank you (?:so|very) much"
    r"|now|immediately|at once|asap|right away|right now|just|ok|okay|hi|hello|hey|sorry|dear|sir|madam|team"
    r"|guys|bot|there|kind"
    r"|regards|best|cheers|yes|yeah|well|so|and|but|also|oh|god|man|already|again|simply|today|all right"
    r"|alright|hey there)"
)
_EDGES_EN = re.compile(rf"^(?:{_COURTESY_EN.pattern}\s+)+|(?:\s+{_COURTESY_EN.pattern})+$")
_COURTESY_ZH = re.compile(
    r"^(?:请|請|麻烦|麻煩|您好|你好|亲爱的|亲|拜托|拜託|谢谢|謝謝|感谢|多谢|好的|那|嗯|哦|客服|喂)+"
    r"|(?:谢谢|謝謝|感谢|多谢|谢了|拜托|麻烦)(?:你们?|您|你們|了|啦|!)*$"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_START = re.compile(
    r"(?:start|unstop|resume|re-?subscribe|subscribe(?: me)?(?: again)?|sign me (?:back )?up(?: again)?"
    r"|opt(?: me)? (?:back )?in"
    r"|(?:start|resume) (?:sending(?: me)? )?(?:the |your )?(?:messages|offers|texts)(?: again)?)"
    r"|(?:重新|恢复|恢復|再次)?(?:订阅|訂閱|接收)(?:消息)?|(?:恢复|恢復)(?:订阅|推送|发送|接收)?|(?:取消|恢复)?退订恢复|(?:取消|恢复)退订"
    r"|退訂恢復|重新订阅"
)


def understood(text: str, language: str) -> Meant:
    """Return what a whole message says about stopping; None when it is about something else.

    ``language`` is that of the conversation: "TD" is a word in Chinese only.
    """
    plain = _plain(text)
    if not 0 < len(plain) <= _LONGEST or not _HINT.search(plain):
        return None
    clauses = list(_clauses(plain))
    meanings = [_clause(clause, language) for clause in clauses]
    meant = [one for one in meanings if one is not None]
    others = [clause for clause, one in zip(clauses, meanings, strict=True) if one is None]
    if not meant:
        return None
    if any(isinstance(one, Ask) for one in meant):
        return None if others else Ask()
    stops = [one for one in meant if isinstance(one, Stop)]
    if any(not _is_harmless(one) for one in others):
        # "unsubscribe me. where is my order?" says two things; "stop. the kettle leaks" hardly this one.
        return Ask() if any(_is_clear(clause) for clause in clauses) else None
    if re.search(r"[?？]", plain) and not _is_request(plain):
        return Ask()
    sure = [one for one in stops if not one.as_answer]
    return Stop(bare=not sure or all(one.bare for one in sure), as_answer=not sure)


def is_start(text: str) -> bool:
    """Say whether somebody who had stopped wants to hear from us again."""
    clauses = list(_clauses(_plain(text)))
    return len(clauses) == 1 and _START.fullmatch(clauses[0]) is not None


def _plain(text: str) -> str:
    """Return the words above any quotation: one width, one case, without emoji, letters that stand apart joined."""
    quoted = _QUOTED.search(text)
    own = text[: quoted.start()] if quoted else text
    if not own.strip() or len(own) > 4 * _LONGEST:
        return ""
    plain = unicodedata.normalize("NFKC", own).casefold().replace("’", "'").replace("‘", "'")
    plain = "".join(
        c for c in plain if unicodedata.category(c) not in ("So", "Sk", "Cf", "Mn", "Me")
    )
    plain = _SPACED.sub(lambda found: re.sub(r"[ .\-_]", "", found[0]), _NOISE.sub(" ", plain))
    return " ".join(plain.split(" ")).strip()


def _clauses(plain: str) -> Iterator[str]:
    """Return the clauses without courtesies; what was nothing else is left out."""
    for part in _CLAUSE.split(plain):
        clause = " ".join(part.split()).strip(" '-")
        if _HAN.search(clause):
            clause = _COURTESY_ZH.sub("", clause.replace(" ", ""))
        else:
            clause = " ".join(map(_spelt, clause.split()))
            clause = "" if _COURTESY_EN.fullmatch(clause) else _EDGES_EN.sub("", clause)
        if clause and not _COURTESY_EN.fullmatch(clause):
            yield clause


_SLIPS = {
    "stpo": "stop",
    "sotp": "stop",
    "tsop": "stop",
    "sto": "stop",
    "stp": "stop",
    "stip": "stop",
}
_STOOOP = re.compile(r"s+t+o+p+(all|ping)?")


def _spelt(word: str) -> str:
    """Return a word as it was meant: "STOOOP", "unsuscribe"."""
    long = _STOOOP.fullmatch(word)
    if long and word not in ("stoop", "stoops"):
        return f"stop{long[1] or ''}"
    if word in _SLIPS:
        return _SLIPS[word]
    plain = word.replace("-", "")
    near = 8 <= len(plain) <= 14 and plain.startswith("un") and plain[2:3] in "sbud"
    if (
        near
        and _distance(plain.removesuffix("d"), "unsubscribe") <= 3
        and "sc" in plain + "sc" * ("ib" in plain)
    ):
        return "unsubscribe"
    return word


def _distance(one: str, other: str) -> int:
    """Return how many letters must be put in, left out or changed."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def _clause(clause: str, language: str = "") -> Meant:
    if language == "zh" and clause == "td":
        return Stop(bare=True)
    return _chinese(clause) if _HAN.search(clause) else _english(clause)


def _english(clause: str) -> Meant:
    said = _stop_en(clause)
    if said is not None:
        return said
    asks = _rest(clause, forms.ASKS_HOW_EN, _sure_en)
    negated = _rest(clause, forms.NOT_EN, _sure_en)
    wish = _rest(clause, forms.WISH_EN, _sure_en)
    if negated or (asks and not wish) or wish == "stop":
        return Ask()
    return _stop_en(wish) if wish else None


def _stop_en(clause: str) -> Stop | None:
    return _stop(clause, forms.PLAIN_EN, forms.STOP_EN, forms.AS_ANSWER_EN)


def _chinese(clause: str) -> Meant:
    said = _stop_zh(clause)
    if said is not None:
        return said
    if forms.KEEP_ZH.fullmatch(clause) or _UNSURE_ZH.fullmatch(clause):
        return Ask()
    plain = clause.rstrip("吗嗎么呢")
    if _rest(plain, forms.NOT_ZH, _sure_zh) or (plain != clause and _sure_zh(plain)):
        return Ask()
    wish = _rest(plain, forms.WISH_ZH, _sure_zh)
    asks = _rest(plain, forms.ASKS_HOW_ZH, _sure_zh)
    if asks and (plain != clause or not wish):
        return Ask()
    return _stop_zh(wish) if wish else None


_UNSURE_ZH = re.compile(r"(?:请)?(?:不要|别|別)(?:给我)?(?:发|發)了?(?:吧|啊|啦)?")
"""Of goods or of messages?"""


def _stop_zh(clause: str) -> Stop | None:
    return _stop(clause, forms.PLAIN_ZH, forms.STOP_ZH, forms.AS_ANSWER_ZH)


def _stop(
    clause: str, bare: re.Pattern[str], clear: re.Pattern[str], as_answer: re.Pattern[str]
) -> Stop | None:
    if bare.fullmatch(clause):
        return Stop(bare=True)
    if clear.fullmatch(clause):
        return Stop()
    return Stop(bare=True, as_answer=True) if as_answer.fullmatch(clause) else None


def _rest(clause: str, before: re.Pattern[str], fits: Callable[[str], bool]) -> str:
    """Return what follows the words in front, if there are some and it fits; else nothing."""
    found = before.match(clause)
    rest = _EDGES_EN.sub("", clause[found.end() :].strip()) if found else ""
    return rest if rest and fits(rest) else ""


def _sure_en(clause: str) -> bool:
    return _is_sure(_stop_en(clause))


def _sure_zh(clause: str) -> bool:
    return _is_sure(_stop_zh(clause))


def _is_sure(stop: Stop | None) -> bool:
    return stop is not None and not stop.as_answer


def _is_clear(clause: str) -> bool:
    """Say whether a clause names messages or a subscription, and is more than the bare word."""
    said = _clause(clause)
    return isinstance(said, Stop) and not said.as_answer and clause not in ("stop", "td", "停止")


def _is_harmless(clause: str) -> bool:
    """Say whether a clause only says how they feel about it."""
    return bool(forms.HARMLESS_EN.fullmatch(clause) or forms.HARMLESS_ZH.fullmatch(clause))


def _is_request(plain: str) -> bool:
    return (
        re.search(r"\b(?:can|could|would|will) (?:you|u|ya)\b|能不能|能否|可不可以|可以", plain)
        is not None
    )
