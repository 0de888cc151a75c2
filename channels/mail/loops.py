"""Two machines that answer each other are stopped."""

from collections import OrderedDict
from datetime import datetime, timedelta

_HOUR = timedelta(hours=1)
_MOST_SENDERS = 10_000


class Loops:
    """Counts each sender's mails of the last hour, by when the mail server got them.

    By sender and not by thread: a machine that answers with a new mail each time begins a new thread each time.
    The same mail again counts once, so that reading is repeatable. The count begins anew with the process.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._senders: OrderedDict[str, dict[str, datetime]] = OrderedDict()

    def is_one(self, sender: str, mail: str, received_at: datetime) -> bool:
        """Count a mail; return whether the sender wrote more than a person does."""
        key = sender.lower()
        known = self._senders.pop(key, {})
        at = known.setdefault(mail, received_at)  # a second copy may come in days later
        self._senders[key] = {name: one for name, one in known.items() if one > at - _HOUR}
        if len(self._senders) > _MOST_SENDERS:
            self._senders.popitem(last=False)
        # Up to this mail only: what came after it must not change the answer when it is read again.
        return list(self._senders[key]).index(mail) >= self._most
