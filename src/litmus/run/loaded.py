"""New rows for a model that was trained by a user's LightningDataModule: those of its loaders, or arrays of inputs."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from litmus.config import RunConfig, to_plain
from litmus.data.encoding.given import GivenPreprocess
from litmus.data.rows import Origin, Rows
from litmus.data.sources.loaders import LOADED, Loaders
from litmus.engine.module_outputs import ModuleOutputs
from litmus.errors import DataError, described
from litmus.run.predictor import Predictor
from litmus.run.training import make_source


def rows_to_predict(predictor: Predictor, place: str) -> Rows:
    """The rows of a file like the one trained on, or what stands in its place for a data module.

    Args:
        predictor: The trained model.
        place: A file or folder; for a model of a data module one of its loaders by name (predict, test, val or
            train), or a .npy file of inputs `(rows, ...)` as its loaders give them.

    Raises:
        DataError: The rows cannot be read, or are not such as the model takes.
    """
    if not isinstance(predictor.preprocess, GivenPreprocess):
        return predictor.preprocess.read(place, labelled=False)
    if place not in LOADED and not place.endswith(".npy"):
        loaders = f"{', '.join(LOADED[:-1])} or {LOADED[-1]}"
        raise DataError(f"the model was trained on a data module of yours: give {loaders}, or a .npy file", file=place)
    if place.endswith(".npy"):
        return rows_of(predictor, _array(Path(place)), place)
    return _fitting(predictor, _source(predictor).new_rows(place, tuple(predictor.spec.in_shape)), place)


def rows_of(predictor: Predictor, inputs: NDArray[Any], place: str = "array") -> Rows:
    """Inputs `(rows, ...)`, as a loader of the data module would give them, as rows.

    Raises:
        DataError: They are not such as the model takes.
    """
    if not isinstance(inputs, np.ndarray) or inputs.ndim < 2 or not np.issubdtype(inputs.dtype, np.number):
        raise DataError("must be one array of numbers, a row an input", file=place)
    inputs = inputs.astype(np.float32 if np.issubdtype(inputs.dtype, np.floating) else np.int64)
    own = predictor.model if isinstance(predictor.model, ModuleOutputs) else None
    keys, packing = (None, None) if own is None else (own.keys, own.packing)
    if packing is None or inputs.shape[1:] == tuple(predictor.spec.in_shape):
        inputs = _source(predictor).sent_rows(torch.from_numpy(inputs), keys, packing).numpy()
    rows = Rows(
        inputs=inputs,
        target=None,
        numbers=np.arange(len(inputs), dtype=np.int64),
        origin=Origin(path=place, sha256="", rows=len(inputs)),
    )
    return _fitting(predictor, rows, place)


def _source(predictor: Predictor) -> Loaders:
    source = make_source(RunConfig(to_plain(predictor.config)))
    assert isinstance(source, Loaders)  # noqa: S101  # only these are not preprocessed
    return source


def _fitting(predictor: Predictor, rows: Rows, place: str) -> Rows:
    shape, wanted = np.shape(rows.inputs)[1:], tuple(predictor.spec.in_shape)
    if shape != wanted:
        raise DataError(f"holds rows of shape {shape}, and the model takes {wanted}", file=place)
    return rows


def _array(path: Path) -> NDArray[Any]:
    try:
        found: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"cannot be read ({described(error)})", file=path) from error
    return found
