"""Texts and the language they are in; None where nobody could tell."""

CASES: list[tuple[str, str | None]] = [
    *((text, None) for text in (
        "", " ", "?", "...", "ok", "OK!", "😀", "👍👍🏽", "10023", "12.50", "2026-01-05", "FD-10023",
        "inv-1177",         "#10023", "a.customer@example.com", "https://example.com/where-is-my-order",
        "+86 555 0123", "hi", "hello", "thanks",
        "Zhang Wei", "MacBook Pro", "iPhone 15", "lol", "\x00\x07", "qwrtz",
    )),
    *((text, "en") for text in (
        "where is my order", "wheres my stuff", "WHERE IS MY ORDER", "refund", "refund pls", "cancel", "it broke",
        "talk to a human", "where is my 订单 please", "I want 退款", "how much is this 手机壳", "cancel my 订单",
        "can I pay with カード", "what was it", "I was in Berlin", "track FD-10023", "’tis what’s wrong",
    )),
    *((text, "zh") for text in (
        "我的订单到哪了", "退款", "好", "ok 好", "嗯嗯", "我的order到哪了", "refund 什么时候到",
        "iPhone 15 Pro 有货吗", "你好 hello",
        "order 订单", "怎么complain", "服务very差", "my order 到哪了", "邮箱是a.customer@example.com",
        "FD-10023退款处理得怎么样了",
        "我的訂單到哪裡了", "請問可以退貨嗎", "不錯", "我要买の东西", "ni hao", "wo yao tuikuan", "𠮷野家",
    )),
    *((text, "ja") for text in ("注文はどこですか", "私の注文", "ありがとう", "カード", "キャンセルしたい", "ｶｰﾄﾞ")),
    *((text, "ko") for text in ("안녕하세요", "주문 취소", "제 order 어디 있어요")),
    ("где мой заказ", "ru"), ("أين طلبي", "ar"), ("איפה ההזמנה שלי", "he"), ("คำสั่งซื้อ", "th"), ("πού είναι", "el"),
    *((text, "es") for text in ("hola", "donde esta mi pedido", "¿dónde está?", "no me gusta", "quiero cancelar")),
    *((text, "fr") for text in ("bonjour", "où est ma commande", "merci", "je veux un remboursement", "ça va")),
    *((text, "de") for text in ("wo ist meine Bestellung", "danke", "was ist das", "Größe",
        "ich will mein Geld zurück")),
    ("dove è il mio ordine", "it"), ("onde está meu pedido", "pt"), ("waar is mijn bestelling", "nl"),
]  # fmt: skip
