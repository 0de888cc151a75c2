"""STOP in many words, in what is none, and in what had better be asked back."""

import unicodedata

import pytest

from desk.contacts.stop_words import Ask, Stop, is_start, understood

STOPS_EN = """stop
STOP
Stop.
STOP!!!
stop. thank you
Stop, thanks
stop please
please stop
Please, stop!
stop now
just stop
ok stop
s t o p
S.T.O.P.
ＳＴＯＰ
Ｓｔｏｐ．
🛑 STOP 🛑
stop 😡
STOOOP
stopp
stpo
sotp
stop stop stop
stop, i'm not interested
Stop. Wrong number.
stop! this is spam
unsubscribe
Unsubscribe me
unsubscribe please
UNSUBSCRIBE!!
unsub
unsub me
unsuscribe
unsubcribe me pls
unsubscibe
unsubscirbe
un-subscribe
unsubscribe me from your mailing list
unsubscribe me from this list
please unsubscribe my email
unsubscribe me from all marketing messages
I want to unsubscribe
i would like to unsubscribe
opt-out
opt out
optout
OPT OUT please
opt me out
I want to opt out
I'd like to opt out of marketing
opt me out of all promotions
please stop messaging me
stop messaging me
stop texting me
Stop emailing me!
stop contacting me
stop spamming me
stop sending me messages
stop sending me these messages
stop sending ads
stop sending me your damn promotional emails
stop these messages
please stop these texts
stop your ads
stop the marketing
can you stop messaging me
could you please stop contacting me?
can you stop the promo messages
can you please stop sending me offers?
no more messages
no more texts please
No more ads.
no more of your messages
don't message me
don't message me any more
dont text me anymore
do not contact me again
Do not send me promotions
never message me again
please don't send me any more messages
take me off your list
take me off the list please
remove me from your list
remove me from your mailing list.
get me off this list
please remove my number from your list
I don't want to receive any more messages
i no longer want to receive texts
I don't want any more messages from you
I do not wish to be contacted
withdraw my consent
I withdraw my consent to marketing
turn off marketing messages
quit texting me
arret
Please unsubscribe me. I never signed up for this.
Hi, please unsubscribe me, thanks
i want you to stop messaging me
STOP

> On Monday you wrote:
> our new lamps are here
Unsubscribe

On Mon, 2 Mar 2026 at 12:00, Shop <shop@example.com> wrote:
> Where is the sale?
stop
-- 
A. C."""
STOPS_ZH = """退订
退訂
退订。
退订！
退订谢谢
请退订
我要退订
我想退订
帮我退订
麻烦退订一下，谢谢
退定
推订
退订短信
退订广告
退订你们的短信
给我退订了
短信退订
取消订阅
请取消订阅
取消订阅，谢谢
取消推送
TD
td
ＴＤ
回复TD退订
回TD退订
回T退订
退订TD
TD退订
不要再发了
不要再发消息了
不要再发消息给我
不要再给我发广告
别再发了
别再发广告了
别再给我发短信了
請不要再發廣告簡訊了
别给我发广告
不要给我推送了
不要再推送了
别骚扰我
不要骚扰我了
请勿打扰
不想收到你们的消息
不想再收到推广
我不想收广告
拒收
拒收短信
停止推送
停止发送
停止
停发短信
停掉广告
关闭推送
请停止向我发送营销信息
短信别发了
以后不要联系我了
把我从名单里删了
把我移出营销名单
退订，再发就投诉
退订 🙏
能不能不要再给我发短信
unsubscribe一下
stop短信
🚫退订🚫"""
CLEAR = """stopall
STOP ALL
Stop-all
stop all messages
STOP ALL.
stop everything
unsubscribe me from everything
unsubscribe from all
全部退订
退订所有消息
退订全部"""
ASKS = """please don't stop
don't stop
Don't stop messaging me
don't unsubscribe me
please do not unsubscribe me!
I don't want to unsubscribe
I do not want to opt out
never unsubscribe me
don't opt me out
stop?
unsubscribe?
how do I unsubscribe
how do I unsubscribe?
How can I opt out?
can I unsubscribe?
how can I stop getting messages from you
where do i unsubscribe
i want to stop
can you stop?
don't message me, call me at noon and bring the parcel
Unsubscribe me. Where is my order 10023?
别退订
不要退订
别给我退订
我不想退订
不要取消订阅
先别退订
怎么退订
怎么退订？
如何退订你们的短信
可以退订吗
退订吗？
别停
请不要停
别发了
不要发了"""
AS_ANSWER = """cancel
END
quit
t
取消"""
ORDINARY = """stop my order
stop the order please
please stop my order 10023
can you stop the delivery?
stop the delivery
stop the refund
stop shipping it
stop the parcel
stop charging me
stop charging my card
stop it
stop that
where is the bus stop
where is the bus stop?
which stop is closest to your shop?
i will stop by tomorrow
non-stop flights
the kettle won't stop
it doesn't stop beeping
the machine stops after a minute
is this a one stop shop?
how do I stop the alarm
don't stop my order
please don't stop the delivery
stop sending the wrong items
stop sending my parcels to the old address
stop. where is my order?
stop, the kettle leaks
full stop
stopwatch
do you sell door stops?
cancel my order
cancel my subscription to the coffee box
cancel the coffee subscription
unsubscribe me from the coffee box
unsubscribe from the newsletter
i want to subscribe
subscribe
no more sugar please
no messages arrived
do you have opt-out forms in blue
remove me from the order
remove the lamp from my order
take the lamp off my list
take my order off the list
i don't want any more lamps
don't send me the lamp
do not send the parcel
don't contact the seller
can you email me
text me
message me
can i stop by?
end of the line
what is td
no
not interested
thanks
hello
i no longer want the lamp
the messages stopped arriving
my payment has stopped working
stoop
unsubtle
hi
停止发货
停止配送
暂停发货
停止我的订单
别发货
不要发货
不要再发货了
不要发错了
别发错颜色
取消订单
取消我的订单
取消订阅咖啡盒
取消咖啡订阅
退订单
我要退订单
退订金
退货
退款
我要退这个订单
退订酒店
公交站在哪
下一站停哪里
停车在哪
机器停止工作了
机器停了怎么办
不要停车
不想要这个订单了
不要了这个灯
订阅
我想订阅
别着急
不要紧
不需要
不要
不要了谢谢
n
你好
停电了
拒收包裹
我拒收了快递
取消通知我取货
能不能不要再发错货"""


