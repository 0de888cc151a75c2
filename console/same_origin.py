"""Did a form come from our own pages?"""

from collections.abc import Mapping
from urllib.parse import urlsplit


def is_same_origin(headers: Mapping[str, str], public_url: str | None = None) -> bool:
    """Say whether a request to change something was made by a page of this very site.

    Browsers send ``Sec-Fetch-Site`` and ``Origin`` with every form; a request with neither is refused.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return site == "same-origin"
    ours = {headers.get("host"), urlsplit(public_url).netloc if public_url else None} - {None, ""}
    return urlsplit(origin).netloc in ours


def came_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Say whether somebody followed a link on another site: a strict cookie is left out then."""
    return headers.get("sec-fetch-site") in ("cross-site", "same-site")
