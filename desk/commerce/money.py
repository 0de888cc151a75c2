"""Amounts of money for people: whole cents in, text out."""

_DECIMALS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
}
"""ISO 4217 minor units where they are not two."""

_SIGNS = {
    "en": {
        "USD": "$",
        "EUR": "€",
        "GBP": "£",
        "JPY": "¥",
        "CNY": "CN¥",
        "HKD": "HK$",
        "TWD": "NT$",
    },
    "zh": {"CNY": "¥", "EUR": "€", "GBP": "£", "USD": "US$", "HKD": "HK$", "TWD": "NT$"},
}


def decimals(currency: str) -> int:
    """Return how many decimal places a currency has."""
    return _DECIMALS.get(currency, 2)


def decimals_told() -> tuple[str, ...]:
    """Return the currencies that have not two decimal places."""
    return tuple(_DECIMALS)


def format_money(cents: int, currency: str, language: str) -> str:
    """Return an amount of minor units as text: ``129900 USD`` is ``$1,299.00``, in Chinese ``US$1,299.00``."""
    places = decimals(currency)
    whole, rest = divmod(abs(cents), 10**places)
    amount = f"{whole:,}" + (f".{rest:0{places}d}" if places else "")
    sign = _SIGNS.get(language, _SIGNS["en"]).get(currency)
    minus = "-" if cents < 0 else ""
    return f"{minus}{sign}{amount}" if sign else f"{minus}{amount} {currency}"
