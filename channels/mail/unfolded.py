"""A header of ours that must not be folded."""

from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Self
from urllib.parse import quote

_IN_ADDRESSES = "<>%/:=&?~#+!$,;'@()*[]"


class Unfolded(str):
    """A header that goes out on one line as it is: a long address would be taken apart into encoded words."""

    name: str

    def __new__(cls, name: str, value: str) -> Self:
        """Return ``value`` as the header ``name``, with what is not ASCII quoted as in an address."""
        header = super().__new__(cls, quote(value, safe=_IN_ADDRESSES))
        header.name = name
        return header

    def fold(self, *, policy: "EmailPolicy[EmailMessage]") -> str:
        """Return the line, as headers of the standard library do."""
        return f"{self.name}: {self}{policy.linesep}"
