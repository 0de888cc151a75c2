"""How we stand with the homeserver, in words for an operator."""

from channels.matrix.homeserver import Homeserver, path
from desk.channel import ChannelDownError, Check
from desk.errors import RejectedError, RetryableError

#: Since when files are fetched from where we fetch them.
_NEEDED = "v1.11"
_REGISTRATION = """the registration file for the homeserver:
id: {id}
url: {address}
as_token: (FRONTDESK_MATRIX_AS_TOKEN)
hs_token: (FRONTDESK_MATRIX_HS_TOKEN)
sender_localpart: {localpart}
rate_limited: false
namespaces:
  users:
    - exclusive: true
      regex: "{regex}\""""


async def check(homeserver: Homeserver, user: str, app_id: str, address: str) -> Check:
    """Ask the homeserver what it can, who we are, and whether it reaches us."""
    problems = []
    versions = (await homeserver.call("GET", "/_matrix/client/versions")).get("versions", [])
    if _NEEDED not in versions:
        problems.append(f"the homeserver does not speak Matrix {_NEEDED}: files cannot be fetched")
    known = (await homeserver.call("GET", path("account", "whoami"))).get("user_id")
    if known != user:
        problems.append(f"the registration's user is {known}, FRONTDESK_MATRIX_USER says {user}")
    try:
        await ping(homeserver, app_id)
    except ChannelDownError:
        raise
    except (RejectedError, RetryableError) as error:
        problems.append(
            f"the homeserver does not reach us at the registration's url: {error}; "
            f"it should be {address}, and a web process should be running"
        )
    return Check(
        account=user, problems=tuple(problems), notes=(registration(user, app_id, address),)
    )


async def ping(homeserver: Homeserver, app_id: str) -> None:
    """Let the homeserver call us; an error when it cannot."""
    await homeserver.call("POST", f"/_matrix/client/v1/appservice/{app_id}/ping", {})


def registration(user: str, app_id: str, address: str) -> str:
    """Return what the registration file should say, without the secrets."""
    localpart = user.partition(":")[0].removeprefix("@")
    regex = user.replace(".", r"\\.").replace("+", r"\\+")
    return _REGISTRATION.format(id=app_id, address=address, localpart=localpart, regex=regex)
