"""Figures and names as people read them: percent, at most three digits, no abbreviation unexplained."""

from collections.abc import Iterable, Sequence

from litmus.evidence import Estimate, Score
from litmus.metrics import measure
from litmus.verdict.verdict import Criterion, Headroom

LONGEST_NAME = 40
"""Characters of a class or a column from the data, beyond which its name is shortened."""

REFERENCES = {
    "linear": "a linear model",
    "boosted_trees": "boosted trees",
    "forest": "a forest of trees",
    "knn": "nearest neighbours",
    "majority": "always predicting the largest class",
    "prior": "predicting by class shares",
    "mean": "predicting the mean",
    "tfidf": "word counts with logistic regression",
    "tfidf_linear": "word counts with logistic regression",
    "svm": "a support vector machine",
    "small_cnn": "a small convolutional network",
}


def metric(name: str) -> str:
    """A metric's name in words; `recall[b]` is the recall of class b."""
    head, bracket, label = name.partition("[")
    known = measure(head)
    words = head.replace("_", " ") if known is None else known.label
    return f"{words}{f' of class {name_from_data(label[:-1])}' if bracket else ''}"


def reference(name: str) -> str:
    """A reference model's name in words."""
    return REFERENCES.get(name, name.replace("_", " "))


def shown_by(headroom: Headroom) -> str:
    """Who showed what could still be gained."""
    return f"the trial of {headroom.source}" if headroom.overrides else reference(headroom.source)


def figure(value: float | None) -> str:
    """A number with three significant digits."""
    if value is None:
        return "unknown"
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def percent(value: float | None) -> str:
    """A share in percent, with a decimal only near the ends."""
    if value is None:
        return "unknown"
    text = f"{100 * value:.1f}" if 0 < abs(value) < 0.01 or 0.99 < abs(value) < 1 else f"{100 * value:.0f}"
    return f"{text if float(text) else 0} %"


def points(name: str, value: float | None) -> str:
    """A metric's value as it reads best."""
    if value is not None and abs(value) > 10:
        return figure(value)
    known = measure(name)
    return percent(value) if known is not None and known.unit == "share" else figure(value)


def difference(name: str, value: float | None) -> str:
    """By how much a metric differs, such as `25 points of balanced accuracy`; of shares in points of percent."""
    text = points(name, value)
    if text.endswith(" %"):
        text = f"{text.removesuffix(' %')} point{'' if text == '1 %' else 's'}"
    return f"{text} of {metric(name)}"


def interval(name: str, score: Score | Estimate | Criterion) -> str:
    """A value with its bounds, such as `85 % (95 % interval 77 to 91 %)`."""
    if score.low is None or score.high is None:
        return points(name, score.value)
    low, high = points(name, score.low), points(name, score.high)
    if low.endswith(" %") and high.endswith(" %"):
        low = low.removesuffix(" %")
    return f"{points(name, score.value)} (95 % interval {low} to {high})"


def sentence(text: str) -> str:
    """The text on one line, with a capital letter and a full stop, unless it asks."""
    line = " ".join(text.split())
    return f"{line[:1].upper()}{line[1:]}{'' if line.endswith(('.', '?')) else '.'}"


def columns(names: Sequence[str], most: int = 3) -> str:
    """Columns at the start of a sentence, which would else capitalise the first name: `columns a, b and 2 more`."""
    return f"{'column' if len(names) == 1 else 'columns'} {listing(names, most)}"


def name_from_data(name: object) -> str:
    """A class's or a column's name on one line, shortened only where it is longer than any name should be."""
    line = " ".join(str(name).split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"


def a_or_b(names: Iterable[str]) -> str:
    """Alternatives: `a`, `a or b`, `a, b or c`."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def listing(names: Iterable[str], most: int = 3) -> str:
    """Names from the data in a row; after a few of them their number."""
    shown = [name_from_data(name) for name in names]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more
