"""What is in the files of messages."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from console.api.door import Operation
from console.api.services import ApiServices
from desk.access.policy import Deed
from desk.media.policy import headers
from desk.media.sniff import UNKNOWN

_LARGEST_ID = 2**63 - 1
type FileId = Annotated[
    int, Path(alias="id", ge=1, le=_LARGEST_ID, description="`id` among a message's `files`")
]


class FileApi:
    """What programs do with files."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services

    def operations(self) -> Iterator[Operation]:
        """Return what there is."""
        yield Operation(
            method="GET",
            path="/files/{id}",
            endpoint=self.get_file,
            deed=Deed.CONVERSATION_SEE,
            answer=None,
        )

    async def get_file(self, id_: FileId) -> Response:
        """Get what is in a file of a message, to be saved; `content_type` of the message says what it is."""
        row = await self._services.listing.file(id_)
        content = await self._services.media.content(row)
        # Always as bytes: a browser that is led here must show nothing that a stranger sent.
        return Response(content, headers=headers(row.name, UNKNOWN))
