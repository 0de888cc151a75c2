"""What findings say, code to (English, Chinese), and the words that are looked for."""

import re
from collections.abc import Mapping

PHRASES: Mapping[str, tuple[str, str]] = {
    "no_value": (
        "Nothing is known for {{{name}}}, so nobody would get this message. Give it a fallback, such as "
        "{{{name}|there}}, or take it out.",
        "没有 {{{name}}} 的数据，这样没有人会收到这条消息。请加上默认值，例如 {{{name}|您}}，或者删掉它。",
    ),
    "no_language": (
        "{count} contacts speak {language} and will get the {default} text. Add a text in {language}.",
        "有 {count} 位联系人使用 {language}，他们会收到 {default} 版本。请补充 {language} 版本。",
    ),
    "not_counted": (
        "Clicks on {link} are not counted, as every contact gets another link.",
        "{link} 里有变量，每个人的链接都不同，因此无法统计点击。",
    ),
    "too_long": (
        "This is {length} long; the channel takes {longest}. Make it shorter.",
        "长度为 {length}，超过该渠道的上限 {longest}，请缩短。",
    ),
    "may_be_too_long": (
        "With long names and values this may be {length} long; the channel takes {longest}. Make it shorter.",
        "如果姓名等内容较长，长度可能达到 {length}，超过该渠道的上限 {longest}，请缩短。",
    ),
    "buttons_numbered": (
        "This channel has no buttons: the choices become numbers below the text.",
        "该渠道不支持按钮，选项会以编号形式显示在正文下方。",
    ),
    "links_written": (
        "This channel has no link buttons: the links are written below the text.",
        "该渠道不支持链接按钮，链接会直接写在正文下方。",
    ),
    "image_link": (
        "This channel shows no images: there will be a link to it.",
        "该渠道不支持图片，会改为发送图片链接。",
    ),
    "subject_above": (
        "This channel has no subject line: the subject stands above the text.",
        "该渠道没有主题栏，主题会显示在正文上方。",
    ),
    "no_subject": (
        "There is no subject. Write one: it decides whether the message is opened.",
        "还没有填写主题。主题会影响收件人是否打开，请补充。",
    ),
    "no_way_out": (
        "The text does not say how to unsubscribe. Add it, such as “Reply STOP to unsubscribe”.",
        "正文没有说明如何退订，请补充，例如“回复退订即可取消订阅”。",
    ),
    "leftover": (
        "This looks forgotten: {words}. Replace it; variables are written with one brace, such as {{first_name}}.",
        "这里像是忘了替换的内容：{words}。请改好；变量用单层大括号，例如 {{first_name}}。",
    ),
    "markup": (
        "{words} will be seen as it is written: messages are plain text.",
        "消息是纯文本，{words} 会原样显示。",
    ),
    "absolute": (
        "{words}: advertising law in mainland China does not allow superlatives like this.",
        "{words}：《广告法》不允许使用这类绝对化用语，请换一种说法。",
    ),
    "spam": (
        "Mail filters and people take this for spam: {words}. Say it in other words.",
        "这些词容易被当成垃圾信息：{words}。建议换一种说法。",
    ),
    "marks": (
        "{words} looks like shouting; one mark is enough.",
        "{words} 太夸张了，一个标点就够了。",
    ),
    "shouting": (
        "Most of this is in capitals, which reads like shouting. Use small letters.",
        "大部分是大写字母，读起来像在喊叫，建议改用小写。",
    ),
    "broken_link": (
        "{link} leads nowhere. Write it such as https://shop.example.com/sale.",
        "链接 {link} 无法打开，请写成 https://shop.example.com/sale 这样的完整地址。",
    ),
    "not_https": (
        "{link} is not encrypted, and browsers warn of it. Use https://.",
        "{link} 没有加密，浏览器会提示不安全，请改用 https://。",
    ),
    "shortener": (
        "{link} hides where it leads, and mail filters mistrust it. Use the full link; clicks are counted anyway.",
        "短链接 {link} 看不出指向哪里，容易被拦截。请使用完整链接，点击照样可以统计。",
    ),
    "glued_link": (
        "The text goes on right after {link}, so that it may not open. Leave a space behind it.",
        "{link} 后面紧跟着文字，可能会打不开，请在链接后加一个空格。",
    ),
    "link_text_differs": (
        "The button says {said} but leads to {leads}, which looks like fraud. Name the place it leads to.",
        "按钮上写的是 {said}，实际打开的是 {leads}，容易被当成诈骗。请写明真正打开的网站。",
    ),
}


_SPAM_EN = (
    r"act now|apply now|as seen on tv|best price(?: ever)?|big bucks|buy now|cash (?:bonus|prize)|click here|"
    r"congratulations|double your (?:income|money)|earn (?:money|extra cash|\$)|free (?:gift|money|trial)|"
    r"get rich|guaranteed?|limited time(?: offer)?|make money|miracle|money back|no (?:catch|cost|obligation|risk)|"
    r"once in a lifetime|only today|order now|pre-?approved|risk[- ]free|this is not spam|urgent(?:ly)?|"
    r"while (?:stocks|supplies) last|winner|work from home|you have been selected|you(?:'ve| have) won|"
    r"100% (?:free|guaranteed|off|satisfied)"
)
_SPAM_ZH = (
    "免费领取|免费送|中奖|恭喜您获得|恭喜您中|最后机会|最后一天|立即抢购|点击领取|稳赚|零风险|无风险|包赚|躺赚|日赚|"
    "月入过万|快速致富|内部消息|限时秒杀|疯抢|不要错过|错过再等一年|百分百有效|包治|绝对有效|清仓甩卖|跳楼价|白菜价|"
    "刷单|兼职日结|贷款秒批|无需征信"
)
SPAM = re.compile(rf"\b(?:{_SPAM_EN})\b|{_SPAM_ZH}", re.IGNORECASE)

ABSOLUTE = re.compile(
    "国家级|世界级|最高级|最佳|最优惠|最低价|史上最低|全网最低|全国第一|全网第一|销量第一|顶级|极品|独一无二|绝无仅有|万能"
)

LEFTOVERS = re.compile(
    r"\b(?i:lorem(?: ipsum)?|ipsum|dolor sit)\b|\b(?:TODO|FIXME|TBD|TBA|XXX+)\b|\{\{\s*[\w.|]+[^{}\n]*\}\}|"
    r"%[A-Z][A-Z_]{2,}%|\*\|[A-Z_]+\|\*|<<[\w ]+>>|[\[<【](?i:(?:first|last|your|customer|company|insert)[ _]?\w*|"
    r"name|link|url|date|姓名|名字|称呼|日期|链接|公司|店名)[^\]>】\n]{0,30}[\]>】]|此处填写|待定|待补充|占位|某某|"
    r"\bundefined\b|\bNaN\b|\[object Object\]"
)

MARKUP = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|i|img|li|p|span|strong|table|u|ul)\b[^<>\n]{0,200}>|"
    r"\*\*[^*\n]{1,80}\*\*|\[[^\]\n]{1,80}\]\([^)\n]{1,200}\)|&(?:nbsp|amp|lt|gt|quot);",
    re.IGNORECASE,
)

WAYS_OUT = re.compile(
    r"\{[a-z0-9_.]*(?:unsubscribe|preferences)[a-z0-9_.]*(?:\||\})|(?-i:\bSTOP\b)|\breply\W+stop\b|"
    r"\bunsubscrib|\bopt[- ]?out\b|"
    r"(?:stop|end) (?:these|getting|receiving)|退订|取消订阅|拒收|回复\s*[“\"'「]?(?:T|TD|停)",
    re.IGNORECASE,
)
