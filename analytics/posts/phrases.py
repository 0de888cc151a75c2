"""What may be wrong with a post, and why it was not published: English and Chinese side by side."""

from typing import Any

PHRASES: dict[str, tuple[str, str]] = {
    "no_text": ("Write what the post says.", "请填写帖子内容。"),
    "too_long": (
        "This is {length} long with its link; {channel} takes {longest}. Make it shorter.",
        "连同链接共 {length}，超过 {channel} 的上限 {longest}，请缩短。",
    ),
    "no_link": (
        "{link} leads nowhere. Write it such as https://shop.example.com/sale.",
        "链接 {link} 无法打开，请写成 https://shop.example.com/sale 这样的完整地址。",
    ),
    "glued_link": (
        "The text goes on right after {link}, so that it may not open. Leave a space behind it.",
        "{link} 后面紧跟着文字，可能会打不开，请在链接后加一个空格。",
    ),
    "not_https": (
        "{link} is not encrypted, and browsers warn of it. Use https://.",
        "{link} 没有加密，浏览器会提示不安全，请改用 https://。",
    ),
    "no_images": ("{channel} takes no images.", "{channel} 不支持图片。"),
    "image_type": (
        "{channel} does not take this kind of image; use a PNG or JPEG file.",
        "{channel} 不支持这种图片，请使用 PNG 或 JPEG 文件。",
    ),
    "image_size": (
        "This image is too large; {channel} takes {largest} bytes.",
        "图片太大，{channel} 最多支持 {largest} 字节。",
    ),
    "repeated": (
        "{channel} does not take the same words twice, and post {post} has them. Change the words.",
        "{channel} 不允许重复发布相同内容，帖子 {post} 已经用过这段文字，请修改。",
    ),
    "nowhere": (
        "Nothing can be published on {channel}; it is not set up, or takes no posts.",
        "无法在 {channel} 上发布：该渠道未配置，或不支持发帖。",
    ),
    "no_time": (
        "Write a time, such as 9:30, and a day that there is.",
        "请填写有效的日期和时间，例如 9:30。",
    ),
    "past": ("This time has passed; choose a later one.", "这个时间已经过去，请选择更晚的时间。"),
    "no_slot": (
        "There is no free slot; set the week's slots first, or choose a time.",
        "没有空闲的发布时段，请先设置每周时段，或直接选择时间。",
    ),
    "no_address": (
        "Give the address of the post, such as https://x.com/i/web/status/1.",
        "请填写帖子地址，例如 https://x.com/i/web/status/1。",
    ),
    "late": (
        "It was not published in time: it was due more than {hours} hours ago. Schedule it again.",
        "未能按时发布：已超过计划时间 {hours} 小时以上。请重新安排时间。",
    ),
    "not_set_up": (
        "The account was not set up when it was due. See `frontdesk channels list`, then schedule it again.",
        "到发布时间时该账号尚未配置。请查看 `frontdesk channels list`，然后重新安排时间。",
    ),
    "crashed": (
        "We were interrupted while publishing it. Look at the account, then say whether it is there.",
        "发布过程中程序中断。请到账号上查看，再告诉我们帖子是否已发布。",
    ),
    "not_there": (
        "Somebody looked, and it was not published. Schedule it again.",
        "经人工确认未发布，请重新安排时间。",
    ),
    "deleted": ("It is not there any more.", "帖子已被删除。"),
}


def phrase(code: str, language: str = "en", **values: Any) -> str:
    """Return the words of a code; what is none is somebody else's words and stands for itself."""
    if code not in PHRASES:
        return code
    return PHRASES[code][1 if language == "zh" else 0].format(**values)
