"""Small files of every kind that a source reads, written anew from a seed."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

ROWS = 120
WORDS = {
    "good": ["fine", "great", "Lovely", "best", "warm"],
    "bad": ["poor", "awful", "Broken", "worst", "cold"],
    "plain": ["usual", "normal", "Average", "common", "so-so"],
}
FILLING = ["the", "A", "of", "room", "meal", "was", "and", "staff", "very", "tea"]


def write_sources(folder: Path, seed: int = 0) -> None:
    """Tables with and without gaps, images in class folders, and texts, below `folder`."""
    rng = np.random.default_rng(seed)
    for name in ("binary", "rare", "multiclass", "regression", "counts"):
        _write_table(folder / f"{name}.csv", *_rows(name, rng))
    header, rows = _rows("parquet", rng)
    columns = {name: [row[place] for row in rows] for place, name in enumerate(header)}
    pl.DataFrame(columns).with_columns(pl.col("day").str.to_date(), y=pl.col("y") == "yes").write_parquet(
        folder / "parquet.parquet"
    )
    for name in ("texts", "ratings"):
        _write_table(folder / f"{name}.csv", *_rows(name, rng))
    _write_pictures(folder / "pictures", ["dot", "bar", "box"], rng, colour=False)
    for split in ("train", "val", "test"):
        _write_pictures(folder / "pictures_split" / split, ["cat", "dog"], rng, colour=True)
    for label in ("good", "bad", "plain"):
        (folder / "documents" / label).mkdir(parents=True)
        for number in range(14):
            (folder / "documents" / label / f"{number}.txt").write_text(_text(label, rng))


def _rows(name: str, rng: np.random.Generator) -> tuple[list[str], list[list[object]]]:
    """A table with a number, a number with gaps, a category with gaps, a switch, and columns for every role."""
    x, z, noise = rng.normal(size=(3, ROWS)).round(3)
    colour = rng.choice(["red", "green", "blue", "rare"], ROWS, p=[0.4, 0.3, 0.25, 0.05])
    target = _target(name, 2 * x - z + (colour == "red") + noise / 2, rng)
    gap = rng.random((2, ROWS)) < 0.05
    columns: dict[str, Sequence[object]] = {
        "x": x.tolist(),
        "z": [None if gap[0, i] else float(z[i]) for i in range(ROWS)],
        "colour": [None if gap[1, i] else str(colour[i]) for i in range(ROWS)],
        "member": [bool(value) for value in rng.random(ROWS) < 0.5],
        "day": [f"2025-{1 + i % 12:02d}-{rng.integers(1, 29):02d}" for i in range(ROWS)],
        "customer": [f"c{value}" for value in rng.integers(0, 40, ROWS)],
        "part": [
            str(value) for value in rng.permutation(np.repeat(["train", "train", "train", "val", "test"], ROWS // 5))
        ],
        "weight": rng.uniform(0.5, 2, ROWS).round(2).tolist(),
        "y": target,
    }
    if name == "texts":
        columns["text"] = [_text(str(label), rng) for label in target]
    if name == "ratings":
        columns["text"] = [_text("good" if float(str(value)) > 0 else "bad", rng) for value in target]
    return list(columns), [list(row) for row in zip(*columns.values(), strict=True)]


def _target(name: str, score: NDArray[np.float64], rng: np.random.Generator) -> list[object]:
    rank = score.argsort().argsort()
    if name == "multiclass":
        return [["low", "middle", "high"][value * 3 // ROWS] for value in rank]
    if name == "regression":
        return [float(value) for value in (250_000 + 40_000 * score).round(1)]
    if name == "ratings":
        return [float(value) for value in score.round(2)]
    if name == "counts":
        return [int(value) for value in rng.poisson(np.exp(2.5 + score / 2))]
    if name == "rare":
        return ["fraud" if value >= ROWS - 12 else "fine" for value in rank]
    words = ("good", "bad") if name == "texts" else ("yes", "no")
    return [words[0] if value > ROWS // 2 else words[1] for value in rank]


def _text(label: str, rng: np.random.Generator) -> str:
    words = [*rng.choice(WORDS[label], 2), *rng.choice(FILLING, rng.integers(2, 9))]
    return " ".join(str(word) for word in rng.permutation(words))


def _write_table(path: Path, header: list[str], rows: list[list[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([["" if cell is None else cell for cell in row] for row in rows])


def _write_pictures(folder: Path, labels: list[str], rng: np.random.Generator, *, colour: bool) -> None:
    for code, label in enumerate(labels):
        (folder / label).mkdir(parents=True)
        for number in range(14):
            pixels = rng.integers(0, 120, (10, 12, 3) if colour else (10, 12)).astype(np.uint8)
            pixels[2 + 2 * code : 5 + 2 * code, 3:9] = 230
            Image.fromarray(pixels).save(folder / label / f"{number}.png")
