"""The action server: rasa-sdk's executor behind one route, for Rasa alone."""

import hmac
from http import HTTPStatus

import msgspec
import structlog
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from actions import registry
from actions.services import Services
from app.wiring import Desk
from desk.errors import SettingsError

log = structlog.get_logger()


def build(desk: Desk) -> ASGIApp:
    """Return the action server's application; every call must carry Rasa's token."""
    if desk.settings.rasa_token is None:
        raise SettingsError(
            "FRONTDESK_RASA_TOKEN: missing; the same value as Rasa was started with"
        )
    executor = ActionExecutor()
    for action in registry.build(services(desk)):
        executor.register_action(action)
    server = _ActionServer(executor, desk.settings.rasa_token.get_secret_value())
    return Starlette(
        routes=[
            Route("/webhook", server.webhook, methods=["POST"]),
            Route("/health", server.health, methods=["GET"]),
        ]
    )


def services(desk: Desk) -> Services:
    """Return what actions may call."""
    return Services(
        commerce=desk.commerce,
        policies=desk.policies,
        tickets=desk.tickets,
        feedback=desk.feedback,
        handoff=desk.handoff,
        consents=desk.consents,
        opt_outs=desk.opting.opt_outs,
        offers=desk.offers.offers,
        recommender=desk.offers.recommender,
        clock=desk.clock,
    )


class _ActionServer:
    def __init__(self, executor: ActionExecutor, token: str) -> None:
        self._executor = executor
        self._expected = f"Bearer {token}".encode()

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def webhook(self, request: Request) -> Response:
        given = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._expected):
            return JSONResponse({"error": "forbidden"}, HTTPStatus.FORBIDDEN)
        call = msgspec.json.decode(await request.body())
        # Rasa leaves the domain out (enable_selective_domain: 65 kB a call), rasa-sdk wants one.
        call.setdefault("domain", {})
        name = call.get("next_action")
        try:
            result = await self._executor.run(call)
        except ActionExecutionRejection as error:
            body = {"error": str(error), "action_name": error.action_name}
            return JSONResponse(body, HTTPStatus.BAD_REQUEST)
        except ActionNotFoundException as error:
            log.error("action_not_found", action=name)
            return JSONResponse({"error": str(error)}, HTTPStatus.NOT_FOUND)
        except Exception:
            # Rasa's side then gives the whole turn back, and it is tried again with a clean tracker.
            log.exception("action_failed", action=name)
            body = {"error": "the action failed"}
            return JSONResponse(body, HTTPStatus.INTERNAL_SERVER_ERROR)
        answer = result.model_dump() if result else {"events": [], "responses": []}
        return Response(msgspec.json.encode(answer), media_type="application/json")