def _lines(block: str) -> list[str]:
    """Return the cases; a quotation belongs to the line above it."""
    found: list[str] = []
    for line in block.split("\n"):
        joins = line.startswith((">", "-- ", "A. C.")) or not line or " wrote:" in line
        if joins and found:
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def _language(text: str) -> str:
    is_td = unicodedata.normalize("NFKC", text).lower() == "td"
    return "zh" if is_td or any("\u4e00" <= c <= "\u9fff" for c in text) else "en"


@pytest.mark.parametrize("text", [*_lines(STOPS_EN), *_lines(STOPS_ZH)])
def test_obeyed(text: str) -> None:
    meant = understood(text, _language(text))
    assert isinstance(meant, Stop)
    assert not meant.as_answer


@pytest.mark.parametrize("text", _lines(CLEAR))
def test_what_can_be_no_answer_to_a_question(text: str) -> None:
    assert understood(text, _language(text)) == Stop(bare=False)


@pytest.mark.parametrize("text", _lines(ASKS))
def test_asked_back(text: str) -> None:
    assert understood(text, _language(text)) == Ask()


@pytest.mark.parametrize("text", _lines(AS_ANSWER))
def test_only_below_a_campaign(text: str) -> None:
    assert understood(text, _language(text)) == Stop(bare=True, as_answer=True)


@pytest.mark.parametrize("text", _lines(ORDINARY))
def test_ordinary_words(text: str) -> None:
    assert understood(text, _language(text)) is None


def test_the_table_is_long_enough_in_each_language() -> None:
    blocks = (STOPS_EN, STOPS_ZH, CLEAR, ASKS, AS_ANSWER, ORDINARY)
    cases = [case for block in blocks for case in _lines(block)]
    chinese = sum(_language(case) == "zh" for case in cases)
    assert chinese >= 100
    assert len(cases) - chinese >= 150


@pytest.mark.parametrize(
    "text",
    ["START", "start.", "unstop", "subscribe again", "resubscribe", "Subscribe me again, please",
     "退订恢复", "恢复订阅", "重新订阅", "取消退订"],
)  # fmt: skip
def test_who_comes_back(text: str) -> None:
    assert is_start(text)
    assert understood(text, _language(text)) is None


@pytest.mark.parametrize("text", ["start my order", "when do you start?", "订阅咖啡盒", "hello"])
def test_who_does_not(text: str) -> None:
    assert not is_start(text)


@pytest.mark.parametrize(
    "text", ["stop " * 500, "不要" * 400, "no more " * 300, "stop all of the " * 60]
)
def test_long_words_are_nobodys_stop_and_take_no_time(text: str) -> None:
    assert understood(text, "en") is None


def test_td_is_a_word_in_chinese_only() -> None:
    assert understood("TD", "en") == Stop(bare=True, as_answer=True)
