"""Numbers, names and overrides as people read and paste them; nothing from data can act as more than text."""

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from litmus.metrics import measure
from litmus.verdict import Finding

NOTHING = "–"
_HELD = {True: ", held on fresh seeds", False: ", not confirmed on fresh seeds"}
_HELD_ON_BOTH = {True: ", held on fresh seeds and a second split", False: ", not confirmed on a second split"}
MAX_FIGURES = 8  # of a finding's evidence in one line; evidence.json has them all


def number(value: object, digits: int = 3) -> str:
    """A short number: `digits` decimals where they say something, otherwise significant digits."""
    if value is None or isinstance(value, bool):
        return {None: NOTHING, True: "yes", False: "no"}[value]
    if not isinstance(value, int | float):
        return clean(value, 60)
    if not math.isfinite(value):
        return NOTHING
    return f"{value:,}" if isinstance(value, int) else _decimals(value, digits)


def score(name: str, value: float | None) -> str:
    """A metric's value, with three decimals however small it is where the metric is a share of one."""
    known = measure(name)
    small = value is not None and known is not None and known.unit == "share" and 0 < abs(value) < 0.001
    return f"{value:z.3f}" if small else number(value)


def score_interval(name: str, low: float | None, high: float | None) -> str:
    """The bounds of a metric's 95 % interval, each as `score` writes it."""
    return NOTHING if low is None and high is None else f"{score(name, low)} to {score(name, high)}"


def _decimals(value: float, digits: int) -> str:
    size = abs(value)
    if size == 0 or 0.001 <= size < 100:
        return f"{value:.{digits}f}"
    if 100 <= size < 1e7:
        return f"{value:,.{1 if size < 1000 else 0}f}"
    return f"{value:.2e}"


def interval(low: float | None, high: float | None) -> str:
    """The bounds of a 95 % interval."""
    if low is None and high is None:
        return NOTHING
    return f"{number(low)} to {number(high)}"


def metric(name: str) -> str:
    """A metric's name as people write it; `recall[b]` is the recall of class b."""
    head, bracket, rest = name.partition("[")
    known = measure(head)
    words = head.replace("_", " ") if known is None else known.in_table
    return f"{words} of {clean(rest.removesuffix(']'), 30)}" if bracket else words


def clean(text: object, limit: int | None = None) -> str:
    """Text from data on one line, without anything that a terminal would obey, cut to `limit` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return line if limit is None or len(line) <= limit else f"{line[: limit - 1]}…"


def paste(override: str) -> str:
    """An override as one word for bash and zsh alike."""
    if not override.isprintable():
        escaped = override.replace("\\", "\\\\").replace("'", "\\'")
        return "$'" + "".join(c if c.isprintable() else _escape(c) for c in escaped) + "'"
    return shlex.quote(override)


def paste_all(overrides: Iterable[str]) -> str:
    """Overrides that belong together, ready to paste behind a command."""
    return " ".join(map(paste, overrides))


def figures(evidence: Mapping[str, Any]) -> str:
    """A finding's evidence in one line: `val start .61, val end .83`; the rest is in evidence.json."""
    parts = [
        f"{clean(name, 40).replace('_', ' ')} {text}" for name, value in evidence.items() if (text := _figure(value))
    ]
    more = f", and {len(parts) - MAX_FIGURES} more" if len(parts) > MAX_FIGURES else ""
    return ", ".join(parts[:MAX_FIGURES]) + more


def offered(finding: Finding) -> bool:
    """Whether a finding's overrides are to be tried: not those that a trial has shown to be of no use.

    A gain within noise is no such thing where the finding alarms on other evidence.
    """
    unconfirmed = bool(finding.tried and finding.tried.get("confirmed") is False)
    return bool(finding.overrides) and (finding.alarms or not unconfirmed)


def tried(finding: Finding) -> str:
    """What a trial of a finding's overrides gave; it names those that are not offered. Empty if none was made."""
    trial = finding.tried
    if not trial:
        return ""
    change = f" {paste_all(finding.overrides)}" if finding.overrides and not offered(finding) else ""
    seeds = trial.get("seeds")
    count = len(seeds) if isinstance(seeds, Sequence) and not isinstance(seeds, str) else seeds
    on = f", {count} seed{'s' if count != 1 else ''}" if isinstance(count, int) else ""
    on = f", mean of {trial['networks']} networks" if trial.get("networks") else on
    what = metric(str(trial["metric"])) + " " if trial.get("metric") else ""
    gain = ""
    if isinstance(trial.get("difference"), int | float):
        bounds = f" [{number(trial['low'])}, {number(trial['high'])}]" if trial.get("low") is not None else ""
        gain = f", gain {number(trial['difference'])}{bounds}"
    words = _HELD_ON_BOTH if (trial.get("splits") or 1) > 1 else _HELD
    held = words[trial["confirmed"]] if trial.get("confirmed") in words else ""
    before, after = (number(_mean(trial.get(when))) for when in ("before", "after"))
    return f"tried{change}{on}: {what}{before} -> {after}{gain}{held}"


def _mean(values: Any) -> Any:
    if isinstance(values, Sequence) and not isinstance(values, str):
        known = [value for value in values if isinstance(value, int | float)]
        return sum(known) / len(known) if known else None
    return values


def _figure(value: Any) -> str:
    if value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if any(isinstance(item, Mapping) for item in value):
            return ""
        shown = " ".join(f"{number(item)}" for item in value[:4])
        return f"({shown}{' …' if len(value) > 4 else ''})" if value else ""
    return number(value)


def _escape(character: str) -> str:
    code = ord(character)
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character) or (
        f"\\x{code:02x}" if code < 128 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def as_ascii(text: str) -> str:
    """The text for a terminal that knows ASCII only: our own signs spelled, all else as question marks."""
    spelled = text.translate(_SPELLED)
    return spelled.encode("ascii", "replace").decode("ascii")


_SPELLED = {
    ord(sign): plain
    for sign, plain in zip(
        "–—…±≥≤×²·“”’−", ("-", "-", "...", "+-", ">=", "<=", "x", "2", "-", '"', '"', "'", "-"), strict=True
    )
}
