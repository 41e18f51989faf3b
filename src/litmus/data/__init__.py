"""Data: sources that read rows, splits, preprocessing fitted on train, and the one data module."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from litmus.data.base import Preprocess
from litmus.errors import CheckpointError

PREPROCESSES = {
    "table": ("litmus.data.preprocess", "TablePreprocess"),
    "image": ("litmus.data.image", "ImagePreprocess"),
    "text": ("litmus.data.text", "TextPreprocess"),
}


def restore_preprocess(state: Mapping[str, Any]) -> Preprocess:
    """The preprocessing whose `state()` this is; raises CheckpointError if its kind is unknown."""
    kind = state.get("kind")
    if kind not in PREPROCESSES:
        raise CheckpointError(f"preprocessing of an unknown kind {kind!r}; the checkpoint is of another version")
    module, name = PREPROCESSES[kind]
    return cast("type[Preprocess]", getattr(import_module(module), name)).restore(state)
