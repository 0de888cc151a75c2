"""Countries by their code or their name, in English and Chinese."""

from functools import cache
from importlib import resources

_ALSO = {
    "US": "usa, united states of america, america, 美国",
    "GB": "uk, united kingdom, great britain, britain, england, scotland, wales, gbr, 英国",
    "CN": "prc, people's republic of china, mainland china, chn, 中国, 中国大陆",
    "HK": "hong kong, hong kong sar, 香港, 中国香港",
    "MO": "macau, macao, 澳门, 中国澳门",
    "TW": "taiwan, 台湾, 中国台湾",
    "JP": "jpn, 日本",
    "KR": "south korea, republic of korea, korea, kor, 韩国",
    "KP": "north korea, 朝鲜",
    "SG": "sgp, 新加坡",
    "MY": "mys, 马来西亚",
    "TH": "tha, 泰国",
    "VN": "viet nam, vnm, 越南",
    "PH": "the philippines, phl, 菲律宾",
    "ID": "idn, 印度尼西亚, 印尼",
    "IN": "ind, 印度",
    "AU": "aus, 澳大利亚, 澳洲",
    "NZ": "nzl, 新西兰",
    "CA": "can, 加拿大",
    "MX": "mex, méxico, 墨西哥",
    "BR": "bra, brasil, 巴西",
    "AR": "arg, 阿根廷",
    "DE": "deu, deutschland, 德国",
    "FR": "fra, 法国",
    "IT": "ita, italia, 意大利",
    "ES": "esp, españa, 西班牙",
    "PT": "prt, 葡萄牙",
    "NL": "nld, the netherlands, holland, 荷兰",
    "BE": "bel, 比利时",
    "CH": "che, schweiz, suisse, 瑞士",
    "AT": "aut, österreich, 奥地利",
    "SE": "swe, sverige, 瑞典",
    "NO": "nor, norge, 挪威",
    "DK": "dnk, danmark, 丹麦",
    "FI": "fin, suomi, 芬兰",
    "IE": "irl, 爱尔兰",
    "PL": "pol, polska, 波兰",
    "CZ": "cze, czechia, 捷克",
    "RU": "rus, russian federation, 俄罗斯",
    "UA": "ukr, 乌克兰",
    "TR": "tur, türkiye, turkiye, 土耳其",
    "IL": "isr, 以色列",
    "SA": "sau, 沙特阿拉伯",
    "AE": "uae, are, 阿联酋",
    "EG": "egy, 埃及",
    "ZA": "zaf, 南非",
    "NG": "nga, 尼日利亚",
    "KE": "ken, 肯尼亚",
}
"""What people write besides the code and the English name."""


def country(text: str) -> str | None:
    """Return the code of ISO 3166-1 of what somebody wrote; None if it is no country."""
    return _known().get(" ".join(text.casefold().split()))


@cache
def _known() -> dict[str, str]:
    """Return codes by code and by name; the list of codes comes with the time zones."""
    table = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8")
    named = dict(
        line.split("\t", 1) for line in table.splitlines() if line and not line.startswith("#")
    )
    found = {name.strip().casefold(): code for code, name in named.items()}
    found |= {code.casefold(): code for code in named}
    return found | {name: code for code, names in _ALSO.items() for name in names.split(", ")}
