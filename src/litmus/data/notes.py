"""A small set of texts made here: notes on the weather, cooking and sport, some of which could be either of two."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import polars as pl
from annotated_types import Ge, Le

from litmus.data.base import Rows
from litmus.data.documents import rows_of_texts
from litmus.data.text import TextSource

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


@final
@dataclass(frozen=True, kw_only=True)
class Notes(TextSource):
    """Short English notes of two to four sentences, each written once, the same ones each time.

    Args:
        size: Number of notes.
        ambiguous: Share of notes that speak of two subjects alike and are filed under one of them by chance, so that
            about half this share cannot be told by any model.
    """

    size: Annotated[int, Ge(30)] = 1200
    ambiguous: Annotated[float, Ge(0), Le(1)] = 0.08

    def read(self) -> Rows:
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
        return self.with_lengths(rows_of_texts(texts, pl.Series("subject", labels), "notes"))


def _note(subjects: Sequence[str], rng: np.random.Generator) -> str:
    """One sentence of each subject, or up to two of one, among one or two that say nothing of it."""
    told = subjects if len(subjects) > 1 else [subjects[0]] * int(rng.integers(1, 3))
    patterns = [_pick(SENTENCES[subject], rng) for subject in told]
    patterns += [ASIDES[place] for place in rng.permutation(len(ASIDES))[: rng.integers(1, 3)]]
    filled = [_fill(patterns[place], rng) for place in rng.permutation(len(patterns))]
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in filled)


def _fill(pattern: str, rng: np.random.Generator) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: _pick(WORDS[slot[1]], rng), pattern)


def _pick(options: Sequence[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
