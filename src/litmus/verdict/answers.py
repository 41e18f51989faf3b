"""The four words of a verdict, each declared once: its rank, its label, its tone and what it means."""

from dataclasses import dataclass
from typing import Literal, final, get_args

Answer = Literal["adequate", "undetermined", "limited", "inadequate"]
"""The best first: `fail_on` is met by its own word and by every one that follows it."""
Tone = Literal["good", "open", "limit", "bad"]
"""How a word is coloured: the terminal and the page each hold one colour for a tone."""


@final
@dataclass(frozen=True, kw_only=True)
class Word:
    """What the reader needs to know of an answer.

    Args:
        name: As verdict.json has it.
        rank: 0 for the best.
        label: How a summary begins.
        tone: Its colour.
        meaning: In one sentence.
    """

    name: Answer
    rank: int
    label: str
    tone: Tone
    meaning: str


_DECLARED: dict[Answer, tuple[str, Tone, str]] = {
    "adequate": ("Adequate", "good", "Every criterion is met and nothing is wrong with the data or the training."),
    "undetermined": ("Undetermined", "open", "The scored rows do not settle whether the criteria are met."),
    "limited": (
        "Limited by the data",
        "limit",
        "Default criteria are missed, but no reference model and no trial does better on these data.",
    ),
    "inadequate": (
        "Inadequate",
        "bad",
        "A criterion is missed where more is possible or was asked for, or an error stands.",
    ),
}

WORDS: dict[Answer, Word] = {
    name: Word(name=name, rank=rank, label=_DECLARED[name][0], tone=_DECLARED[name][1], meaning=_DECLARED[name][2])
    for rank, name in enumerate(get_args(Answer))
}
"""Every answer, the best first."""


def at_least_as_bad(answer: Answer, threshold: str) -> bool:
    """Whether `fail_on=<threshold>` is met by the answer.

    >>> at_least_as_bad("inadequate", "limited"), at_least_as_bad("undetermined", "limited")
    (True, False)
    """
    return WORDS[answer].rank >= next(word.rank for word in WORDS.values() if word.name == threshold)
