"""A small set of texts written here: notes on the weather, cooking and sport, some of which fit two subjects."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import polars as pl
from annotated_types import Ge, Le

from litmus.data.rows import Origin, Rows
from litmus.data.sources.texts import TextSource
from litmus.memory import check_rows

WORDS: dict[str, tuple[str, ...]] = {
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "time": ("in the morning", "at noon", "in the afternoon", "in the evening", "late at night", "all day"),
    "number": tuple(str(number) for number in range(2, 40)),
    "place": (
        "the valley",
        "the harbour",
        "the hills",
        "the old town",
        "the north",
        "the coast",
        "the lake",
        "the park",
    ),
    "who": ("my sister", "our neighbour", "the whole family", "a friend", "my uncle", "the children", "we all"),
    "much": ("a little", "quite", "surprisingly", "hardly", "really", "not at all", "more or less"),
    "good": ("pleasant", "fine", "wonderful", "poor", "dull", "better than last week", "worse than we hoped"),
    "sky": ("Rain", "Snow", "Fog", "Hail", "Drizzle", "Sunshine", "A thunderstorm", "Sleet"),
    "wind": ("a cold wind", "a light breeze", "a strong gale", "gusts from the west", "dry easterly air"),
    "trend": ("clear up", "cloud over", "get colder", "warm up", "stay wet", "freeze overnight", "turn stormy"),
    "food": ("onions", "carrots", "potatoes", "mushrooms", "tomatoes", "lentils", "apples", "leeks", "beans"),
    "spice": ("pepper", "cumin", "thyme", "garlic", "cinnamon", "paprika", "parsley", "ginger"),
    "dish": ("soup", "stew", "pie", "salad", "curry", "risotto", "omelette", "gratin"),
    "cook": ("Chop", "Fry", "Boil", "Grate", "Roast", "Peel", "Simmer", "Season"),
    "team": ("the home side", "the visitors", "the favourites", "our club", "the juniors", "the champions"),
    "game": ("football", "handball", "tennis", "hockey", "basketball", "volleyball", "rugby"),
    "deed": ("scored", "missed a penalty", "won the final", "lost on points", "equalised", "defended well", "tired"),
    "part": ("first half", "last minutes", "second set", "extra time", "final quarter", "warm-up"),
}
SENTENCES: dict[str, tuple[str, ...]] = {
    "weather": (
        "{sky} is expected over {place} {time}.",
        "{sky} and {wind} reached {place} on {day}.",
        "The temperature was {number} degrees {time}, with {wind}.",
        "It should {trend} by {day}, with {number} millimetres of rain.",
        "Clouds hung over {place} until {day}, then it began to {trend}.",
        "The forecast for {place} says it will {trend} {time}.",
    ),
    "cooking": (
        "{cook} {number} {food} and add some {spice}.",
        "{cook} the {food} with {spice} for {number} minutes.",
        "The {dish} needs {number} minutes in the oven and a pinch of {spice}.",
        "Serve the {dish} with {food} and fresh {spice}.",
        "For the {dish}, soak the {food} overnight and keep the {spice} aside.",
        "Stir the {dish} slowly, then taste it and add {spice} or salt.",
    ),
    "sport": (
        "In the {game} match {team} {deed} in the {part}.",
        "{number} spectators saw how {team} {deed} on {day}.",
        "After the {part} {team} led by {number} points.",
        "The coach of {team} praised the defence in the {part}.",
        "The {game} season ends on {day}, and {team} {deed} again.",
        "The referee stopped the {game} in the {part}, and {team} {deed}.",
    ),
}
ASIDES = (
    "I wrote this down on {day}.",
    "{who} thought it was {much} {good}.",
    "That was {time}, near {place}.",
    "All in all it was {good}.",
    "More about it on {day}.",
    "{who} asked me about it {number} times.",
)

NOTE = 2_000  # bytes of a note as text, tokens and codes


@final
@dataclass(frozen=True, kw_only=True)
class Notes(TextSource):
    """Short English notes of two to four sentences, each written once, the same ones each time.

    Args:
        size: Number of notes.
        ambiguous: Share of notes on two subjects that are labelled with one of them at random, so that no model can
            predict more than about half of them.
    """

    size: Annotated[int, Ge(30)] = 1200
    ambiguous: Annotated[float, Ge(0), Le(1)] = 0.08

    def read(self) -> Rows:
        check_rows("data.size", self.size, NOTE)
        rng = np.random.default_rng(20)
        subjects = list(SENTENCES)
        notes: dict[str, str] = {}
        while len(notes) < self.size:
            subject = subjects[len(notes) % len(subjects)]
            other = _pick([name for name in subjects if name != subject], rng)
            mixed = len(notes) >= self.size * (1 - self.ambiguous)
            notes.setdefault(_note([subject, other] if mixed else [subject], rng), subject)
        order = rng.permutation(self.size)
        texts, labels = (np.array(list(column), dtype=object)[order].tolist() for column in (notes, notes.values()))
        digest = hashlib.sha256("\0".join([*texts, *labels]).encode())
        origin = Origin(path="notes", sha256=digest.hexdigest(), rows=self.size)
        target = pl.Series("subject", labels)
        return self.with_lengths(Rows(inputs=texts, target=target, numbers=np.arange(self.size), origin=origin))


def _note(subjects: Sequence[str], rng: np.random.Generator) -> str:
    """A sentence on each subject, or one or two on a single one, mixed with one or two on neither."""
    repeated = subjects if len(subjects) > 1 else [subjects[0]] * int(rng.integers(1, 3))
    patterns = [_pick(SENTENCES[subject], rng) for subject in repeated]
    patterns += [ASIDES[number] for number in rng.permutation(len(ASIDES))[: rng.integers(1, 3)]]
    filled = [_fill(patterns[number], rng) for number in rng.permutation(len(patterns))]
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in filled)


def _fill(pattern: str, rng: np.random.Generator) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: _pick(WORDS[slot[1]], rng), pattern)


def _pick(options: Sequence[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
