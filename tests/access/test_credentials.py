"""Passwords, codes, recovery codes and links: each good for what it is, when it is, and once."""

import asyncio
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from app.wiring import Desk
from desk.access import links, second_step
from desk.access.access import Access
from desk.access.credentials import UsedLinkError, WrongCodeError, WrongPasswordError
from desk.access.keys import Keys
from desk.access.links import Link
from desk.access.passwords import LONGEST_BYTES, Passwords, WeakPasswordError, check
from desk.access.policy import Role
from desk.clock import StoppedClock
from desk.tables.access import UserRow
from tests.access.conftest import ADMIN, PASSWORD, QUICK, user
from tests.conftest import NOON, SECRET

KEYS = Keys(SECRET)


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("a fine long password", True),
        ("短语也可以当作密码用的", True),
        ("x1y2z3w4v5", True),
        ("x" * (LONGEST_BYTES - 4) + "abcd", True),
        ("x" * (LONGEST_BYTES - 3) + "abcd", False),
        ("莫小明吃饭" * 69, False),  # 345 characters, 1,035 bytes
        ("nine char", False),
        ("aaaaaaaaaaaaaaaa", False),
        ("abababababab", False),
        ("Kim@Example.com", False),
        ("ＫＩＭ＠ｅｘａｍｐｌｅ．ｃｏｍ", False),
        ("", False),
    ],
)
def test_which_passwords_will_do(password: str, good: bool) -> None:
    try:
        check(password, ("kim@example.com",))
    except WeakPasswordError:
        assert not good
    else:
        assert good


async def test_a_password_is_itself_however_it_was_typed() -> None:
    passwords = Passwords(QUICK)
    kept = await passwords.hash("cafe\u0301 au lait")
    assert kept.startswith("$argon2id$")
    assert await passwords.matches(kept, "caf\u00e9 au lait")
    assert not await passwords.matches(kept, "cafe au lait")
    assert not await passwords.matches(kept, "caf\u00e9 au lait" + "x" * 2_000)
    assert not await passwords.matches(None, "caf\u00e9 au lait")
    assert not await passwords.matches("not a hash", "caf\u00e9 au lait")


async def test_who_is_nobody_takes_as_much_work_as_who_is_somebody(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    await user(access, "Kim")
    disabled = await user(access, "Dan")
    await access.users.disable(disabled, by=ADMIN)
    await access.users.invite(by=ADMIN, name="Ina", email="ina@example.com", role=Role.AGENT)
    done: list[str] = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher,
        "verify",
        lambda self, kept, raw: done.append(kept[:22]) or verify(self, kept, raw),
    )
    for name in ("kim", "dan", "ina", "nobody"):
        found = await access.credentials.check(f"{name}@example.com", "not the password")
        assert found is None
    # One hash each, all with the same parameters.
    assert len(done) == 4
    assert len(set(done)) == 1


async def test_a_hash_of_old_parameters_is_made_anew(access: Access, desk: Desk) -> None:
    kim = await user(access, "Kim")
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    async with desk.database.write() as session:
        row = await session.get_one(UserRow, kim)
        row.password_hash = old
    assert await access.credentials.check("kim@example.com", "wrong, all of it") is None
    async with desk.database.read() as session:
        assert (await session.get_one(UserRow, kim)).password_hash == old
    assert await access.credentials.check("KIM@example.com ", PASSWORD)
    async with desk.database.read() as session:
        new = (await session.get_one(UserRow, kim)).password_hash
    assert new != old
    assert not QUICK.check_needs_rehash(str(new))
    assert await access.credentials.check("kim@example.com", PASSWORD)


def test_a_link_says_whose_it_is_until_it_is_over() -> None:
    link = Link(user_id="0" * 32, number=7)
    text = links.write(KEYS, link, NOON + timedelta(hours=1))
    assert links.read(KEYS, text, NOON) == link
    assert links.read(KEYS, text, NOON + timedelta(hours=1)) is None
    assert links.read(Keys("another secret of some length, as it must be"), text, NOON) is None
    body, _, signature = text.rpartition(".")
    for forged in (
        text.replace(".7.", ".8."),
        text.replace("0", "1", 1),
        f"{body}.{signature[:-2]}xx",
        f"{body}9.{signature}",
        "",
        "莫" * 80,
    ):
        assert links.read(KEYS, forged, NOON) is None


async def test_a_link_works_once(access: Access) -> None:
    row, link = await access.users.invite(
        by=ADMIN, name="Kim", email="kim@example.com", role=Role.AGENT
    )
    assert (await access.credentials.open_link(link)).id == row.id
    with pytest.raises(WeakPasswordError):
        await access.credentials.use_link(link, "short")
    tries = await asyncio.gather(
        *(access.credentials.use_link(link, f"{PASSWORD} {n}") for n in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, UsedLinkError) for one in tries) == 3
    with pytest.raises(UsedLinkError):
        await access.credentials.open_link(link)


async def test_a_newer_link_another_address_and_time_end_a_link(
    access: Access, clock: StoppedClock
) -> None:
    kim = await user(access, "Kim")
    first = await access.users.link(kim, by=ADMIN)
    second = await access.users.link(kim, by=ADMIN)
    with pytest.raises(UsedLinkError):
        await access.credentials.open_link(first)
    await access.credentials.open_link(second)
    clock.advance(timedelta(hours=24))
    with pytest.raises(UsedLinkError):
        await access.credentials.open_link(second)


