"""What a form is: an ordered list of questions."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from actions.heard import Heard

type Value = str | int
type Reader = Callable[[Heard], Value | None]


class Taking(StrEnum):
    """How freely the answer to a question may be worded, so how much else a message may mean."""

    VALUE = "value"
    """A number, an address: whatever holds none is something else."""
    WORDS = "words"
    """A sentence; a question or a clear other wish is something else."""
    STORY = "story"
    """Anything the customer has to say; only a short question about the shop is something else."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One slot: ``answer`` reads a message that answers it, ``glean`` one that answers something else."""

    slot: str
    answer: Reader
    glean: Reader
    taking: Taking = Taking.VALUE
    skip: Value | None = None
    """The value that stands for "I would rather not say"; None when an answer is needed."""
    alone: bool = False
    """Whether digits in the answer belong to it and are nothing else: a postcode is no order number."""
    overflow: str | None = None
    """The slot that takes the whole of an answer too long for this one."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form; ``intents`` say what it is for, ``resume`` is the intent that starts it again."""

    name: str
    questions: tuple[Question, ...]
    intents: frozenset[str]
    resume: str | None = None

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots in the order of asking."""
        return tuple(question.slot for question in self.questions)

    def question(self, slot: str | None) -> Question | None:
        """Return the question for a slot."""
        return next((one for one in self.questions if one.slot == slot), None)
