"""A campaign's form with one part more or less. Pure."""

from console.pages.campaigns_compose_fields import LANGUAGES, Fields, message, places

_STEP = {"wait.unit": "d", "if": "", "unless": "", "otherwise": "end"}


def with_variant(form: Fields, most: int) -> Fields:
    """Return a form with one more variant, which says what the last one says."""
    known = places(form, "v", "name", most)
    if not known or len(known) == most:
        return form
    last, place = known[-1], f"v{len(known) + 1}"
    copied = {
        f"{place}{name.removeprefix(last)}": value
        for name, value in form.items()
        if name.startswith(f"{last}.")
    }
    names = {form[f"{one}.name"] for one in known}
    free = next(one for one in "abcdefghijklmnopqrstuvwxyz" if one not in names)
    return {**form, **copied, f"{place}.name": free}


def with_step(form: Fields, most: int) -> Fields:
    """Return a form with one more message of a sequence; the first to be added is the second message."""
    known = len(places(form, "s", "wait", most))
    waits = {known + 1: "3"} if known else {1: "0", 2: "3"}
    return form | {
        f"s{number}.{name}": value
        for number, wait in waits.items()
        if number <= most
        for name, value in {"wait": wait, **_STEP}.items()
    }


def without(form: Fields, place: str, most: int) -> Fields:
    """Return a form without a variant or a step, whose messages go with it; those behind it move up."""
    variants, steps = places(form, "v", "name", most), places(form, "s", "wait", most)
    if place not in (*variants, *steps) or [place] == variants:
        return form  # one variant is needed
    number = int(place[1:])
    if place in steps and len(steps) > 1:
        for variant in variants:
            form = _without_message(form, variant, number, len(steps))
    return _shifted(form, place[:1], number)


def _shifted(form: Fields, mark: str, gone: int) -> Fields:
    found = {}
    for name, value in form.items():
        first, dot, rest = name.partition(".")
        counted = dot and first[:1] == mark and first[1:].isdecimal()
        number = int(first[1:]) if counted else 0
        if number > gone:
            found[f"{mark}{number - 1}.{rest}"] = value
        elif number != gone or not number:
            found[name] = value
    return found


def _without_message(form: Fields, variant: str, gone: int, steps: int) -> Fields:
    """Return a form in which a variant says in each step from ``gone`` on what it said in the next."""
    found = dict(form)
    for step in range(gone, steps + 1):
        here, following = message(variant, step), message(variant, step + 1)
        if step > 1:
            found.pop(f"{here}.default", None)
        if own := form.get(f"{following}.default"):
            found[f"{here}.default"] = own
        for language in LANGUAGES:
            start = f"{here}.{language}."
            found = {name: value for name, value in found.items() if not name.startswith(start)}
            found |= {
                f"{start}{name.removeprefix(f'{following}.{language}.')}": value
                for name, value in form.items()
                if name.startswith(f"{following}.{language}.")
            }
    return found
