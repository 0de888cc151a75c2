"""Valence and anger of Chinese text: known runs of characters, turned by negation, scaled by degree, weighed by "but".

Rules and word lists are our own; there is no segmenter. The scale is VADER's: -4 to 4 for a word.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.nlu.mood.entries import Entry, Tone
from bot.nlu.mood.phrases import Phrases

NEGATION = -0.8
# A modifier reaches over this many characters ("不是很满意").
REACH = 4
# "Does it break?" tells little about the mood.
ASKED = 0.25
MILD = 2.0
STRONGEST = 2.0

_NEGATIONS = """
不 没 没有 不是 不会 不太 不够 不怎么 不能说 不算 无 毫无 未 别 谈不上 说不上 算不上 从来没 从未 并不 一点都不 一点也不
"""
_DEGREES = {
    "很 真 真的 好 挺 蛮 还": 1.15,
    "非常 特别 太 超 超级 极 极其 最 巨 贼 十分 实在 这么 那么 根本 完全 简直 严重": 1.35,
    "有点 有点儿 有些 稍微 略 一点 比较": 0.7,
}
_CLAUSES = re.compile(r"[^\s,，。.!！?？;；~～、…]+|[?？]")
_TURN = re.compile("但是|但|可是|不过|然而|就是(?!你|他|个|骗|不|要|我)")
_ASKS = re.compile(
    "吗|嘛$|如何|怎样|怎么(?!又|还|这么|不|那么|回事|总|老|都|样)|多少(?!次|遍)"
    "|能不能|可不可以|会不会|可以.+吗|在哪|哪里|渠道|[?？]$"
)
# "好看是好看 穿一天就坏了": what is granted counts as before a "but".
_GRANTED = re.compile(r"(.{1,3})是\1")
# Other writings of characters in the lists.
_FOLDED = str.maketrans(
    "謝讚滿歡氣騙錯髒貴們沒質壞爛過說還給個處禮麗費幣錢業熱細親謊惡傷難後無語訴舉報維權師終於東開這樣應該時間點裡態務實發動別"
    "買賣賠銷問題聽當產離譜誠穩順適貼專優驚較讓貨運舊碼寫兩從會麼閃鬧著漲價虛徵簽屬厲極簡殘廢損斷網頁載寶評醜約嚴誤號換續獎願"
    "責擔請經領導員腦電話遲壹貳叁幾",
    "谢赞满欢气骗错脏贵们没质坏烂过说还给个处礼丽费币钱业热细亲谎恶伤难后无语诉举报维权师终于东开这样应该时间点里态务实发动别"
    "买卖赔销问题听当产离谱诚稳顺适贴专优惊较让货运旧码写两从会么闪闹着涨价虚征签属厉极简残废损断网页载宝评丑约严误号换续奖愿"
    "责担请经领导员脑电话迟一二三几",
)


class _Modifier(NamedTuple):
    factor: float


class Chinese:
    """Reads the tone of Chinese text by a list of valences."""

    def __init__(self, entries: dict[str, Entry]) -> None:
        """`read_entries("chinese")` reads the one that is shipped."""
        pieces: dict[tuple[str, ...], Entry | _Modifier] = {
            tuple(word): _Modifier(NEGATION) for word in _NEGATIONS.split()
        }
        for words, factor in _DEGREES.items():
            pieces |= {tuple(word): _Modifier(factor) for word in words.split()}
        pieces |= {tuple(text): entry for text, entry in entries.items()}
        self._phrases = Phrases(pieces)

    def read(self, text: str) -> Tone:
        """The tone of a whole message."""
        sums = [0.0, 0.0]
        anger: list[float] = []
        turned = 0
        for clause in _clauses(_GRANTED.sub(r"\1但", text.translate(_FOLDED))):
            for place, part in enumerate(_TURN.split(clause)):
                turned = 1 if turned or place else 0
                tone = self._clause(part)
                sums[turned] += tone.valence
                anger.extend(tone.anger)
        return Tone(sums[0] * 0.5 + sums[1] * 1.5 if turned else sums[0], tuple(anger))

    def _clause(self, clause: str) -> Tone:
        valence = 0.0
        anger: list[float] = []
        factor, reach = 1.0, 0
        asked = ASKED if _ASKS.search(clause) else 1.0
        for start, end, piece in self._phrases.find(clause):
            if start > reach:
                factor = 1.0
            if isinstance(piece, _Modifier):
                # However many times "very" is said, it is no more than this.
                factor = max(-STRONGEST, min(STRONGEST, factor * piece.factor))
                reach = end + REACH
                continue
            # What is denied ("我不生气") is not shouted.
            if piece.anger and factor > 0:
                anger.append(piece.anger)
            valence += piece.valence * factor * (asked if abs(piece.valence) <= MILD else 1.0)
            factor = 1.0
        return Tone(valence, tuple(anger))


def _clauses(text: str) -> list[str]:
    """Runs between punctuation and spaces; a question mark stays on what it asks."""
    clauses: list[str] = []
    for run in _CLAUSES.findall(text):
        if run in "?？":
            if clauses:
                clauses[-1] += run
        else:
            clauses.append(run)
    return clauses
