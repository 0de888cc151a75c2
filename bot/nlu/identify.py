"""Which language a text is in, from its script and its small words; short and wordless texts tell none.

The application has a copy of this file, as the two sides share no code; a test compares them.
"""

from __future__ import annotations

import re

# Addresses, handles, order numbers, and words that people of all languages write.
_NO_EVIDENCE = re.compile(
    r"(?a:[\w.%+-]+@[\w.-]+|https?://[!-~]+|www\.[!-~]+|@\w+|\b[a-z]{1,4}-?\d[\w-]*"
    r"|\b(?:ok|okay|k|hi|hello|hey|bye|byebye|yes|no|thx|thanks|thank\s+you|pls|plz|please|sorry|lol|haha|wow|omg"
    r"|pro|app|vip|email|e-mail|sms|qr|pdf|id|usb|iphone|paypal|visa)\b)"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿𠀀-𯨟]")
_KANA = re.compile(r"[ぁ-ゖァ-ヺｦ-ﾝ]")
_SCRIPTS = (
    ("ko", re.compile(r"[ᄀ-ᇿㄱ-ㆎ가-힣]")),
    ("ru", re.compile(r"[Ѐ-ӿ]")),
    ("ar", re.compile(r"[؀-ۿ]")),
    ("he", re.compile(r"[א-ת]")),
    ("th", re.compile(r"[ก-๛]")),
    ("el", re.compile(r"[Ͱ-Ͽ]")),
    ("hi", re.compile(r"[ऀ-ॿ]")),
)

# The characters that hold a Chinese sentence together, in both writings.
_ZH_FRAME = frozenset(
    "我你您他她它咱们們的了吗嗎呢吧啊呀在是不没沒有怎什么麼哪这這那个個要想能可以会會给給把被到从從和跟就都也还還很太请請帮幫查为為啥咋几幾多少谁誰"
)
_ZH_PINYIN = re.compile(
    r"\b(?:ni ?hao|xie ?xie|zai ?jian|wo (?:yao|de|xiang)|ding ?dan|tui ?kuan|tui ?huo|fa ?huo|kuai ?di|ke ?fu)\b"
)

# The words that hold an English sentence together.
_EN_FRAME_TEXT = """
i i'm im i've ive i'd i'll me my mine we our us you your yours u ur he she it its it's they them their this that
these those the a an and or but if of to in on at for from with about into by as is are am was were be been
being do does did don't dont doesn't doesnt didn't didnt isn't isnt aren't can can't cant cannot could couldn't
will won't wont would should has have had haven't havent hasn't hasnt not what what's whats when where where's
wheres which who why how how's there there's here any some all just still already yet again too very so than
then because after before wanna gonna gotta let let's nothing something anything never
"""
_EN_TEXT = """
order orders track tracking cancel refund refunds return returns exchange delivery deliver delivered ship
shipping shipped shipment parcel package invoice receipt bill payment pay paid charge charged card price
discount coupon account password login sign register registration address change update delete remove close help
need want get got give buy bought purchase item items product wrong broken damaged missing late slow cheap
expensive open hours closed today tomorrow yesterday talk speak human agent person someone support service
customer complaint complain manager review feedback newsletter subscribe unsubscribe question problem issue
error work works working good great nice perfect bad worst terrible awful useless stupid angry happy love hate
fine sure right maybe nope yeah yep alright never mind stop wait more less other another one two three first
second third new old send sent received arrived come came status number long much many time times day days week
weeks month money back free gift morning afternoon evening details profile settings contact representative
upgrade reset access data create progress survey chat user users method methods fee fees amount download folks
cheers penalty leave key nah now switch book website know see tell show find look check make made say said think
forgot lost english
"""
_EN_FRAME = frozenset(_EN_FRAME_TEXT.split())
_EN_WORDS = frozenset(_EN_TEXT.split())
_EN_ENDING = re.compile(r"[a-z]{2,}(?:ing|tion|ment|ness|able|n't|'s|'re|'ve|ly)")

