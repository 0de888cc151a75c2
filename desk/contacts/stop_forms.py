"""The forms in which people say STOP, as patterns for one clause without courtesies. English and Chinese."""

import re

_OF = (
    r"(?:marketing|promo|promotional|promotion|advertising|automated|automatic|unwanted|unsolicited|push|spam|sales?"
    r"|text|sms|whatsapp|e-?mail|chat|mass|daily|weekly|annoying|stupid|bloody|damn(?:ed)?|fucking|silly|constant)"
)
_WHAT = (
    r"(?:messages?|messag(?:e|ing)|msgs?|texts?|sms(?:es)?|e-?mails?|mails?|mailings?|notifications?|promos?"
    r"|promotions?|ads?|adverts?|advertising|advertisements?|marketing|spam|offers?|campaigns?|pushes|communications?"
    r"|contact|newsletters? and (?:ads?|offers?)|junk|crap|bullshit|shit)"
)
_ANY = r"(?:all|any|any ?more|the|these|those|this|that|your|such|further|more|of|these kinds? of|anything|every)"
MESSAGES = rf"(?:{_ANY} )*(?:{_OF} )*{_WHAT}(?: and {_WHAT})?"
"""What is sent unasked: "any of your damn promotional messages"."""
_FROM = r"(?: (?:from|by) (?:you|you guys|your (?:company|shop|store|side)|this (?:number|account|list)|here|us))?"
_ON = r"(?: (?:to|on|at|for|with) (?:me|us|my (?:phone|number|mail|e-?mail|address|inbox)|this (?:number|address)))*"
_EVER = r"(?: (?:again|any ?more|any longer|ever|ever again|at all|all the time|every day|right now|forever))*"
_TAIL = rf"{_FROM}{_ON}{_FROM}{_EVER}"
_WRITING = (
    r"(?:messag|text|e-?mail|mail|contact|spamm?|sms|bother|annoy|harass|writ|pester|ping)ing"
)
_WRITE = r"(?:message|text|e-?mail|mail|contact|spam|sms|bother|annoy|harass|pester|ping)"
_WRITE_TO = rf"(?:{_WRITE}|write(?: to)?|send(?: to)?)"
_LIST = (
    r"(?:(?:your|the|this|that|these|those|any|all|all of your|every|my|mailing|contact|marketing|text|sms|e-?mail"
    r"|distribution|messaging|whatsapp|spam|broadcast) )*(?:lists?|database|distribution|mailings?)"
)
_ME = r"(?:me|us|my (?:phone |mobile |cell )?number|my (?:e-?mail|address|e-?mail address)|this number|this address)"
_WANT = r"(?:want|wish|need|like|care|would like)"

