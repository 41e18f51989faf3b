"""Generators of texts in a column `text`, with the target `y`."""

import numpy as np
import polars as pl

FILLER = "the a it was on in and we they then with for some very after before today again once still".split()  # noqa: SIM905
TONES = {
    "good": ["great", "lovely", "friendly", "tasty", "quick", "clean", "fresh", "superb", "helpful", "warm"],
    "bad": ["awful", "rude", "slow", "cold", "dirty", "stale", "broken", "noisy", "boring", "bland"],
}
TOPICS = {
    "billing": ["invoice", "payment", "refund", "charge", "card", "receipt", "price", "discount"],
    "login": ["password", "account", "email", "reset", "locked", "code", "username", "profile"],
    "delivery": ["parcel", "courier", "address", "late", "tracking", "box", "shipment", "depot"],
    "product": ["screen", "battery", "cable", "button", "noise", "crack", "manual", "warranty"],
}


def _write(rng: np.random.Generator, said: list[str], other: list[str], *, length: int, share: float) -> str:
    words = [str(rng.choice(FILLER)) for _ in range(length)]
    for place in rng.choice(length, size=max(2, int(share * length)), replace=False):
        words[place] = str(rng.choice(said if rng.random() < 0.9 else other))
    return " ".join(words)


def _collect(n: int, seed: int, subjects: dict[str, list[str]], *, share: float) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    names = list(subjects)
    drawn = [names[number] for number in rng.integers(len(names), size=n)]
    texts = []
    for name in drawn:
        other = subjects[str(rng.choice([one for one in names if one != name]))]
        texts.append(_write(rng, subjects[name], other, length=int(rng.integers(12, 30)), share=share))
    return pl.DataFrame({"text": texts, "y": drawn})


def reviews(n: int, seed: int, *, share: float = 0.25) -> pl.DataFrame:
    """Praise and blame among words that say nothing."""
    return _collect(n, seed, TONES, share=share)


def tickets(n: int, seed: int, *, share: float = 0.25) -> pl.DataFrame:
    """Four subjects of support."""
    return _collect(n, seed, TOPICS, share=share)
