"""Where somebody is, as far as their telephone number tells: the country of its calling code (ITU-T E.164)."""

import re

_CODES = {
    "1": "US", "7": "RU", "20": "EG", "27": "ZA", "30": "GR", "31": "NL", "32": "BE", "33": "FR", "34": "ES",
    "36": "HU", "39": "IT", "40": "RO", "41": "CH", "43": "AT", "44": "GB", "45": "DK", "46": "SE", "47": "NO",
    "48": "PL", "49": "DE", "51": "PE", "52": "MX", "54": "AR", "55": "BR", "56": "CL", "57": "CO", "60": "MY",
    "61": "AU", "62": "ID", "63": "PH", "64": "NZ", "65": "SG", "66": "TH", "81": "JP", "82": "KR", "84": "VN",
    "86": "CN", "90": "TR", "91": "IN", "92": "PK", "212": "MA", "234": "NG", "254": "KE", "351": "PT",
    "353": "IE", "358": "FI", "380": "UA", "420": "CZ", "852": "HK", "853": "MO", "880": "BD", "886": "TW",
    "966": "SA", "971": "AE", "972": "IL",
}  # fmt: skip
_LONGEST = 3


def region_of(phone: str | None) -> str | None:
    """Return the country of an international number, None for any other; Canada shares its code with the US."""
    digits = re.sub(r"[^\d+]", "", phone or "")
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if not digits.startswith("+"):
        return None
    codes = (digits[1 : 1 + length] for length in range(_LONGEST, 0, -1))
    return next((_CODES[code] for code in codes if code in _CODES), None)
