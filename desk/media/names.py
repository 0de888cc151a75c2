"""What a file is called when people see it or save it: never a path, never a program's name."""

import re
import unicodedata
from urllib.parse import quote

_LONGEST_BYTES = 180
_LONGEST_EXTENSION = 16
_UNSAFE = re.compile(r'[<>:"|?*]')
_BLANK = re.compile(r"\s+")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories: control, format (what turns the direction of text is among them), halves, unassigned, breaks."""
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_RUNNABLE = frozenset(
    [
        "app",
        "appref-ms",
        "bat",
        "chm",
        "cmd",
        "com",
        "cpl",
        "desktop",
        "dll",
        "dmg",
        "exe",
        "gadget",
        "hta",
        "htm",
        "html",
        "inf",
        "ins",
        "iso",
        "jar",
        "jnlp",
        "js",
        "jse",
        "lnk",
        "mht",
        "mhtml",
        "msc",
        "msi",
        "msix",
        "msp",
        "pif",
        "ps1",
        "ps1xml",
        "psm1",
        "py",
        "pyw",
        "reg",
        "scf",
        "scr",
        "sct",
        "settingcontent-ms",
        "sh",
        "shb",
        "svg",
        "swf",
        "url",
        "vb",
        "vbe",
        "vbs",
        "wasm",
        "wsc",
        "wsf",
        "wsh",
        "xhtml",
        "xll",
        "xml",
        "xsl",
    ]
)
"""What a double click runs, or opens in a browser as a page with the customer's scripts."""


def safe_name(name: str) -> str:
    """Return a name that is fit to be shown and saved; a safe one stays as it is.

    What a double click would run is called a text, which it becomes for whoever opens it.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    seen = "".join(
        " " if c.isspace() else c
        for c in last
        if unicodedata.category(c) not in _INVISIBLE or c in "\t\n\r"
    )
    plain = _BLANK.sub(" ", _UNSAFE.sub("_", seen)).strip(" .")
    if not plain:
        return "file"
    if _DEVICES.fullmatch(plain):
        plain = f"_{plain}"
    stem, dot, extension = plain.rpartition(".")
    if dot and extension.lower() in _RUNNABLE:
        stem, extension = plain, "txt"
    if not stem or len(extension) > _LONGEST_EXTENSION:
        return _cut(plain, _LONGEST_BYTES)
    return f"{_cut(stem, _LONGEST_BYTES - len(extension.encode()) - 1)}.{extension}"


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore").strip(" .") or "file"


def disposition(name: str, *, inline: bool = False) -> str:
    """Return the ``Content-Disposition`` of a file, its name in ASCII and in full (RFC 6266)."""
    plain = safe_name(name)
    ascii_name = re.sub(r"[^A-Za-z0-9 ._()-]", "_", plain)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(plain, safe='')}"
