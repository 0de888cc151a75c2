"""What a content is, by its first bytes; what anybody claims about it does not count."""

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
PROGRAM = "application/x-executable"

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"#!AMR", "audio/amr"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"\x7fELF", PROGRAM),
    (b"\xfe\xed\xfa\xce", PROGRAM),
    (b"\xfe\xed\xfa\xcf", PROGRAM),
    (b"\xce\xfa\xed\xfe", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"\x00asm", PROGRAM),
    (b"dex\n0", PROGRAM),
    (b"L\x00\x00\x00\x01\x14\x02\x00", PROGRAM),
    (b"ITSF\x03\x00", PROGRAM),
)
"""Signatures as the formats' own specifications give them; Windows shortcuts and help files run programs, too."""
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    b"avif": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"M4A ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_PARTS = {
    b"classes.dex": PROGRAM,
    b"META-INF/MANIFEST.MF": PROGRAM,
    b"word/document.xml": f"{_OFFICE}wordprocessingml.document",
    b"xl/workbook.xml": f"{_OFFICE}spreadsheetml.sheet",
    b"ppt/presentation.xml": f"{_OFFICE}presentationml.presentation",
}
"""Names in the directory of an archive, and what an archive with them is."""
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
_LOOK = 64 * 1024
_CONTROLS = frozenset(range(32)) - {8, 9, 10, 12, 13, 27}


def sniff(content: bytes) -> str:
    """Return the content type; ``application/octet-stream`` for what we do not know."""
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12], UNKNOWN)
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12], "video/mp4")
    if content[:4] == b"PK\x03\x04":
        return _zipped(content)
    if content[:2] == b"BM" and len(content) > 14 and not any(content[6:10]):
        return "image/bmp"
    if _is_text(content):
        return TEXT
    return PROGRAM if content[:2] == b"MZ" else UNKNOWN


def _zipped(content: bytes) -> str:
    # Only looked through at both ends: a directory may claim to be as long as it likes.
    ends = content[:_LOOK] + content[-_LOOK:]
    if content[30:38] == b"mimetype" and content.startswith(_OPEN_DOCUMENT, 38):
        for known in (b"text", b"spreadsheet", b"presentation"):
            if content.startswith(known, 38 + len(_OPEN_DOCUMENT)):
                return (_OPEN_DOCUMENT + known).decode()
    return next((kind for part, kind in _PARTS.items() if part in ends), "application/zip")


def _is_text(content: bytes) -> bool:
    head = content[:_LOOK]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16 with its mark, as Windows writes it
        return len(content) % 2 == 0
    if not _CONTROLS.isdisjoint(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # A character that our look cut in two is none that is wrong.
        return len(content) > _LOOK and error.start > _LOOK - 4
    return True
