"""What a customer wrote, without what their program quoted below it."""

import re
from functools import cache

from mailparser_reply.parser import EmailMessage  # type: ignore[import-untyped]

_LONGEST_LINE = 200
_MOST_LINES = 3000
_MORE_HEADERS = re.compile(
    r"^[> ]*(?:"
    r"-{2,} ?(?:Original Message|Original|原始邮件|原始郵件|回复的原邮件) ?-{2,}"
    r"|(?:At |在|于)? ?\d{4}[年/-].{0,150}(?:wrote|写道|寫道)[:：]"
    r"|.{0,150}(?:于|在) ?\d{4}.{0,80}(?:写道|寫道)[:：]"
    r"|(?:发件人|發件人)：.*\n(?:.*\n){0,2}[> *]*(?:发送时间|日期|时间|收件人)：.*"
    r")$",
    re.MULTILINE | re.IGNORECASE,
)
"""Headers above quotes that the library does not know: of the large Chinese mail services."""
_FIELDS = re.compile(
    r"^[> *]*(From|Sent|Date|To|Subject|发件人|发送时间|收件人|主题)[:：]", re.M | re.I
)
_NAMED = re.compile(r"@|Subject|主题", re.IGNORECASE)
_SENT_FROM = re.compile(
    r"^(sent from (my|mail|yahoo|outlook)\b.{0,60}|get outlook for .{0,60}|发自我的.{0,40}|从我的.{0,30}发送)$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(r"\s*(fwd?|转发|轉寄)\s*[:：]", re.IGNORECASE)


def is_forwarded(subject: str) -> bool:
    """Return whether a mail passes on another one: then that is what it says."""
    return bool(_FORWARDED.match(subject))


def trimmed(text: str) -> str:
    """Return a text without quotes and without the signature; the whole text if nothing else is left."""
    lines = text.split("\n")
    header = _header(lines)
    own = lines if header is None else _around(lines, *header)
    own = _unsigned([line for line in own if not line.startswith(">")])
    left = "\n".join(own).strip()
    if len(own) < len(lines):
        left = re.sub(r"\n{3,}", "\n\n", left)
    return left or text.strip()


def _header(lines: list[str]) -> tuple[int, int] | None:
    """Return the first line of the first header above a quote, and the line after the header."""
    # The patterns take time that grows with the square of a line's length: they see each line's beginning.
    seen = "\n".join(line.strip()[:_LONGEST_LINE] for line in lines[:_MOST_LINES])
    found = [
        match
        for pattern in (_library_headers(), _MORE_HEADERS)
        for match in pattern.finditer(seen)
        if _is_real(match[0])
    ]
    if not found:
        return None
    first = min(found, key=lambda match: match.start())
    text = first[0].lstrip("\n")
    start = seen.count("\n", 0, first.end() - len(text))
    return start, start + text.rstrip("\n").count("\n") + 1


@cache
def _library_headers() -> re.Pattern[str]:
    found: re.Pattern[str] = EmailMessage(text="", languages=["en", "zh"]).HEADER_REGEX
    return found


def _is_real(header: str) -> bool:
    """Return whether a block of fields is a mail's header, and not a customer's "From: Ulm, To: Bonn"."""
    return not _FIELDS.match(header.lstrip("\n")) or bool(_NAMED.search(header))


def _around(lines: list[str], start: int, end: int) -> list[str]:
    """Return what is above a header, and what was written between the quoted lines below it."""
    below = lines[end:]
    if any(line.startswith(">") for line in below):
        return [*lines[:start], "", *below]
    return lines[:start]


def _unsigned(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if line.rstrip() == "--" and "".join(lines[:number]).strip():
            lines = lines[:number]
            break
    while lines and (not lines[-1].strip() or _SENT_FROM.match(lines[-1].strip())):
        lines = lines[:-1]
    return lines
