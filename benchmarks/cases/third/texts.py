"""Generators of texts in a column `text`, with the target `y`: sentences from phrases of their subject."""

import numpy as np
import polars as pl

OPENINGS = (
    "I would like to say that",
    "Just to let you know,",
    "As of this week",
    "For the record,",
    "We heard that",
    "",
)
SUBJECTS = {
    "garden": ("the roses", "our compost", "the tomato plants", "a new hedge", "the lawn", "some tulip bulbs"),
    "music": ("the second violin", "an old piano", "the choir", "her guitar", "a jazz trio", "the drummer"),
    "travel": ("the night train", "our hotel", "the ferry", "a mountain hut", "the airport", "the border guard"),
    "money": ("the mortgage", "a savings plan", "the tax office", "my pension", "the exchange rate", "a loan"),
    "health": ("the dentist", "a vaccine", "my left knee", "the pharmacy", "her allergy", "the surgeon"),
}
DEEDS = {
    "garden": ("grew", "was pruned", "needs watering", "has aphids", "bloomed", "was planted"),
    "music": ("played", "was out of tune", "rehearsed", "sang", "performed", "recorded"),
    "travel": ("departed", "was booked", "was delayed", "arrived", "cancelled the trip", "checked us in"),
    "money": ("was paid", "rose", "charges interest", "is due", "was refunded", "fell"),
    "health": ("hurt", "was treated", "prescribed tablets", "is swollen", "healed", "was examined"),
}
ENDINGS = (
    "at last",
    "in spite of everything",
    "as my sister said",
    "more than once",
    "on Tuesday",
    "without any warning",
)
PRAISE = (
    "works perfectly",
    "is a joy to use",
    "exceeded my hopes",
    "is worth every cent",
    "never let me down",
    "is brilliant",
)
BLAME = (
    "broke after a week",
    "is a waste of money",
    "never worked",
    "smells odd",
    "is far too small",
    "had to be returned",
)
THINGS = ("kettle", "backpack", "lamp", "keyboard", "jacket", "tent", "toaster", "headset", "chair", "clock")


def subjects(n: int, seed: int, *, kinds: int = 5, clear: float = 0.85) -> pl.DataFrame:
    """Short messages about as many subjects; the rest of the phrases come from any of them."""
    rng = np.random.default_rng(seed)
    names = list(SUBJECTS)[:kinds]
    labels = [names[one] for one in rng.integers(kinds, size=n)]

    def about(name: str) -> str:
        return name if rng.random() < clear else str(rng.choice(names))

    def sentence(name: str) -> str:
        parts = (OPENINGS, SUBJECTS[about(name)], DEEDS[about(name)], ENDINGS)
        return " ".join(str(rng.choice(part)) for part in parts).strip() + "."

    texts = [" ".join(sentence(name) for _ in range(rng.integers(2, 5))) for name in labels]
    return pl.DataFrame({"text": texts, "y": labels})


def opinions(n: int, seed: int, *, clear: float = 0.85) -> pl.DataFrame:
    """Reviews of things: a few statements each, most of which praise or blame as the whole does."""
    rng = np.random.default_rng(seed)
    good = rng.random(n) < 0.5

    def statement(praises: bool) -> str:
        said = PRAISE if praises == (rng.random() < clear) else BLAME
        return f"{rng.choice(OPENINGS)} the {rng.choice(THINGS)} {rng.choice(said)} {rng.choice(ENDINGS)}.".strip()

    texts = [" ".join(statement(one) for _ in range(rng.integers(3, 7))) for one in good.tolist()]
    return pl.DataFrame({"text": texts, "y": np.array(["poor", "good"])[good.astype(int)]})
