"""Users and teams: who may come in, as what, and in which team."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.gate import Gate
from console.pages.sign_in import base_of
from console.problem import word_for
from console.render import Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from desk.access.granting import may_grant
from desk.access.policy import Deed, Principal, Role
from desk.access.users import LastAdminError, NotYoursToGrantError, TakenError, Wanted
from desk.errors import ConflictError, FrontdeskError, InvalidError
from desk.tables.access import UserRow
from desk.tickets.words import one_of

USERS, TEAMS = "/console/users", "/console/teams"
_USER = f"{USERS}/{{id}}"
_WORDS: tuple[tuple[type[FrontdeskError], str], ...] = (
    (LastAdminError, "problem.last_admin"),
    (NotYoursToGrantError, "problem.not_yours_to_grant"),
    (TakenError, "sign_in.taken"),
    (ConflictError, "problem.agent_name"),
    (InvalidError, "sign_in.no_name_or_email"),
)

type Change = Callable[[str, Principal], Awaitable[object]]


class UserPages:
    """Shows users and does what a manager or admin asks."""

    def __init__(self, services: ConsoleServices, render: Renderer) -> None:
        self._services = services
        self._users = services.access.users
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """List users."""
        return await self._list(visit)

    async def invite(self, visit: Visit) -> Response:
        """Add a user and show the link to send them."""
        form = visit.form
        try:
            user, link = await self._users.invite(
                by=visit.principal,
                name=form.get("name", ""),
                email=form.get("email", ""),
                role=one_of(Role, form.get("role", "")),
                team=form.get("team") or None,
            )
        except FrontdeskError as error:
            return await self._list(visit, _word(error), error.status_code)
        return await self._page(visit, user, link=link)

    async def show(self, visit: Visit) -> Response:
        """Show one user."""
        return await self._page(visit, await self._users.get(visit.path("id")))

    async def change(self, visit: Visit) -> Response:
        """Change address, role or team."""
        form, role = visit.form, visit.form.get("role")
        wanted = Wanted(
            email=form.get("email"),
            role=one_of(Role, role) if role else None,
            team=form.get("team"),
        )
        return await self._do(
            visit, lambda id_, by: self._users.change(id_, wanted, by=by), "users.changed"
        )

    async def link(self, visit: Visit) -> Response:
        """Show a new link by which they choose a password."""
        id_ = visit.path("id")
        try:
            link = await self._users.link(id_, by=visit.principal)
        except FrontdeskError as error:
            return await self._refused(visit, error)
        return await self._page(visit, await self._users.get(id_), link=link)

    async def disable(self, visit: Visit) -> Response:
        """Let them in no more."""
        return await self._do(
            visit, lambda id_, by: self._users.disable(id_, by=by), "users.is_disabled"
        )

    async def enable(self, visit: Visit) -> Response:
        """Let them in again."""
        return await self._do(
            visit, lambda id_, by: self._users.enable(id_, by=by), "users.is_enabled"
        )

    async def sign_out(self, visit: Visit) -> Response:
        """End their sessions."""
        return await self._do(
            visit, lambda id_, by: self._users.end_sessions(id_, by=by), "users.is_out"
        )

    async def second_step(self, visit: Visit) -> Response:
        """Ask them for no code any more."""
        return await self._do(
            visit, lambda id_, by: self._users.drop_second_step(id_, by=by), "users.no_step_now"
        )

    async def delete(self, visit: Visit) -> Response:
        """Forget them, if the box is ticked."""
        if visit.form.get("sure") != "yes":
            return await self._refused(visit, InvalidError(), "problem.tick_first")
        try:
            await self._users.delete(visit.path("id"), by=visit.principal)
        except FrontdeskError as error:
            return await self._refused(visit, error)
        return go(USERS)

    async def _do(self, visit: Visit, change: Change, done: str) -> Response:
        id_ = visit.path("id")
        try:
            await change(id_, visit.principal)
        except FrontdeskError as error:
            return await self._refused(visit, error)
        # Who has changed their own role is signed out by that.
        return await self._page(visit, await self._users.get(id_), done=done)

    async def _refused(self, visit: Visit, error: FrontdeskError, word: str = "") -> Response:
        user = await self._users.get(visit.path("id"))
        return await self._page(
            visit, user, problem=word or _word(error), status=error.status_code
        )

    async def _list(
        self, visit: Visit, problem: str = "", status: int = HTTPStatus.OK
    ) -> Response:
        return self._render.page(
            visit,
            "users.html",
            status,
            users=await self._users.list(),
            roles=_roles_of(visit.principal),
            teams=await self._team_names(),
            problem=problem,
            waiting=await self._services.view.waiting(),
        )

    async def _page(
        self,
        visit: Visit,
        user: UserRow,
        *,
        link: str = "",
        problem: str = "",
        done: str = "",
        status: int = HTTPStatus.OK,
    ) -> Response:
        access = self._services.access
        base = base_of(visit.request, self._services.public_url)
        return self._render.page(
            visit,
            "user.html",
            status,
            user=user,
            roles=_roles_of(visit.principal, user.role),
            teams=await self._team_names(),
            sessions=await access.sessions.of_user(user.id),
            touchable=may_grant(visit.principal, user.role),
            itself=user.id == visit.principal.id,
            link=f"{base}/console/welcome/{link}" if link else "",
            problem=problem,
            done=done,
            waiting=await self._services.view.waiting(),
        )

    async def _team_names(self) -> Sequence[str]:
        added = [row.name for row in await self._services.access.teams.list()]
        return sorted({*added, *self._services.handoff.teams})

    # -- Teams

    async def teams(self, visit: Visit) -> Response:
        """List teams: those of the rules file, and those of the console."""
        return await self._teams(visit)

    async def add_team(self, visit: Visit) -> Response:
        """Add a team."""
        form = visit.form
        try:
            await self._services.access.teams.add(
                form.get("name", ""), form.get("channel", ""), by=visit.agent
            )
        except ConflictError as error:
            return await self._teams(visit, "problem.team_taken", error.status_code)
        except InvalidError as error:
            return await self._teams(visit, "problem.team_name", error.status_code)
        return go(TEAMS)

    async def remove_team(self, visit: Visit) -> Response:
        """Remove a team of the console."""
        await self._services.access.teams.remove(visit.form.get("name", ""), by=visit.agent)
        return go(TEAMS)

    async def _teams(
        self, visit: Visit, problem: str = "", status: int = HTTPStatus.OK
    ) -> Response:
        users = [(row.team, row.name) for row in await self._users.list()]
        agents = [(row.team, row.name) for row in await self._services.agents.list()]
        members: dict[str, set[str]] = {}
        for team, name in (*users, *agents):
            if team:
                members.setdefault(team, set()).add(name)
        return self._render.page(
            visit,
            "teams.html",
            status,
            fixed=self._services.handoff.teams,
            teams=await self._services.access.teams.list(),
            members={name: sorted(names) for name, names in members.items()},
            problem=problem,
            waiting=await self._services.view.waiting(),
        )


def _roles_of(by: Principal, present: Role | None = None) -> tuple[Role, ...]:
    """Return the roles that somebody may give, and the present one."""
    return tuple(role for role in Role if may_grant(by, role) or role is present)


def _word(error: FrontdeskError) -> str:
    return next((word for kind, word in _WORDS if isinstance(error, kind)), word_for(error))


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of users and teams; what is done is noted by the services."""
    pages = UserPages(services, render)

    def post(path: str, page: Callable[[Visit], Awaitable[Response]], deed: Deed) -> Route:
        return Route(path, gate.action(page, deed, noted=True), methods=["POST"])

    return [
        Route(USERS, gate.page(pages.list, Deed.USER_SEE), methods=["GET"]),
        post(USERS, pages.invite, Deed.USER_CHANGE),
        Route(_USER, gate.page(pages.show, Deed.USER_SEE)),
        post(f"{_USER}/change", pages.change, Deed.USER_CHANGE),
        post(f"{_USER}/link", pages.link, Deed.USER_CHANGE),
        post(f"{_USER}/disable", pages.disable, Deed.USER_CHANGE),
        post(f"{_USER}/enable", pages.enable, Deed.USER_CHANGE),
        post(f"{_USER}/sign-out", pages.sign_out, Deed.USER_CHANGE),
        post(f"{_USER}/second-step", pages.second_step, Deed.USER_CHANGE),
        post(f"{_USER}/delete", pages.delete, Deed.USER_CHANGE),
        Route(TEAMS, gate.page(pages.teams, Deed.USER_SEE), methods=["GET"]),
        post(TEAMS, pages.add_team, Deed.TEAM_CHANGE),
        post(f"{TEAMS}/remove", pages.remove_team, Deed.TEAM_CHANGE),
    ]