PLAIN_EN = re.compile(r"(?:stop )*stop|(?:unsubscribe ?)+|unsub|arret")
AS_ANSWER_EN = re.compile(r"cancel|end|quit|revoke|remove|opt|exit|td?")
"""Said at any other time these mean something else, or nothing."""
STOP_EN = re.compile(
    rf"stop[ -]?all(?: {MESSAGES})?|stop everything|stop all (?:of )?(?:it|this|that)|all messages stop"
    r"|(?:unsubscribe|opt[ -]?out)(?: me| us)? (?:from|of) (?:everything|all|it all|all of it|all (?:your "
    r"|the )?lists)|"
    rf"(?:unsubscribe|unsub)(?: {_ME})?(?: (?:from|of) (?:{MESSAGES}|{_LIST}|this|here|you)){{0,2}}{_TAIL}"
    rf"|opt(?: {_ME})?[ -]?out(?: {_ME})?(?: (?:of|from) (?:{MESSAGES}|{_LIST}|everything|this)){{0,2}}{_TAIL}"
    rf"|opt(?: {_ME}) out(?: of (?:{MESSAGES}|{_LIST}|everything|this)){{0,2}}{_TAIL}"
    rf"|stop {_WRITING}(?: to)?(?: (?:me|us|people|my (?:phone|number)))?(?: (?:with|about) {MESSAGES})?{_TAIL}"
    rf"|(?:stop|quit) (?:(?:sending|getting|receiving|delivering|writing|pushing|showing)(?: (?:me|us|out))* )?"
    rf"(?:{MESSAGES}|anything){_TAIL}"
    rf"|(?:quit|cease) {_WRITING}(?: (?:me|us))?{_TAIL}"
    rf"|no (?:more )?(?:of )?{MESSAGES}(?: please)?{_TAIL}"
    rf"|(?:don'?t|do not|never|dont ever|stop to) (?:ever )?{_WRITE_TO} (?:me|us|to me)(?: (?:{MESSAGES}"
    rf"|anything))?{_TAIL}"
    rf"|(?:take|remove|get|delete|scrub|cut|drop|strike) {_ME} (?:off|from|off of|out of) (?:{_LIST}"
    rf"|{MESSAGES}){_TAIL}"
    rf"|(?:take|remove) me off|(?:remove|take) me"
    rf"|(?:i|we) (?:(?:don'?t|do not|no longer|never) {_WANT}|(?:didn'?t|did not|never) (?:want|ask for"
    rf"|sign(?:ed)? up for"
    rf"|agree to|subscribe to|request))"
    rf"(?: (?:to )?(?:receive|get|see|have|hear|be getting|be receiving|be sent))? (?:{MESSAGES}|anything){_TAIL}"
    rf"|(?:i|we) (?:don'?t|do not|no longer) {_WANT} to (?:be contacted|hear from you|be messaged"
    rf"|be on {_LIST}){_TAIL}"
    rf"|(?:i )?(?:hereby )?(?:withdraw|revoke) (?:my |all )?consent(?: (?:to|for) {MESSAGES})?{_TAIL}"
    rf"|(?:turn off|disable|end|block|mute) {MESSAGES}{_TAIL}"
    r"|(?:i )?object to (?:direct )?(?:marketing|advertising)"
)
WISH_EN = re.compile(
    r"(?:(?:i|we)(?:'d| would)? (?:really )?(?:want|wish|like|need|prefer)(?: you)? to|i(?:'d| would) like (?:you )?to"
    r"|(?:can|could|would|will) (?:you|u|ya)|can (?:i|we)(?= stop (?:getting|receiving))|i (?:said|told you to"
    r"|say|mean)"
    r"|i asked you to|you (?:must|have to|need to|should)|help me(?: to)?|let me|need to|wanna|i wanna"
    r"|make (?:it|them|this))"
)
ASKS_HOW_EN = re.compile(
    r"(?:how|where|what)(?: (?:do|can|could|would|should|must|to|have|i|we|one|you|need))*(?: (?:to|do))*"
    r"|(?:can|could|may|should|shall|do) (?:i|we)(?: (?:have|need|still|just))*(?: to)?"
    r"|is (?:it possible|there (?:a|any) way)(?: for me)? to|(?:am|are) (?:i|we)|did i"
)
NOT_EN = re.compile(
    r"(?:(?:i|we) )?(?:don'?t|do not|dont|never|not|no don'?t|wouldn'?t|would not)(?: (?:ever|you|u|want|wish"
    r"|like|need|dare"
    r"|want you|mean|meant|intend|going)\b)*(?: to\b)?"
)
HARMLESS_EN = re.compile(
    r"(?:i'?m |i am |we'?re |we are )?(?:really |so )?(?:not (?:at all )?interested(?: any ?more| at all)?"
    r"|sick of (?:it|this"
    rf"|{MESSAGES})|done|fed up|annoyed|tired of (?:it|this|{MESSAGES})|serious)|wrong (?:number|person)"
    r"|(?:this|that|it) is (?:just )?(?:spam|annoying|harassment|enough|too much)|it'?s (?:spam|annoying|too much)"
    r"|enough(?: is enough)?|leave me alone|this is my last warning|(?:i|we) (?:never|didn'?t"
    r"|did not) (?:sign(?:ed)? up"
    r"(?: for (?:this|it|these|that))?|asked? for (?:this|it|these|that)|subscribed?(?: to (?:this|it))?)|no more"
    r"|i mean it|do it now|it'?s enough|too many (?:messages|texts|e-?mails|mails|ads)|no|i changed my mind"
    r"|sent from my \w+"
    r"|i (?:hate|don'?t like) (?:this|it|them|these)"
)

