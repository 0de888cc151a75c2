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
    CHOOSE = "choose"
    UNSUPPORTED = "unsupported"
    EDITED = "edited"
    STILL_WAITING = "still_waiting"
    TRANSFERRED = "transferred"
    AGENT_AWAY = "agent_away"
    STILL_THERE = "still_there"
    CLOSED_SILENT = "closed_silent"


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
    Phrase.CHOOSE: {
        "en": "Answer with the number of your choice.",
        "zh": "请直接回复选项前的数字。",
    },
    Phrase.UNSUPPORTED: {
        "en": "I cannot read this kind of message yet. Please tell me in words what you need, "
        "or ask for a colleague.",
        "zh": "这种消息我暂时还看不懂。请用文字告诉我您需要什么，也可以说“转人工”。",
    },
    Phrase.EDITED: {
        "en": "I see that you have changed an earlier message. I answer new messages only: "
        "please send it once more if I should act on it.",
        "zh": "我看到您修改了之前的消息。我只会处理新消息，如果需要我处理，请再发送一次。",
    },
    Phrase.STILL_WAITING: {
        "en": "Thank you for waiting. Everybody is busy at the moment; I have called again. If nobody is free soon, "
        "I will leave your request as a ticket, so that it is not lost.",
        "zh": "感谢您的耐心等待。同事们目前都在忙，我已再次提醒。"
        "如果短时间内仍无人有空，我会为您登记工单，不会漏掉您的请求。",
    },
    Phrase.TRANSFERRED: {
        "en": "I am passing you on to the colleagues who know this best. Somebody will be with you as soon as "
        "they are free; you need not repeat anything.",
        "zh": "正在为您转接更熟悉这个问题的同事，有空后会马上接入，您不需要重复之前的内容。",
    },
    Phrase.AGENT_AWAY: {
        "en": "I am sorry, my colleague had to step away. You are back in the queue, and I have called for "
        "somebody else; you need not repeat anything.",
        "zh": "抱歉，刚才的同事临时离开了。您已回到等待队列，我正在联系其他同事，您不需要重复之前的内容。",
    },
    Phrase.STILL_THERE: {
        "en": "Are you still there? If we hear nothing more, we will close this conversation; you can always "
        "write again.",
        "zh": "请问您还在吗？如果没有其他问题，我们稍后会结束本次对话，您随时可以再联系我们。",
    },
    Phrase.CLOSED_SILENT: {
        "en": "As we have not heard from you, this conversation is closed now. Just write again whenever you like.",
        "zh": "由于一段时间没有收到您的回复，本次对话先结束了。有需要随时再发消息给我们。",
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
