"""Words that end a matter and want nothing more. Pure."""

import re

_THANKS = re.compile(
    r"(?:(?:ok(?:ay)?|great|perfect|super|cool|thanks?(?: you)?(?: (?:so|very) much| a lot)?|many thanks|thx|ty|cheers"
    r"|(?:it |that )?works(?: now)?|solved|bye|goodbye|have a (?:nice|good) day"
    r"|谢谢(?:您|你|啦|了)?|多谢|感谢|非常感谢|好的?|好了|收到|没问题了?|解决了|可以了|辛苦了|再见|拜拜)"
    r"[\s,.!?;:~()，。！？、；：～😊🙏👍❤️]*)+",
    re.IGNORECASE,
)
_LONGEST = 80


def is_thanks(text: str) -> bool:
    """Say whether a message only thanks or says good-bye: such a one reopens no ticket."""
    plain = text.strip()
    return len(plain) <= _LONGEST and _THANKS.fullmatch(plain) is not None
