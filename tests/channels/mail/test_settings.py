"""What an operator may set."""

from pathlib import Path

import pytest

from channels.mail.settings import MailSettings, is_loopback
from desk.errors import SettingsError

GOOD = {
    "ADDRESS": "Support@Example.com",
    "IMAP_HOST": "imap.example.com",
    "IMAP_PASSWORD": "a",
    "SMTP_HOST": "smtp.example.com",
    "SMTP_PASSWORD": "b",
}


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def load(monkeypatch: pytest.MonkeyPatch, **changes: str) -> MailSettings | None:
    for name, value in {**GOOD, **changes}.items():
        monkeypatch.setenv(f"FRONTDESK_EMAIL_{name}", value)
    return MailSettings.load()


def test_the_usual_ports_and_protection(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MailSettings.load() is None
    found = load(monkeypatch)
    assert found is not None
    assert (found.address, found.imap_port_used, found.smtp_port_used) == (
        "Support@example.com",
        993,
        587,
    )
    other = load(monkeypatch, SMTP_SECURITY="tls", IMAP_SECURITY="starttls", IMAP_PORT="10143")
    assert other is not None
    assert (other.imap_port_used, other.smtp_port_used) == (10143, 465)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"IMAP_HOST": ""}, "FRONTDESK_EMAIL_IMAP_HOST: missing"),
        ({"IMAP_PASSWORD": ""}, "FRONTDESK_EMAIL_IMAP_PASSWORD: missing"),
        ({"SMTP_PASSWORD": ""}, "FRONTDESK_EMAIL_SMTP_PASSWORD: "),
        ({"ADDRESS": "support"}, "FRONTDESK_EMAIL_ADDRESS: must be an address"),
        ({"IMAP_SECURITY": "none"}, "in the clear"),
        ({"SMTP_SECURITY": "none"}, "in the clear"),
        ({"SMTP_SECURITY": "ssl"}, "FRONTDESK_EMAIL_SMTP_SECURITY"),
        ({"CA_FILE": "nowhere.pem"}, "there is no file nowhere.pem"),
        ({"LARGEST_MB": "0"}, "FRONTDESK_EMAIL_LARGEST_MB"),
        ({"IMAP_PROT": "1"}, "did you mean FRONTDESK_EMAIL_IMAP_PORT"),
    ],
)
def test_one_line_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        load(monkeypatch, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"IMAP_SECURITY": "none", "IMAP_HOST": "127.0.0.1"},
        {"SMTP_SECURITY": "none", "SMTP_HOST": "localhost", "SMTP_PASSWORD": ""},
        {"SMTP_SECURITY": "none", "IMAP_SECURITY": "none", "ALLOW_PLAIN": "true"},
    ],
)
def test_plain_is_for_this_machine_or_on_purpose(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    assert load(monkeypatch, **changes) is not None


def test_loopback() -> None:
    names = (
        "127.0.0.1",
        "127.1.2.3",
        "::1",
        "[::1]",
        "localhost",
        "10.0.0.1",
        "localhost.example.com",
        "",
    )
    assert [is_loopback(name) for name in names] == [True] * 5 + [False] * 3
