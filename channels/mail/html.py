"""HTML of strangers as text."""

import re
from html import escape, unescape

import nh3
from inscriptis import get_text  # type: ignore[import-untyped]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]

_LONGEST = 500_000
_QUOTE, _END = "\ue000", "\ue001"
_TAGS = nh3.ALLOWED_TAGS - {"img"}
_DEEPEST = 300
_EMPTY = re.compile("area|br|col|hr|img|input|li|link|meta|p|td|th|tr|wbr", re.IGNORECASE)
"""Tags that need no end; they are not counted, for many programs write none."""


def sanitised(html: str) -> str:
    """Return HTML without scripts, styles, pictures from elsewhere and whatever else acts."""
    html = html[:_LONGEST]
    if _depth(html) > _DEEPEST:
        # Takes minutes to read and a stack to convert. Nobody writes such a mail; a machine may send one.
        return escape(unescape(re.sub(r"<[^<>]*>", " ", html)))
    return nh3.clean(html, tags=_TAGS)


def to_text(html: str) -> str:
    """Return sanitised HTML as text; quotes begin with ``>`` as they do in plain mails."""
    marked = html.replace(_QUOTE, "").replace(_END, "")
    marked = re.sub(r"<blockquote\b[^>]*>", f"<div>{_QUOTE}</div>", marked)
    marked = marked.replace("</blockquote>", f"<div>{_END}</div>")
    return _quoted(get_text(marked, ParserConfig(display_links=False)))


def _depth(html: str) -> int:
    depth = deepest = 0
    for tag in re.finditer(r"<(/?)([a-z][a-z0-9]*)", html, re.IGNORECASE):
        if _EMPTY.fullmatch(tag[2]):
            continue
        depth += -1 if tag[1] else 1
        deepest = max(deepest, depth)
    return deepest


def _quoted(text: str) -> str:
    depth, lines = 0, []
    for line in text.split("\n"):
        depth += line.count(_QUOTE)
        shown = line.replace(_QUOTE, "").replace(_END, "").strip("\r")
        if shown.strip() or not (_QUOTE in line or _END in line):
            lines.append(f"{'> ' if depth else ''}{shown.strip() if depth else shown.rstrip()}")
        depth = max(0, depth - line.count(_END))
    return "\n".join(lines)
