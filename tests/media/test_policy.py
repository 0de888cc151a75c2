"""Which files are kept, under which name, and how they are handed out."""

import re
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.media.names import disposition, safe_name
from desk.media.policy import Refusal, headers, is_shown, judge
from tests.media.samples import KINDS, PROGRAMS

MANY = 10**6


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_what_its_first_bytes_say(name: str) -> None:
    content, kind = KINDS[name]
    verdict = judge(content, largest=MANY)
    assert (verdict.content_type, verdict.refusal) == (kind, None)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_refused(name: str) -> None:
    assert judge(PROGRAMS[name], largest=MANY).refusal is Refusal.PROGRAM


def test_the_limit_is_to_the_byte() -> None:
    assert judge(b"x" * 100, largest=100).refusal is None
    assert judge(b"x" * 101, largest=100).refusal is Refusal.TOO_LARGE


@given(st.binary(max_size=300))
def test_any_content_gets_a_verdict(content: bytes) -> None:
    assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", judge(content, largest=MANY).content_type)


@pytest.mark.parametrize("size", range(64 * 1024 - 3, 64 * 1024 + 3))
def test_a_long_text_is_text_wherever_the_look_at_it_ends(size: int) -> None:
    assert judge(b"x" * size + "订".encode() * 10, largest=MANY).content_type == "text/plain"


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\bill.pdf", "bill.pdf"),
        ("a\x00b\r\nc.txt", "ab c.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe.txt"),
        ("  .hidden ", "hidden"),
        ("", "file"),
        ("...", "file"),
        ("/", "file"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ('a"b<c>|?*:.png', "a_b_c_____.png"),
        ("order.JS", "order.JS.txt"),
        ("page.html", "page.html.txt"),
        ("page.html.", "page.html.txt"),
        ("发票 2026.pdf", "发票 2026.pdf"),
        ("e\u0301.png", "é.png"),
        ("half\ud800.png", "half.png"),
    ],
)
def test_names(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


@given(st.text(st.characters(), max_size=400))
def test_any_name_becomes_a_safe_one(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert len(safe.encode()) <= 190
    assert not re.search(r'[/\\<>:"|?*\x00-\x1f]', safe)
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in safe)
    assert safe == safe.strip(" .")
    assert safe_name(safe) == safe


@given(
    st.text(st.characters(exclude_categories=[]), max_size=60),
    st.sampled_from(["exe", "Js", "hta", "svg"]),
)
def test_no_name_is_a_programs(name: str, extension: str) -> None:
    assert not safe_name(f"{name}.{extension}").lower().endswith(f".{extension.lower()}")


@given(st.text(st.characters(exclude_categories=[]), max_size=60))
def test_a_name_in_a_header_is_one_line_and_comes_back(name: str) -> None:
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    full = re.fullmatch(r"attachment; filename=\"[^\"]+\"; filename\*=UTF-8''(\S+)", header)
    assert full
    assert unquote(full[1]) == safe_name(name)


@pytest.mark.parametrize("name", KINDS)
def test_only_pictures_are_shown_in_place_and_nothing_runs(name: str) -> None:
    _, kind = KINDS[name]
    sent = headers("a b.bin", kind)
    shown = name in {"png", "jpeg", "gif", "webp", "avif"}
    assert is_shown(kind) is shown
    assert sent["Content-Disposition"].startswith("inline" if shown else "attachment")
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert sent["Content-Type"].partition(";")[0] == kind
