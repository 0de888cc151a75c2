"""The fields of a posted form."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from console.multipart import Form, read_multipart
from console.problem import LargeFormError
from desk.errors import InvalidError

LARGEST = 128 * 1024
LONGEST_TEXT = 8_000
_FIELDS = 4_000


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields by name, the last one of a name winning.

    Raises:
        InvalidError: it is no plain form or larger than 128 kB.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise InvalidError("this is no form")
    body = await _body(request, LARGEST)
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_FIELDS
        )
    except ValueError as error:
        raise InvalidError("this form has too many fields") from error
    return dict(pairs)


async def read_form_with_files(request: Request, largest: int) -> Form:
    """Return the fields and the files of a form of at most ``largest`` bytes and 128 kB.

    Raises:
        InvalidError: it is no form with files, or larger.
    """
    body = await _body(request, largest + LARGEST)
    return read_multipart(request.headers.get("content-type", ""), body)


async def _body(request: Request, largest: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise LargeFormError
    return bytes(body)
