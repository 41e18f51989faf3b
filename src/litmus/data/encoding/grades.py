"""The order of grades: as the config says, by value, or as a scale of words that everybody knows."""

from collections.abc import Sequence

from litmus.errors import DataError, quote

MOST_SHOWN = 12
SCALES = (
    ("very low", "low", "medium low", "moderate", "medium", "mid", "normal", "medium high", "high", "very high"),
    ("very bad", "bad", "very poor", "poor", "fair", "ok", "average", "satisfactory", "good", "very good", "excellent"),
    ("never", "rarely", "seldom", "sometimes", "often", "usually", "always"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("none", "minimal", "mild", "slight", "moderate", "severe", "very severe", "extreme"),
    ("xs", "s", "m", "l", "xl", "xxl"),
    ("tiny", "small", "medium", "large", "huge"),
)
"""Scales of words, lowest first; each is known in parts too."""


def in_order(labels: tuple[str, ...], grades: Sequence[object] | None, column: str) -> tuple[tuple[str, ...], str]:
    """All labels, lowest first, and why that is their order.

    Args:
        labels: Numbers by value, or words by letters.
        grades: The order that the config states, each label as text.
        column: The target's name, for messages.

    Raises:
        DataError: The stated grades are not the labels, or words whose order nobody states.
    """
    if grades is not None:
        return _stated(labels, [str(grade).strip() for grade in grades], column)
    if all(_is_number(label) for label in labels):
        return labels, "by value"
    words = {label.strip().casefold().replace("_", " ").replace("-", " "): label for label in labels}
    for scale in SCALES:
        if words.keys() <= set(scale):
            return tuple(words[word] for word in scale if word in words), "a known scale"
    shown = f"[{','.join(labels)}] in the right order" if len(labels) <= MOST_SHOWN else "[<all labels, lowest first>]"
    raise DataError(f"the order of the {len(labels)} grades is not known; state it: task.grades={shown}", column=column)


def _stated(labels: tuple[str, ...], grades: Sequence[str], column: str) -> tuple[tuple[str, ...], str]:
    missing = [label for label in labels if label not in grades]
    if missing:
        message = f"task.grades lacks the label {quote(missing[0])}, which the target has; name every label once"
        raise DataError(message, column=column)
    if len(set(grades)) < len(grades) or len(grades) > len(labels):
        extra = next(grade for grade in grades if grades.count(grade) > 1 or grade not in labels)
        raise DataError(f"task.grades names {quote(extra)} twice, or it is no label of the target", column=column)
    return tuple(grades), "as task.grades says"


def _is_number(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True
