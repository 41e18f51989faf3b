"""Rows as the page shows them: an image, the words of a text with those that weigh most, or the cells that matter."""

import base64
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

from litmus.data.rows import Rows
from litmus.report.mistakes import Choice, label_errors, mistakes
from litmus.report.phrases import clean
from litmus.report.scene import Scene
from litmus.verdict.wording import figure

MOST_CELLS = 6  # of a row that are shown
LONGEST = 400  # characters of a text
LONGEST_CELL = 80
LEAST_SIDE = 96  # pixels of an image's picture, which is enlarged to it
MOST_SIDE = 192
GAP = 8  # pixels between two pictures of a sheet


@final
@dataclass(frozen=True)
class Example:
    """A row on the page.

    Args:
        choice: Why it is shown, and what was predicted.
        name: Of the row, such as a file's; "" where it has none.
        image: A PNG as a data URI, "" where the row is no image.
        text: Parts of a text, and whether each is marked.
        cells: Column, value, and where it stands among the training rows.
    """

    choice: Choice
    name: str = ""
    image: str = ""
    text: tuple[tuple[str, bool], ...] = ()
    cells: tuple[tuple[str, str, str], ...] = ()


def gallery(scene: Scene) -> list[tuple[str, list[Example]]]:
    """Each kind of mistake with its rows; empty where the rows are not at hand."""
    if scene.scored is None or scene.examples is None:
        return []
    places = {int(row): place for place, row in enumerate(scene.examples.numbers)}
    return [
        (kind.title, [_example(scene, choice, scene.examples, places[choice.row]) for choice in kind.rows])
        for kind in mistakes(scene.scored, scene.evidence)
        if all(choice.row in places for choice in kind.rows)
    ]


def doubtful(scene: Scene) -> tuple[list[Example], str]:
    """Training rows whose label looks wrong, and the same as the text of a CSV file."""
    rows = scene.examples
    if rows is None or rows.target is None:
        return [], ""
    places = {int(row): place for place, row in enumerate(rows.numbers)}
    found = [
        _example(scene, Choice(row, "label in doubt", clean(rows.target[places[row]]), ""), rows, places[row])
        for row in label_errors(scene.evidence)
        if row in places
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["row", "name", scene.evidence.task.target])
    writer.writerows([example.choice.row, example.name, example.choice.target] for example in found)
    return found, out.getvalue() if found else ""


def sheet(examples: Sequence[Example]) -> bytes | None:
    """The pictures of some rows beside each other as a PNG; None where they have none."""
    pictures = [
        Image.open(io.BytesIO(base64.b64decode(example.image.partition(",")[2])))
        for example in examples
        if example.image
    ]
    if not pictures:
        return None
    host = Image.new(
        "RGB",
        (sum(thumbnail.width + GAP for thumbnail in pictures), max(thumbnail.height for thumbnail in pictures)),
        "white",
    )
    left = 0
    for thumbnail in pictures:
        host.paste(thumbnail.convert("RGB"), (left, 0))
        left += thumbnail.width + GAP
    out = io.BytesIO()
    host.save(out, "PNG")
    return out.getvalue()


def _example(scene: Scene, choice: Choice, rows: Rows, place: int) -> Example:
    name = "" if rows.names is None else clean(rows.names[place])
    inputs = rows.inputs
    if isinstance(inputs, pl.DataFrame):
        return Example(choice, name, cells=_cells(scene, inputs, place))
    if isinstance(inputs, list):
        return Example(choice, name, text=_marked(clean(inputs[place]), scene.marks.get(choice.row, ())))
    return Example(choice, name, image=picture(np.asarray(inputs[place])))


def picture(pixels: NDArray[Any]) -> str:
    """An image `(channels, height, width)` of any range as a PNG of at least 96 pixels, each pixel as it is."""
    low, high = float(pixels.min()), float(pixels.max())
    if pixels.dtype != np.uint8:
        pixels = ((pixels.astype(np.float64) - low) / ((high - low) or 1.0) * 255).round().astype(np.uint8)
    image = Image.fromarray(pixels[0] if len(pixels) != 3 else np.moveaxis(pixels, 0, -1))
    side = max(image.size)
    if side < LEAST_SIDE:
        times = -(-LEAST_SIDE // side)
        image = image.resize((times * image.width, times * image.height), Image.Resampling.NEAREST)
    image.thumbnail((MOST_SIDE, MOST_SIDE))
    out = io.BytesIO()
    image.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def _marked(text: str, words: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """The text in parts, the words that weigh most marked; a long text is cut, and says so."""
    short = text if len(text) <= LONGEST else f"{text[:LONGEST].rsplit(' ', 1)[0]} … ({len(text):,} characters)"
    parts: list[tuple[str, bool]] = []
    for i, word in enumerate(short.split(" ")):
        marked, before = word in words, " " if i else ""
        if parts and not marked and not parts[-1][1]:
            parts[-1] = (parts[-1][0] + before + word, False)
        elif marked:
            parts += [(before, False), (word, True)]
        else:
            parts.append((before + word, False))
    return tuple(part for part in parts if part[0])


def _cells(scene: Scene, frame: pl.DataFrame, place: int) -> tuple[tuple[str, str, str], ...]:
    """The columns on which the score rests most, or the first ones."""
    importance = scene.evidence.importance
    ranked = sorted(frame.columns, key=lambda name: -((importance[name].value or 0.0) if name in importance else -1e9))
    train = scene.rows.get("train")
    known = train.inputs if train is not None and isinstance(train.inputs, pl.DataFrame) else None
    return tuple(
        (clean(name), _value(frame[name][place]), "" if known is None else _standing(frame[name][place], known[name]))
        for name in ranked[:MOST_CELLS]
    )


def _value(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return figure(value) if isinstance(value, int | float) else clean(value, LONGEST_CELL)


def _standing(value: object, train: pl.Series) -> str:
    """The percentile of a number, or the share of a label, among the training rows."""
    known = train.drop_nulls()
    if value is None or not len(known):
        return ""
    if isinstance(value, bool | str):
        return f"{100 * known.to_list().count(value) / len(known):.0f} % of train"
    if isinstance(value, int | float) and train.dtype.is_numeric():
        numbers = known.cast(pl.Float64).to_numpy()
        return f"P{100 * ((numbers < value).mean() + (numbers == value).mean() / 2):.0f}"
    return ""
