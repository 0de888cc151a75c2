"""The shape of a sentence, where the classifier alone would guess: question, refusal, "never mind"."""

import re

_HAN = re.compile(r"[㐀-鿿]")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")

_ASKS_EN = re.compile(
    r"\?\s*$|^\W*(?:(?:and|but|so|ok|now|then|wait|hi|hey|well|sorry|first)[\s,]+)*"
    r"(?:what(?:'?s)?|where(?:'?s)?|when(?:'?s)?|who(?:'?s)?|which|why|how(?:'?s)?|can|could|do"
    r"|does|did|is|are|am"
    r"|will|would|should|may|have|has|wheres|whats|hows)\b",
    re.IGNORECASE,
)
_ASKS_ZH = re.compile(
    r"[？?]\s*$|[吗嗎么麼呢]\s*[。！!～~]*$|怎么|怎麼|怎样|怎樣|如何|哪[里裡儿个個些]|什么|什麼"
    r"|啥|多久|多少|几点|幾點"
    r"|何时|何時|能不能|可不可以|是不是|有没有|有沒有|要不要|^(?:请问|請問|想问|想問|问一下)"
)
_STOPPING = re.compile(
    r"\b(?:stop|cancel|abort|quit|exit|forget|never ?mind|nvm|leave it|drop it|skip it|no longer|don'?t want|dont want"
    r"|changed my mind|not now|another time|start over|back out)"
    r"|算了|不弄|不要了|不用了|不填|不想|取消|停|退出|先不|别弄|不搞|改天|下次|算啦|罷了|罢了|放棄|放弃",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"^\W*(?:oh|ok|okay|no|nah|actually|just|please|pls|sorry)?[\s,]*"
    r"(?:never\s*mind|nvm|forget (?:it|about it|that)|stop(?: it| this| that| asking)?"
    r"|canc(?:el|le|ell)(?: (?:it|this|that))?"
    r"|quit|exit|abort|drop it|leave it|skip it all)(?: (?:please|pls|thanks|then|now))?\W*$"
    r"|^\W*(?:还是)?(?:算了吧?|不弄了|不用了|不要了|不办了|先不[弄办]了?|取消吧?|退出|停止?"
    r"|别问了|不说了|算啦|免了)"
    r"(?:谢谢|吧|了|，.{0,4})?\W*$",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"\b(?:don'?t|do not|dont|didn'?t|doesn'?t|can'?t|cannot|cant|no)\b.{0,20}\b(?:have|know"
    r"|remember|find|got|see|idea|clue"
    r"|number|receive)\b|\b(?:lost|forgot|forgotten|no idea|no clue|dunno|idk|not sure"
    r"|where (?:do|can|is|would) .{0,12}find)\b"
    r"|没有|沒有|不知道|不记得|不記得|忘了|忘记|忘記|找不到|没收到|沒收到|搞丢|弄丢|丢了|不清楚"
    r"|哪里(?:能|可以)?(?:找|看)|在哪(?:里|儿)?(?:找|看)",
    re.IGNORECASE,
)
_SKIP = re.compile(
    r"^\W*(?:skip(?: it| this| that)?|no(?:pe|ne|thing)?|nah|no,? (?:thanks|thank you|thx"
    r"|reason|order|comment)|nothing(?: else)?"
    r"|n/?a|none of (?:them|those)|not really|not about an order|no particular (?:order|reason)|-+"
    r"|跳过|跳過|没有了?|沒有了?|没了|沒了|没啥|无|無|不用了?|不填|不需要|没有原因|没有订单"
    r"|不想说)\W*$",
    re.IGNORECASE,
)
_ONLY_NOISE = re.compile(
    r"^\W*(?:yes|yeah|yep|ok|okay|sure|fine|k|y|hm+|uh+|um+|well|好的?|嗯+|行|可以|是的?|对|哦"
    r"|噢|呃)?\W*$",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"^\W*(?:(?:please|pls|ok|and|also|now|actually|hey|no|wait|but|instead)[\s,]+)*"
    r"(?:i (?:want|need|wanna|wish|d like|would like|gotta)|i'?d like|let me|let'?s|help me"
    r"|give me|show|track|check|cancel"
    r"|change|edit|update|delete|close|open|send|find|get|put|stop|unsubscribe|subscribe"
    r"|connect|talk|speak|transfer|call)\b"
    r"|^\W*(?:那|先|还是|我还|那我)?(?:我要|我想|帮我|幫我|麻烦|麻煩|请|請|给我|給我|查|看|取消"
    r"|改|换|修改|删除|注销|打开|转|找|退订|发)",
    re.IGNORECASE,
)
_REPROACH = re.compile(
    r"^\W*(?:and |but |so )?(?:why|how come|how (?:can|could) you)\b|为什么|為什麼|为啥|凭什么",
    re.IGNORECASE,
)
_PLEA = re.compile(
    r"\bwhat (?:(?:do|should|can|shall) (?:i|we)|am i supposed to|to) do\b|怎么办|怎麼辦|咋办|咋整|如何是好",
    re.IGNORECASE,
)
_DAMAGE = re.compile(
    r"\b(?:broke|broken|damaged|smashed|shattered|cracked|defective|faulty|scratched|leak(?:s|ing|ed)?|missing)\b"
    r"|\b(?:doesn'?t|does not|didn'?t|not|stopped|won'?t) (?:work|working|turn on)\b"
    r"|\bwrong (?:item|colou?r|size|product|one came)\b"
    r"|坏了?|破了?|碎|裂|少了|缺了|发错|漏发|漏水|不能用|开不了|用不了|瑕疵|划痕",
    re.IGNORECASE,
)
_PLAIN_YES = re.compile(r"^\W*(?:/affirm|yes|yeah|yep|yup|yea|有|是|对|嗯)", re.IGNORECASE)
_STILL_WRONG = re.compile(
    r"\bstill\b|\b(?:doesn'?t|does not|didn'?t|did not|not) (?:help|work)|\bno luck|还是|不行|没用|不管用|没解决",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"^\W*(?:no|nope|nah|don'?t|dont|do not|never|wait|stop|keep)\b|\bkeep (?:it|the|my|them)\b"
    r"|\b(?:don'?t|dont|do not|not) (?:cancel|delete|want (?:to|that|it) (?:cancel|delete))"
    r"|^\W*(?:不(?!要了)|别|別|先不|算了|保留|还是不|留着)|(?:不|别|別)(?:要|用|想)?(?:取消|注销|删)",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:human|person|people|agents?|operator|representative|rep|somebody|someone|staff"
    r"|manager|real|live|adult)\b"
    r"|人工|真人|客服|专员|經理|经理|活人|有人",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(
    r"\b(?:english|chinese|mandarin)\b|中文|英文|英语|英語|汉语|漢語|普通话|普通話|國語",
    re.IGNORECASE,
)
_HERE = re.compile(
    r"\bhere\b|\b(?:this|the) chat\b|\bin chat\b|这里|這裡|这儿|在线|聊天|就这", re.IGNORECASE
)
_TO_US = re.compile(
    r"^\W*(?:please |pls |can you |could you )?(?:tell|write|sing|play|draw|translate|solve"
    r"|recite)\b"
    r"|^(?:给我|帮我|請|请)?(?:讲|講|唱|写|寫|翻译|画)",
    re.IGNORECASE,
)


def size(text: str) -> int:
    """Return the number of words; Chinese counts two characters as a word."""
    return len(_WORD.findall(text)) + (len(_HAN.findall(text)) + 1) // 2


def is_question(text: str) -> bool:
    """Say whether the text asks something."""
    return bool(_ASKS_ZH.search(text) if _HAN.search(text) else _ASKS_EN.search(text))


def is_reproach(text: str) -> bool:
    """Say whether a question tells a story rather than asks: "why does nobody answer?"."""
    return bool(_REPROACH.search(text))


def is_plea(text: str) -> bool:
    """Say whether a question only asks for help with what was told: "it is broken, what do I do?"."""
    return bool(_PLEA.search(text))


def tells_damage(text: str) -> bool:
    """Say whether the text tells of goods that came broken, wrong or not at all."""
    told = not is_question(text) or is_plea(text)
    return told and size(text) >= 2 and bool(_DAMAGE.search(text))


def is_plain_yes(text: str) -> bool:
    """Say whether it is a yes to a question, not an "ok" that only takes note."""
    return bool(_PLAIN_YES.match(text))


def is_still_wrong(text: str) -> bool:
    """Say whether what was advised did not help."""
    return bool(_STILL_WRONG.search(text))


def refuses(text: str) -> bool:
    """Say whether the answer to "shall I?" can only be a no, whatever the classifier makes of it."""
    return bool(_REFUSES.search(text))


def is_stop(text: str) -> bool:
    """Say whether the whole text means "never mind"."""
    return bool(_STOP.match(text))


def speaks_of_stopping(text: str) -> bool:
    """Say whether the text has a word that people use to break something off."""
    return bool(_STOPPING.search(text))


def is_unknown(text: str) -> bool:
    """Say whether the customer does not have what was asked for."""
    return bool(_UNKNOWN.search(text))


def is_skip(text: str) -> bool:
    """Say whether the whole text declines to answer."""
    return bool(_SKIP.match(text))


def is_noise(text: str) -> bool:
    """Say whether nothing was said: empty, signs only, or a bare "ok"."""
    return bool(_ONLY_NOISE.match(text))


def is_command(text: str) -> bool:
    """Say whether the text asks for something to be done."""
    return bool(_COMMAND.match(text))


def names_person(text: str) -> bool:
    """Say whether the text speaks of a person to talk to, not only of a call."""
    return bool(_PERSON.search(text))


def is_language_wish(text: str) -> bool:
    """Say whether a short text asks for another language: "in English please", 说中文."""
    return bool(_LANGUAGE.search(text)) and size(text) <= 6


def is_here(text: str) -> bool:
    """Say whether the customer wants the answer in this conversation."""
    return bool(_HERE.search(text))


def is_request_to_us(text: str) -> bool:
    """Say whether it tells the assistant to perform: "tell me a joke"."""
    return bool(_TO_US.match(text))


def says_something(text: str) -> bool:
    """Say whether the text is more than noise: at least one word beside "ok"."""
    return not is_noise(text) and bool(
        _WORD.search(text) or _HAN.search(text) or text.strip().isdigit()
    )
