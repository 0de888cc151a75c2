"""Which contacts a page of the list shows, and where the next one begins."""

from dataclasses import dataclass
from urllib.parse import urlencode

from analytics.insight.contact_ranking import RISKS, By, Rank, Wanted
from analytics.insight.known import Insights
from console.pages.inbox import named, place_of
from console.visit import Visit
from desk.conversations.desk_model import Person, Place
from desk.conversations.desk_view import DeskView

_ALL = "/console/contacts"
_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A page of contacts: what was asked, who is on it, and the addresses of the first and the next one."""

    people: list[Person]
    asked: str = ""
    order: str = "newest"
    risk: str = ""
    more: bool = False
    newest: str = ""
    older: str = ""


async def listed(view: DeskView, insights: Insights, visit: Visit) -> Listed:
    """Return who is looked for; else, by the address, the newest or those with figures in their order."""
    order = visit.query("by")
    risk = visit.query("risk") if visit.query("risk") in RISKS else ""
    if visit.query("q").strip() or (order not in tuple(By) and not risk):
        return await newest(view, visit)
    # Whoever asks for a risk alone wants to see those first who are most at risk.
    by = By(order) if order in tuple(By) else By.RISK
    after = Rank.of(visit.query("after"))
    found = await insights.ranked(Wanted(by=by, risk=risk, after=after), _PAGE + 1)
    shown, asked = found[:_PAGE], {"by": by.value, **({"risk": risk} if risk else {})}
    is_more = len(found) > _PAGE
    older = {**asked, "after": str(shown[-1].rank)} if is_more else {}
    return Listed(
        people=await view.people_of([one.contact_id for one in shown]),
        order=by,
        risk=risk,
        more=is_more,
        newest=_address(asked) if after else "",
        older=_address(older) if older else "",
    )


async def newest(view: DeskView, visit: Visit) -> Listed:
    """Return everybody, the newest first, or who is looked for."""
    asked, after = visit.query("q").strip(), place_of(visit.query("after"))
    # One more than is shown tells whether there is a next page.
    found = await view.people(asked, after=after, limit=_PAGE + 1)
    shown, is_more = found[:_PAGE], len(found) > _PAGE
    older = ""
    if is_more and not asked:
        older = _address({"after": named(Place(at=shown[-1].created_at, id=shown[-1].id))})
    return Listed(
        people=shown,
        asked=asked,
        more=is_more,
        newest=_ALL if after else "",
        older=older,
    )


def _address(asked: dict[str, str]) -> str:
    return f"{_ALL}?{urlencode(asked)}"
