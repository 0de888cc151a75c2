"""The beginnings of files of many kinds, made by hand from what the formats say about themselves."""

import io
import struct
import zipfile

OFFICE = "application/vnd.openxmlformats-officedocument."


def archive(*names: str, mimetype: str = "") -> bytes:
    """Return an archive with these names in it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        if mimetype:
            made.writestr("mimetype", mimetype)
        for name in names:
            made.writestr(name, "x" * 40)
    return target.getvalue()


def movie(brand: bytes) -> bytes:
    """Return the first box of an ISO media file."""
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(12)


KINDS: dict[str, tuple[bytes, str]] = {
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "image/jpeg"),
    "gif": (b"GIF89a\x01\x00\x01\x00", "image/gif"),
    "webp": (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
    "bmp": (b"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28", "image/bmp"),
    "tiff": (b"II*\x00\x08\x00\x00\x00", "image/tiff"),
    "heic": (movie(b"heic"), "image/heic"),
    "avif": (movie(b"avif"), "image/avif"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/pdf"),
    "docx": (
        archive("[Content_Types].xml", "word/document.xml"),
        f"{OFFICE}wordprocessingml.document",
    ),
    "xlsx": (archive("[Content_Types].xml", "xl/workbook.xml"), f"{OFFICE}spreadsheetml.sheet"),
    "pptx": (
        archive("[Content_Types].xml", "ppt/presentation.xml"),
        f"{OFFICE}presentationml.presentation",
    ),
    "odt": (
        archive("content.xml", mimetype="application/vnd.oasis.opendocument.text"),
        "application/vnd.oasis.opendocument.text",
    ),
    "zip": (archive("photos/1.jpg"), "application/zip"),
    "doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(8), "application/x-ole-storage"),
    "rtf": (b"{\\rtf1\\ansi hello}", "application/rtf"),
    "text": ("您好，订单到了吗？\n".encode(), "text/plain"),
    "text in UTF-16": ("\ufeffhello".encode("utf-16-le"), "text/plain"),
    "page": (b"<!doctype html><script>alert(1)</script>", "text/plain"),
    "drawing with a script": (b"<svg onload='alert(1)'/>", "text/plain"),
    "shell script": (b"#!/bin/sh\nrm -rf /\n", "text/plain"),
    "text like a program": (b"MZ, as the old notes say", "text/plain"),
    "nothing": (b"", "text/plain"),
    "mp3": (b"ID3\x04\x00\x00\x00\x00\x00\x00", "audio/mpeg"),
    "voice": (b"OggS\x00\x02" + bytes(20) + b"OpusHead", "audio/ogg"),
    "m4a": (movie(b"M4A "), "audio/mp4"),
    "wav": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
    "amr": (b"#!AMR\n\x00", "audio/amr"),
    "mp4": (movie(b"isom"), "video/mp4"),
    "mov": (movie(b"qt  "), "video/quicktime"),
    "webm": (b"\x1a\x45\xdf\xa3\x9f\x42", "video/webm"),
    "avi": (b"RIFF\x24\x00\x00\x00AVI LIST", "video/x-msvideo"),
    "text in another code": ("订单".encode("gb18030") + b"\x00", "application/octet-stream"),
    "noise": (bytes(range(0x80, 0x100)), "application/octet-stream"),
    "cut archive": (b"PK\x03\x04" + bytes(10), "application/zip"),
}
PROGRAMS: dict[str, bytes] = {
    "Windows": b"MZ\x90\x00\x03\x00\x00\x00" + bytes(60) + b"PE\x00\x00",
    "Linux": b"\x7fELF\x02\x01\x01\x00",
    "macOS": b"\xcf\xfa\xed\xfe\x07\x00\x00\x01",
    "macOS, several kinds": b"\xca\xfe\xba\xbe\x00\x00\x00\x02",
    "Android": archive("AndroidManifest.xml", "classes.dex"),
    "Java": archive("META-INF/MANIFEST.MF", "Main.class"),
    "WebAssembly": b"\x00asm\x01\x00\x00\x00",
    "Windows shortcut": b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(12),
    "Windows help": b"ITSF\x03\x00\x00\x00",
}