def test_a_code_is_good_in_its_step_and_the_two_beside_it_and_once() -> None:
    secret = second_step.new_secret()
    now = int(NOON.timestamp()) // 30
    codes = {step: pyotp.TOTP(secret).generate_otp(step) for step in range(now - 2, now + 3)}
    good = [
        step - now
        for step, code in codes.items()
        if second_step.used_step(secret, code, NOON, last=0) is not None
    ]
    assert good == [-1, 0, 1]
    assert second_step.used_step(secret, codes[now], NOON, last=now) is None
    assert second_step.used_step(secret, codes[now - 1], NOON, last=now) is None
    assert second_step.used_step(secret, codes[now + 1], NOON, last=now) == now + 1
    spaced = f" {codes[now][:3]} {codes[now][3:]} "
    wide = "".join(chr(ord(c) + 0xFEE0) for c in codes[now])
    assert second_step.used_step(secret, spaced, NOON, last=0) == now
    assert second_step.used_step(secret, wide, NOON, last=0) == now
    for wrong in ("", "000", "abcdef", codes[now] + "0", "\udc80"):
        assert second_step.used_step(secret, wrong, NOON, last=0) is None


def test_recovery_codes_differ_and_are_found_however_they_are_typed() -> None:
    codes = second_step.new_recovery_codes()
    assert len(set(codes)) == 10
    kept = [second_step.recovery_hash(one) for one in codes]
    left = second_step.without(kept, f" {codes[3].upper().replace('-', ' ')} ")
    assert left == kept[:3] + kept[4:]
    assert second_step.without(left or [], codes[3]) is None
    assert second_step.without(kept, "") is None


def test_a_secret_is_sealed() -> None:
    sealed = KEYS.seal("JBSWY3DPEHPK3PXP")
    assert "JBSWY" not in sealed
    assert KEYS.opened(sealed) == "JBSWY3DPEHPK3PXP"
    assert Keys("another secret of some length, as it must be").opened(sealed) is None
    assert KEYS.opened("") is None


async def _set_up(access: Access, kim: str, clock: StoppedClock) -> tuple[str, list[str]]:
    setup = await access.credentials.begin_second_step(kim)
    code = pyotp.TOTP(setup.secret).at(int(clock().timestamp()))
    return setup.secret, await access.credentials.confirm_second_step(kim, code)


async def test_the_second_step_counts_once_a_code_was_given(
    access: Access, clock: StoppedClock, desk: Desk
) -> None:
    kim = await user(access, "Kim")
    setup = await access.credentials.begin_second_step(kim)
    again = await access.credentials.begin_second_step(kim)
    assert (again.secret, setup.picture[:19]) == (setup.secret, "data:image/svg+xml;")
    with pytest.raises(WrongCodeError):
        await access.credentials.confirm_second_step(kim, "000000")
    assert not await access.credentials.use_code(kim, "000000")
    secret, codes = await _set_up(access, kim, clock)
    async with desk.database.read() as session:
        row = (await session.scalars(select(UserRow))).one()
    assert secret not in str(row.totp_secret)
    assert codes[0] not in row.recovery
    # The code that set it up is used, and so is each after it.
    at = int(clock().timestamp())
    assert not await access.credentials.use_code(kim, pyotp.TOTP(secret).at(at))
    clock.advance(timedelta(seconds=30))
    code = pyotp.TOTP(secret).at(at + 30)
    tries = await asyncio.gather(*(access.credentials.use_code(kim, code) for _ in range(4)))
    assert sorted(tries) == [False, False, False, True]
    # A clock that was set back makes no used code good again.
    clock.advance(timedelta(minutes=-1))
    assert not await access.credentials.use_code(kim, code)
    tries = await asyncio.gather(*(access.credentials.use_code(kim, codes[0]) for _ in range(4)))
    assert sorted(tries) == [False, False, False, True]


async def test_the_form_of_the_second_step_lasts_five_minutes_and_ends_with_the_password(
    access: Access, clock: StoppedClock
) -> None:
    await user(access, "Kim")
    row = await access.credentials.check("kim@example.com", PASSWORD)
    assert row is not None
    half = access.credentials.half(row)
    assert await access.credentials.of_half(half)
    for forged in ("", "x", half[:-1], half.replace(row.id, "0" * 32), f"{row.id}.99999999999.x"):
        assert await access.credentials.of_half(forged) is None
    clock.advance(timedelta(minutes=5))
    assert await access.credentials.of_half(half) is None
    half = access.credentials.half(row)
    await access.credentials.change_password(row.id, PASSWORD, "another fine password")
    assert await access.credentials.of_half(half) is None


async def test_changing_and_stopping_want_the_password(
    access: Access, clock: StoppedClock
) -> None:
    kim = await user(access, "Kim")
    await _set_up(access, kim, clock)
    with pytest.raises(WrongPasswordError):
        await access.credentials.change_password(kim, "a guess of mine", "another fine password")
    with pytest.raises(WrongPasswordError):
        await access.credentials.stop_second_step(kim, "a guess of mine")
    with pytest.raises(WeakPasswordError):
        await access.credentials.change_password(kim, PASSWORD, PASSWORD)
    await access.credentials.stop_second_step(kim, PASSWORD)
    row = await access.credentials.check("kim@example.com", PASSWORD)
    assert row is not None
    assert (row.totp_at, row.recovery) == (None, [])
