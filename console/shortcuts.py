"""The keys that the help dialog lists: group, then what is pressed and the key of its words."""

SHORTCUTS: tuple[tuple[str, tuple[tuple[tuple[str, ...], str], ...]], ...] = (
    (
        "everywhere",
        (
            (("/",), "keys.search"),
            (("?",), "keys.title"),
            (("g", "i"), "nav.inbox"),
            (("g", "t"), "nav.tickets"),
            (("g", "c"), "nav.contacts"),
            (("g", "f"), "nav.feedback"),
            (("g", "r"), "nav.reports"),
            (("g", "o"), "nav.overview"),
        ),
    ),
    (
        "lists",
        (
            (("j",), "keys.next"),
            (("k",), "keys.previous"),
            (("Enter",), "keys.open"),
        ),
    ),
    (
        "talk",
        (
            (("r",), "talk.reply"),
            (("n",), "talk.note"),
            (("c",), "canned.insert"),
            (("t",), "talk.take_over"),
            (("b",), "talk.release"),
            (("e",), "talk.resolve"),
            (("s",), "talk.more"),
            (("u",), "keys.back"),
            (("Ctrl", "Enter"), "talk.send"),
        ),
    ),
)
