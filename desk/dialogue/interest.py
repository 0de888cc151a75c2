"""Whether somebody wants what was offered, in words that are no plain yes. Pure."""

import re

_WANTS = re.compile(
    r"(?:(?:yes|yeah|yep|ok|okay|sure|hi|hello|please)[ ,.!]+)*(?:"
    r"(?:i'?m|i am|we'?re|we are)?\s*(?:very |really |quite |definitely )?interested(?: in (?:it|this|that|one))?"
    r"|(?:please )?(?:tell|show|send) (?:me|us)(?: more| it| them| one| the (?:details|link|offer))?"
    r"|(?:i|we)(?:'d| would) (?:like|love) (?:it|that|this|one|to|to (?:know|hear|see) more)"
    r"|(?:i|we)(?:'ll| will) (?:take|have) (?:it|this|that|one)"
    r"|(?:i|we) want (?:it|this|that|one|to know more)"
    r"|count me in|sign me up|i'?m in|sounds (?:good|great|nice|interesting)|more (?:info|information|details)"
    r"|how (?:do|can|could) (?:i|we) (?:get|order|buy) (?:it|this|that|one)"
    r")(?: please| thanks| thank you)?[ .!?]*",
    re.IGNORECASE,
)
_WANTS_ZH = re.compile(
    r"(?:好的?|嗯|是的?|可以|你好|您好|[，,。!！ ])*(?:我|我们)?(?:很|挺|非常|比较|蛮)?(?:"
    r"感兴趣|有兴趣|想要(?:一?[个份件台])?|想买|想了解(?:一下)?|想看看|要的|要(?:一?[个份件台])|来一?[个份件台]|算我一个"
    r"|(?:发|给)(?:我|我们)(?:看看|看一下|链接|资料)?|(?:了解|介绍|看)一下|看看|怎么(?:买|下单|购买|订)"
    r")(?:的|呢|啊|哦|吧|了)*(?:[，, ]*(?:谢谢|请))?[。.!！?？ ]*"
)


def wants(text: str) -> bool:
    """Say whether a whole message means that an offer is wanted; half of one is left to the assistant."""
    plain = text.strip().replace("’", "'")
    return bool(_WANTS.fullmatch(plain) or _WANTS_ZH.fullmatch(plain))