_NOUN = (
    r"(?:短信|简讯|簡訊|消息|訊息|信息|资讯|广告|廣告|推广|推廣|推销|推銷|推送|推播|营销|營銷|邮件|郵件|电邮|通知|促销|促銷|活动|短訊|骚扰|群发"
    r"|promotion|promo|sms|ads?|垃圾)"
)
_ALL = r"(?:所有|全部|任何|一切|这些|這些|此类|此類|这种|这类|那些|你们|你們|你|贵司|您|的|类|類|什么|啥|一下|我)"
NOUNS = rf"{_ALL}*{_NOUN}+(?:的?{_NOUN})*(?:{_ALL})*"
_SHORT = r"(?:退订|退訂|退定|推订|取消订阅|取消訂閱|取消推送|停止订阅|取消关注消息|unsubscribe|opt ?out)"
_TO_ME = r"(?:(?:给|給|向|跟|对|對|往)?(?:我|我们|这个号码|我手机|本人)(?:的?手机)?)?"
_END = r"(?:了|啦|吧|啊|呀|哦|喔|哈|嘛|好吗|行吗|可以吗|一下|过来|過來|给我|給我|我)*"
_STOP_DOING = r"(?:不要|别|別|勿|请勿|不许|不准|不用|甭|停止|禁止|不必|莫)"
_DO = (
    r"(?:发送|發送|发|發|傳送|传送|傳|推送|推播|推|打扰|打擾|骚扰|騷擾|推销|推銷|联系|聯繫|联络|聯絡|群发|send"
    r"|轰炸|烦)"
)
_PUSH = r"(?:推送|推播|打扰|打擾|骚扰|騷擾|推销|推銷|轰炸|群发)"
PLAIN_ZH = re.compile(rf"(?:{_SHORT}){{1,3}}{_END}|td|停止|停止订阅|stop")
AS_ANSWER_ZH = re.compile(r"t|取消|退|滚")
STOP_ZH = re.compile(
    rf"(?:全部|所有|统统)(?:都)?{_SHORT}{_END}|{_SHORT}(?:所有|全部|一切)(?:的)?(?:{_NOUN})*{_END}|"
    rf"(?:把)?{_TO_ME}{_SHORT}(?:{NOUNS}|{_ALL}*(?:服务|服務|功能|名单))?{_END}"
    rf"|{_NOUN}+{_SHORT}{_END}"
    rf"|(?:回复?|回覆|发送?|输入)?(?:td|t|n){_SHORT}|(?:回复?|回覆|发送?|输入)(?:td)|{_SHORT}(?:td|回t|回td|回复td)"
    rf"|{_STOP_DOING}(?:再|继续|繼續|老|总是|总|一直|天天|随便|乱){{1,3}}{_TO_ME}{_DO}(?:送)?(?:了|我)*(?:{NOUNS})?{_TO_ME}{_END}"
    rf"|{_STOP_DOING}{_TO_ME}{_DO}(?:了|我)*{NOUNS}{_TO_ME}{_END}"
    rf"|{_STOP_DOING}{_TO_ME}{_PUSH}{_TO_ME}{_END}|{_STOP_DOING}(?:联系|聯繫|联络)我{_END}"
    rf"|(?:以后|今后|以後)(?:都)?(?:不要|别|別)(?:再)?{_TO_ME}{_DO}(?:了|我)*(?:{NOUNS})?{_TO_ME}{_END}"
    rf"|{NOUNS}(?:都)?(?:不要|别|別)(?:再)?{_TO_ME}{_DO}{_TO_ME}{_END}"
    rf"|(?:我)?(?:真的|再也|也|已经)?(?:不想|不要|不愿|不愿意|不希望|不再|拒绝|不)(?:再)?(?:收到|接收|接受|收|看到){NOUNS}{_END}"
    rf"|(?:不想|不要|不愿)(?:再)?被(?:你们)?(?:打扰|打擾|骚扰|推销){_END}"
    rf"|(?:停止|停掉|停发|停發|停|stop|取消|关闭|關閉|关掉|關掉|屏蔽|拒收|拒绝|拒絕|不要){_TO_ME}(?:发送|發送|推送|接收)?{NOUNS}{_END}"
    rf"|(?:停止|停掉)(?:{_TO_ME}(?:发送|發送|推送)){_END}|{NOUNS}(?:给我)?(?:停掉|停止|停了|停发){_END}|拒收{_END}"
    r"|(?:把)?(?:我|我的号码|我的手机号|本号码)?(?:从|從)?(?:你们|你們)?的?(?:营销|推广|短信|群发|发送|訂閱|订阅)*(?:名单|名單|列表)(?:里|裡|中|上|内)?"
    r"(?:给我)?(?:移除|删除|刪除|删掉|删了|去掉|移出|拿掉)(?:了|吧|掉)*"
    r"|(?:请)?(?:把)(?:我|我的号码|我的手机号)(?:移出|移除|删出|踢出)(?:你们|你們)?的?(?:营销|推广|短信|群发|发送|订阅)*(?:名单|名單|列表)(?:吧|了)*"
    r"|(?:我)?(?:撤回|撤销|收回)(?:我的|对营销的)?(?:营销|推广)?(?:同意|授权)"
)  # fmt: skip
WISH_ZH = re.compile(
    r"(?:能不能|能否|可不可以|可以|能|麻烦|麻煩|拜托|拜託|帮我|幫我|帮忙|给我|給我|我要求|要求|我需要|需要|我要|我想要?|想要?|请|請|你们|你們"
    r"|你|亲|赶紧|赶快|马上|立即|立刻|现在|直接|都|统统|以后|今后)+"
)
NOT_ZH = re.compile(
    r"(?:我)?(?:可)?(?:不要|别|別|不想|不用|先别|先不|千万别|请勿|没想|没有想|没说要?|不是要?|不是想要?|不需要|不打算|没要|没)"
    r"(?:再|要|给我|給我|帮我|幫我|把我)*"
)
ASKS_HOW_ZH = re.compile(
    r"(?:请问|我)?(?:要)?(?:怎么才?能?|怎样才?能?|怎麼|如何|咋|在哪里?|哪里|什么是|能不能|能否|可不可以|可以|是不是|是否|需要|要)(?:可以|能|我|要)*"
)
KEEP_ZH = re.compile(
    r"(?:请|拜托|千万)*(?:不要|别|別|不用|请勿)停(?:止)?(?:发|送|推送)*(?:了|啊|呀|哦|吧|下来)*"
)
HARMLESS_ZH = re.compile(
    r"(?:我)?(?:不感兴趣|没兴趣|不需要了?|烦死了?|很烦|太烦了?|真烦|好烦|打错了?|你们?打错了|够了|骚扰|垃圾短信|垃圾|滚|否则投诉|不然(?:我)?(?:就)?投诉"
    r"(?:了|你们)?|再发(?:我)?(?:就)?(?:投诉|举报|拉黑)(?:了|你们)?|太多了|说了多少遍了?|从来没订(?:阅)?过|我没订(?:阅)?过|尽快|马上|立刻|谢谢)"
)
