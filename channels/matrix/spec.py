"""How the Matrix channel is set up."""

from channels.matrix.adapter import Matrix
from channels.matrix.homeserver import Homeserver
from channels.matrix.invitations import Invitations
from channels.matrix.reading import NAME, Reader
from channels.matrix.rooms import Rooms
from channels.matrix.settings import MatrixSettings
from channels.spec import Spec, Tools, secret_of

_TIMEOUT = 30.0  # seconds, for a whole exchange


def _build(settings: MatrixSettings, tools: Tools) -> Matrix:
    homeserver = Homeserver(settings.homeserver, secret_of(settings.as_token), timeout=_TIMEOUT)
    rooms = Rooms(homeserver, settings.user)
    reader = Reader(settings.user, rooms.is_group)
    return Matrix(
        homeserver,
        rooms,
        reader,
        Invitations(homeserver, settings.user),
        user=settings.user,
        app_id=settings.id,
        hs_token=secret_of(settings.hs_token),
        address=f"{tools.public_url or 'https://YOUR-FRONTDESK'}/channels/matrix",
    )


SPEC = Spec(name=NAME, settings=MatrixSettings, build=_build)