_OTHERS = {
    language: frozenset(words.split())
    for language, words in {
        "es": """
            yo tu su me gusta hay hola gracias buenos buenas días dias tardes noches donde dónde está esta mi mis
            pedido quiero quisiera por favor cuándo cuando cómo como cuánto cuanto qué que el la los las un una de
            del con para no sí es son tengo puedo necesito hacer mucho muy llegó llega dinero devolución devolver
            cancelar paquete ayuda adiós usted pero
        """,
        "fr": """
            bonjour bonsoir salut merci où est ma mon mes commande je j'ai veux voudrais vous votre le la les un une
            des du de et pour avec pas ne que qui quand comment combien s'il plaît plait suis c'est ça mais dans sur
            colis remboursement annuler argent livraison besoin aide revoir oui non puis-je puis
        """,
        "de": """
            hallo guten tag morgen abend danke bitte wo ist meine mein meinen bestellung ich möchte mochte will kann
            können sie ihr wir der die das den dem ein eine einen und oder nicht kein keine mit für fur von zu wann
            wie was warum paket lieferung geld zurück zuruck rechnung stornieren hilfe habe noch auch es sind
            tschüss ja nein
        """,
        "it": """
            ciao buongiorno grazie dove dov'è è il lo la gli mio mia ordine voglio vorrei per favore quando come
            quanto che non sono ho un una di del con pacco rimborso annullare soldi spedizione aiuto arrivato ancora
            posso
        """,
        "pt": """
            olá ola obrigado obrigada bom boa dia tarde noite onde está meu minha pedido quero queria por favor
            quando como quanto que não nao o os as um uma de do da com para é são tenho posso preciso encomenda
            devolver cancelar dinheiro ajuda
        """,
        "nl": """
            hoi goedemorgen dank bedankt waar is mijn bestelling ik wil graag kan jullie u de het een en niet geen
            met voor van wanneer hoe wat waarom pakket geld terug annuleren hulp heb nog
        """,
    }.items()
}
_LETTERS = (
    ("de", re.compile("[ßẞ]")),
    ("es", re.compile("[ñ¿¡]")),
    ("pt", re.compile("[ãõ]")),
    ("pl", re.compile("[łżźśńęą]")),
    ("tr", re.compile("[ğışİ]")),
    ("vi", re.compile("[ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")),
    ("fr", re.compile("[œêàùûçëï]")),
)


def identify(text: str) -> str | None:
    """A language's code (en, zh, ja, ko, es, fr, ...); None of a text that could be any, such as "ok", "😀", "10023".

    In a mixture the sentence decides, not the noun: "where is my 订单 please" is English, "我的order到哪了" Chinese.
    A Japanese text without kana reads as Chinese.
    """
    plain = _NO_EVIDENCE.sub(" ", text.lower())
    words = _WORD.findall(plain.replace("’", "'"))
    english = _english(words)
    han, kana = len(_HAN.findall(plain)), len(_KANA.findall(plain))
    if kana and kana * 4 >= han and english * 3 < han + kana:
        return "ja"
    for language, script in _SCRIPTS:
        count = len(script.findall(plain))
        if count and count >= han and english * 3 < count:
            return language
    if han:
        frame = sum(character in _ZH_FRAME for character in plain)
        return "en" if english >= 1 and english > frame else "zh"
    return "zh" if _ZH_PINYIN.search(plain) else _latin(plain, words, english)


def _english(words: list[str]) -> float:
    """Points for English: 1 for a word of the frame, a half for another known or likely one."""
    return sum(
        1.0
        if word in _EN_FRAME
        else 0.5
        if word in _EN_WORDS or _EN_ENDING.fullmatch(word)
        else 0.0
        for word in words
    )


def _latin(text: str, words: list[str], english: float) -> str | None:
    points = {
        language: sum(word in known for word in words) for language, known in _OTHERS.items()
    }
    best = max(points, key=points.__getitem__)
    marked = next((language for language, letters in _LETTERS if letters.search(text)), None)
    if points[best] > english:
        return best
    if marked is not None and english < 1:
        return marked
    return "en" if english else None
