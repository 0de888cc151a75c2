"""What the desk itself says to customers, when no assistant is there to say it."""

from enum import StrEnum


class Phrase(StrEnum):
    """A thing the desk may have to say."""

    TROUBLE = "trouble"
    GAVE_UP = "gave_up"
    ATTACHMENT = "attachment"
    NOBODY_CAME = "nobody_came"
    AGENT_JOINED = "agent_joined"
    AGENT_LEFT = "agent_left"
    TOO_LONG = "too_long"
    SURVEY = "survey"


_TEXTS: dict[Phrase, dict[str, str]] = {
    Phrase.TROUBLE: {
        "en": "We have a short technical problem. Your message is safe, and you will get an answer here "
        "as soon as it is solved. There is no need to send it again.",
        "zh": "系统暂时有点小故障。您的消息已经收到，恢复后会马上在这里回复您，不用重复发送。",
    },
    Phrase.GAVE_UP: {
        "en": "I could not work on your message because of a technical problem. I have passed it on to my "
        "colleagues as ticket {number}; they will get back to you.",
        "zh": "很抱歉，因为技术问题我没能处理您的消息。我已经把它转给同事，工单号是 {number}，他们会联系您。",
    },
    Phrase.ATTACHMENT: {
        "en": "Thank you, the file has arrived ({names}). I cannot look into files myself, but my colleagues "
        "will see it with this conversation. Please tell me in a few words what it is about.",
        "zh": "谢谢，文件已收到（{names}）。我自己看不了文件，但同事会在这个对话里看到它。请用几句话告诉我是什么事。",
    },
    Phrase.NOBODY_CAME: {
        "en": "I am sorry, nobody has been free to take over. I have left your request as ticket {number}, so "
        "that it is not lost. You can go on talking with me meanwhile.",
        "zh": "抱歉，一直没有同事有空接手。我已经把您的请求记为工单 {number}，不会丢失。您可以继续和我聊。",
    },
    Phrase.AGENT_JOINED: {
        "en": "{name} is now here to help you.",
        "zh": "{name} 已接入，为您服务。",
    },
    Phrase.AGENT_LEFT: {
        "en": "{name} has left the conversation. The automatic assistant answers again.",
        "zh": "{name} 已离开对话，现在由智能助手继续为您服务。",
    },
    Phrase.SURVEY: {
        "en": "{name} has closed this conversation. How did it go, from 1 (bad) to 5 (very good)?",
        "zh": "{name} 已结束本次服务。您觉得怎么样？1 分（很差）到 5 分（很好）。",
    },
    Phrase.TOO_LONG: {
        "en": "That was a long message; I have read the first part and kept all of it for my colleagues.",
        "zh": "这条消息很长，我先看了前面的部分，全文已保存给同事查看。",
    },
}


def say(phrase: Phrase, language: str, **values: str) -> str:
    """Return the text in the language, English when there is none."""
    texts = _TEXTS[phrase]
    return texts.get(language, texts["en"]).format(**values)
