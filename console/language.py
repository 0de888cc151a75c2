"""English or Chinese, as the agent chose or their browser prefers."""

from starlette.requests import Request

COOKIE = "frontdesk_language"
LANGUAGES = {"en": "English", "zh": "中文"}
HTML = {"en": "en", "zh": "zh-CN"}


def language_of(request: Request) -> str:
    """Return ``en`` or ``zh``."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else preferred(request.headers.get("accept-language", ""))


def preferred(header: str) -> str:
    """Return the first language of an ``Accept-Language`` header that we speak, else ``en``."""
    for part in header.split(","):
        tag = part.partition(";")[0].strip().lower().partition("-")[0]
        if tag in LANGUAGES:
            return tag
    return "en"
