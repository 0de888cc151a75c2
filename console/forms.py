"""The fields of a posted form."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from desk.errors import InvalidError

LARGEST = 128 * 1024
LONGEST_TEXT = 8_000
_FIELDS = 20


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields by name, the last one of a name winning.

    Raises:
        InvalidError: it is no plain form or larger than 128 kB.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise InvalidError("this is no form")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise InvalidError("this form is too large")
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_FIELDS
        )
    except ValueError as error:
        raise InvalidError("this form has too many fields") from error
    return dict(pairs)
