"""Which clicks are not a person's. Pure.

Platforms fetch links to show a preview, mail gateways to look for harm. Most say who they are; a scanner that poses as
a browser, as Outlook's Safe Links may, is only known by its haste.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

HASTE = timedelta(seconds=2)
"""Nobody reads and clicks within it. Mail gateways take longer: give mail more."""
_CLOCKS_DIFFER = timedelta(minutes=1)

_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_AHEAD = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)

AGENTS: tuple[tuple[str, str], ...] = (
    ("slack", r"slackbot|slack-imgproxy|slack-imageproxy"),
    ("telegram", r"telegrambot"),
    ("whatsapp", r"^whatsapp/"),
    ("x", r"twitterbot"),
    ("facebook", r"facebookexternalhit|facebookcatalog|meta-external|facebot"),
    ("discord", r"discordbot"),
    ("linkedin", r"linkedinbot"),
    ("skype and teams", r"skypeuripreview|skypespaces"),
    ("outlook", r"bingpreview|microsoft office existence|ms-office|safelinks|microsoftpreview"),
    ("matrix", r"synapse|matrix-media-repo|conduit/"),
    ("signal", r"signal-(?:desktop|ios|android) linkpreview"),
    ("apple", r"applebot|com\.apple\.(?:webkit\.networking|link)"),
    (
        "google",
        r"googlebot|googleimageproxy|adsbot-google|google-(?:safety|inspectiontool|read-aloud)",
    ),
    ("google", r"mediapartners-google|feedfetcher-google|googleother|google favicon"),
    ("bing", r"bingbot|msnbot|adidxbot"),
    ("yahoo", r"yahoomailproxy|yahoo! slurp"),
    ("search engine", r"baiduspider|yandex\w*bot|yandex\.com/bots|duckduckbot|sogou web spider"),
    ("search engine", r"360spider|bytespider|petalbot|semrushbot|ahrefsbot|mj12bot"),
    ("assistant", r"gptbot|chatgpt-user|claudebot|claude-user|perplexitybot|ccbot|amazonbot"),
    ("mail gateway", r"barracuda|proofpoint|mimecast|symantec|messagelabs|trendmicro|fortiguard"),
    ("mail gateway", r"cloudmark|ironport|sophos|zscaler|checkpoint|paloalto|expanse|urldefense"),
    ("link checker", r"urlscan|virustotal|netcraft|phishtank|safe ?browsing|linkcheck|w3c[_-]"),
    ("headless browser", r"headlesschrome|phantomjs|puppeteer|playwright|selenium|electron/"),
    ("program", r"^(?:curl|wget|httpie|postmanruntime|insomnia)\b|libwww-perl|winhttp"),
    ("program", r"python-(?:requests|urllib|httpx)|aiohttp|^python/|go-http-client|^java/|okhttp"),
    (
        "program",
        r"apache-httpclient|axios/|node-fetch|undici|^node$|guzzlehttp|^ruby|^dart/|^php/",
    ),
    # Cubot makes telephones.
    ("bot", r"(?<!cu)bot\b|crawl|spider|scanner|link ?preview|unfurl|prefetch|monitor(?:ing)?\b"),
)
"""Who fetches links, by what their ``User-Agent`` has in it, in any case; the first one that fits."""

_AGENTS = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in AGENTS)


def is_machine(method: str, headers: Mapping[str, str]) -> str | None:
    """Return which machine made a request, or None if it may be a person's click."""
    if method.upper() != "GET":
        return f"method {method.upper():.10}"
    said = {name.lower(): value for name, value in headers.items()}
    if any(_AHEAD.search(said.get(name, "")) for name in _PURPOSES):
        return "prefetch"
    agent = said.get("user-agent", "").strip()
    if not agent:
        return "no user agent"
    return next((name for name, pattern in _AGENTS if pattern.search(agent)), None)


def not_counted(
    method: str,
    headers: Mapping[str, str],
    *,
    sent_at: datetime | None,
    at: datetime,
    haste: timedelta = HASTE,
) -> str | None:
    """Return why a click does not count, or None if it does.

    A time a little before the sending is another computer's clock; long before it, ours was put back.
    """
    if machine := is_machine(method, headers):
        return machine
    if sent_at is None:
        return None
    return "too fast" if -_CLOCKS_DIFFER < at - sent_at < haste else None
