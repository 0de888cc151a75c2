"""Values as people read them: tables of cases."""

import pytest

from console.shown import by_of, handle_of


@pytest.mark.parametrize(
    ("author", "name", "en", "zh"),
    [
        ("agent", "Mo", "Mo", "Mo"),
        ("agent", None, "Agent", "客服"),
        ("system", None, "Frontdesk", "Frontdesk"),
        # Of automation, and of assignment and priority.
        ("system", "rule: refunds", "By rule refunds", "按规则 refunds"),
        ("system", "refunds", "By rule refunds", "按规则 refunds"),
        ("", "rule: refunds", "By rule refunds", "按规则 refunds"),
        ("", "Mo", "Mo", "Mo"),
    ],
)
def test_a_rule_is_told_from_a_person(author: str, name: str | None, en: str, zh: str) -> None:
    assert (by_of(author, name, "en"), by_of(author, name, "zh")) == (en, zh)


@pytest.mark.parametrize(
    ("handle", "shown"),
    [
        ("0198c0ffee00aa11bb22cc33dd44ee55", "Visitor EE55"),
        ("0198c0ff-ee00-4a11-8b22-cc33dd44ee55", "Visitor EE55"),
        ("ada@example.com", "ada@example.com"),
        ("deadbeef", "deadbeef"),
        ("@a-name-that-is-much-too-long:example.org", "…uch-too-long:example.org"),
    ],
)
def test_an_id_that_a_program_made_up_is_not_shown_to_people(handle: str, shown: str) -> None:
    found = handle_of(handle, "en")
    assert len(found) <= 28
    assert found.endswith(shown.removeprefix("…"))
    assert ("…" in found) == ("…" in shown)
