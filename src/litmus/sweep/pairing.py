"""Two trained models row by row: what they say of the same validation rows, from their predictions.csv."""

import csv
import math
from pathlib import Path

from litmus.statistics import Interval, paired_mean_difference

SMALLEST = 1e-7  # probability below which a log loss is cut, as float32 does


def difference(first: Path, second: Path, name: str) -> tuple[str, int, Interval] | None:
    """Mean over the validation rows of first's minus second's loss; None where the rows are not the same.

    Args:
        first: A run directory.
        second: Another.
        name: Metric that ranks them; losses are compared as losses, all else by right and wrong answers.

    Returns:
        What was compared, the number of rows, and the difference (negative: the first is better).
    """
    a, b = _rows(first), _rows(second)
    common = sorted(a)
    if len(a) < 2 or a.keys() != b.keys() or any(a[row]["target"] != b[row]["target"] for row in common):
        return None
    what = _what(a[common[0]], name)
    try:
        pairs = [(_loss(a[row], what), _loss(b[row], what)) for row in common]
    except (KeyError, ValueError):
        return None
    return what, len(common), paired_mean_difference(*map(list, zip(*pairs, strict=True)))


def _rows(directory: Path) -> dict[str, dict[str, str]]:
    path = directory / "predictions.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["row"]: row for row in csv.DictReader(file) if row.get("split") == "val"}


def _what(row: dict[str, str], name: str) -> str:
    if not any(key.startswith("prob_") for key in row):
        return "squared error"
    return "log loss" if name in {"loss", "log_loss", "brier", "ece"} else "error rate"


def _loss(row: dict[str, str], what: str) -> float:
    if what == "squared error":
        return (float(row["target"]) - float(row["pred"])) ** 2
    if what == "log loss":
        return -math.log(max(float(row[f"prob_{row['target']}"]), SMALLEST))
    return float(row["target"] != row["pred"])
