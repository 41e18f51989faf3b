"""Overrides as findings give them: exact assignments that Hydra's grammar parses back to the value meant."""

import re
from collections.abc import Iterable, Mapping, Sequence

from litmus.evidence import Evidence

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*( [A-Za-z0-9_.-]+)*")  # shells show quotes within quotes as a riddle
_LITERALS = frozenset({"true", "false", "null", "nan", "inf"})
_UNSET = object()
USUAL_LR = {"sgd": 0.05, "adam": 0.001, "adamw": 0.001, "rmsprop": 0.001}


def assign(key: str, value: object) -> str:
    """`key=value`.

    >>> assign("data.drop_columns", ["id", "total (usd)"])
    "data.drop_columns=[id,'total (usd)']"
    """
    return f"{key}={_text(value)}"


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{','.join(map(_text, value))}]"
    text = str(value)
    if _BARE.fullmatch(text) and text.lower() not in _LITERALS:
        return text
    escaped = re.sub(r"(\\+)(?=$|')", lambda run: run[1] * 2, text).replace("'", r"\'")
    return f"'{escaped}'"


def union(evidence: Evidence, key: str, added: Iterable[str]) -> str:
    """A list key with what is set already and what is added, in that order."""
    present = evidence.settings.value(key) or []
    return assign(key, list(dict.fromkeys([*map(str, present), *added])))


def is_set(evidence: Evidence, override: str) -> bool:
    """Whether the run's config holds this assignment already; False where the config does not say."""
    key, _, text = override.partition("=")
    present = evidence.settings.value(key, _UNSET)
    if present is _UNSET:
        return False
    if isinstance(present, Mapping):  # a group: choosing an option again resets what was set below it
        return text == "none" and not present.get("_target_")
    return _text(present) == text or (text == "none" and present is None)


PARTS = frozenset({"model", "data", "loss", "optimizer", "scheduler"})
"""Groups that name a class, which a user may have written."""


def settable(evidence: Evidence, override: str) -> bool:
    """Whether the run has what an override sets: a user's own part has no keys but those that its node shows."""
    group, _, key = override.partition("=")[0].partition(".")
    if group not in PARTS or group not in evidence.config:
        return True
    node = evidence.config[group]
    if not isinstance(node, Mapping):
        return False
    name = node.get("_target_")
    return name is None or str(name).startswith(("litmus.", "torch.optim.")) or (bool(key) and key in node)


def lr(evidence: Evidence) -> float | None:
    """The learning rate that the run was started with; None if the config does not say."""
    value = evidence.settings.optimizer.lr
    return value or None


def optimizer(evidence: Evidence) -> str:
    """The optimizer's name in lower case, empty if the config does not say."""
    return evidence.settings.optimizer.class_name.lower()


def lower_lr(evidence: Evidence) -> tuple[str, ...]:
    """A tenth of the learning rate, or the optimizer's usual one if that is less still."""
    present = lr(evidence)
    if present is None:
        return ()
    return (assign("optimizer.lr", min(present / 10, USUAL_LR.get(optimizer(evidence), present / 10))),)


def higher_lr(evidence: Evidence) -> tuple[str, ...]:
    """Ten times the learning rate, or the optimizer's usual one if that is more still."""
    present = lr(evidence)
    if present is None:
        return ()
    return (assign("optimizer.lr", max(present * 10, USUAL_LR.get(optimizer(evidence), present * 10))),)


def ours(evidence: Evidence) -> bool:
    """Whether the model is one of Litmus's own, whose keys are known."""
    return evidence.settings.model.is_ours or not evidence.settings.model
