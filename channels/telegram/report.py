"""How a bot stands with Telegram, in words for an operator: pure decisions."""

from datetime import datetime, timedelta

from telegram import User, WebhookInfo

from channels.telegram.client import HEARD

_MANY = 100
_RECENT = timedelta(hours=1)


def problems(hook: WebhookInfo, *, expected: str, now: datetime) -> tuple[str, ...]:
    """Return what is wrong with how updates come; ``expected`` is our webhook, empty when we poll."""
    found = [_address(hook.url, expected)]
    if hook.pending_update_count >= _MANY:
        found.append(f"{hook.pending_update_count} updates wait to be fetched or delivered")
    if hook.url and hook.url == expected:
        found += [_delivery(hook, now), _unheard(hook)]
    return tuple(filter(None, found))


def notes(me: User) -> tuple[str, ...]:
    """Return what an operator may want to know."""
    groups = (
        "group privacy is off: the bot receives all that is said in its groups and answers what is meant for it"
        if me.can_read_all_group_messages
        else "group privacy is on: in a group the bot hears commands to it and replies to it, and mentions as far as"
        " Telegram passes them on; @BotFather's /setprivacy changes that, then add the bot to the group again"
    )
    alone = "the bot cannot be added to groups (@BotFather, /setjoingroups)"
    return (groups,) if me.can_join_groups else (alone,)


def _address(url: str, expected: str) -> str:
    if url == expected:
        return ""
    if not expected:
        return (
            f"a webhook is set ({url}), so polling gets nothing: another program uses this bot, or the mode was"
            " changed; a start of Frontdesk takes it away"
        )
    if not url:
        return (
            f"no webhook is set; it should be {expected}: another program polls with this bot, or the mode was"
            " changed; a start of Frontdesk sets it"
        )
    return (
        f"the webhook is {url} and not {expected}: another installation uses this bot, or the public address was"
        " changed; a start of Frontdesk sets it"
    )


def _delivery(hook: WebhookInfo, now: datetime) -> str:
    at = hook.last_error_date
    if at is None or now - at > _RECENT:
        return ""
    return f"Telegram could not deliver at {at:%Y-%m-%d %H:%M} UTC: {hook.last_error_message}"


def _unheard(hook: WebhookInfo) -> str:
    # None of them listed means the default, in which all that we hear are.
    missing = sorted(set(HEARD) - set(hook.allowed_updates or HEARD))
    return (
        f"Telegram does not send {', '.join(missing)}; a start of Frontdesk corrects it"
        if missing
        else ""
    )
