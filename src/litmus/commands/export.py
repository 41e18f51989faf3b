"""A trained model as an ONNX file that other tools can run, checked against the model before it is kept."""

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from litmus.commands.judge import save
from litmus.config import needs
from litmus.config.command_words import path_of
from litmus.data.encoding.column_encoders import BooleanEncoder
from litmus.data.encoding.features import NumericInputs, TablePreprocess
from litmus.data.encoding.given import GivenPreprocess
from litmus.data.encoding.pixels import ImagePreprocess
from litmus.data.rows import Origin, Rows
from litmus.disk import write_bytes
from litmus.engine.module_outputs import ModuleOutputs
from litmus.errors import CheckpointError, ConfigError, RunError, described, quote
from litmus.report.terminal import Terminal
from litmus.run.labelled import run_of
from litmus.run.predictor import Predictor
from litmus.sweeps.places import find_checkpoint

if TYPE_CHECKING:
    from onnx import ModelProto  # an extra

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
OPSET = 18
TRIED_ROWS = (1, 2, 64)
TOLERANCE = 1e-5
RANDOM = Origin(path="random rows", sha256="", rows=0)
COARSE = 1e4  # distance from 0 in units of the spread from which float32 would blur raw values


def main(*, checkpoint: str, output: str | None = None, output_dir: str = "outputs") -> None:
    """Writes the model, with its preprocessing where that is numeric, to one .onnx file.

    Args:
        checkpoint: File, run directory or last.
        output: The file; None: model.onnx in the checkpoint's run, or in the current directory.
        output_dir: Where `last` is looked for.

    Raises:
        InputError: A package is missing, or a file cannot be used.
        RunError: The exported graph says something else than the model.
    """
    file = find_checkpoint(checkpoint, output_dir=output_dir)
    path = _target(output, file)
    _check_packages()
    predictor = Predictor.restore(file)
    if isinstance(predictor.model, ModuleOutputs) and predictor.model.way is None:
        raise CheckpointError(f"{file}: {predictor.name} predicts nothing: {predictor.model.reason}")
    graph = Graph(predictor)
    try:
        tries = [graph.example(rows) for rows in TRIED_ROWS]
    except Exception as error:
        if not isinstance(predictor.preprocess, GivenPreprocess):
            raise
        message = f"{predictor.name} takes no rows of random numbers, by which an export is checked"
        raise ConfigError(f"{file}: {message} ({described(error)})") from error
    model = convert(graph, tries[-1][0])
    differences = [compare(model, x, expected) for x, expected in tries]
    save(lambda: _write(model, path), path)
    terminal = Terminal()
    terminal.opening([f"model: {file}", f"input: {graph.describe_input()}", f"output: {graph.describe_output()}"])
    if graph.prepare is None:
        terminal.line(graph.left_outside())
    terminal.line(f"file: {path}, the same as the model on {sum(TRIED_ROWS)} random rows to {max(differences):.0e}")


@final
class Graph(nn.Module):
    """What is exported: from raw numbers, pixels or an encoded tensor to probabilities or values.

    Args:
        predictor: The trained model.
    """

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        self.predictor = predictor
        self.prepare = predictor.preprocess.module()
        self.model = predictor.model.eval().cpu()

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities `(n, classes)`, or values `(n,)` in the target's unit."""
        prepared = x if self.prepare is None else self.prepare(x)
        pred, prob = self.predictor.decide(self.model(prepared))
        return (pred if prob is None else prob).float()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the input's columns in a table; raw ones where preprocessing is inside."""
        preprocess = self.predictor.preprocess
        if self.prepare is not None and isinstance(preprocess, TablePreprocess):
            return tuple(column.name for column in preprocess.columns)
        return self.predictor.spec.features

    @property
    def dtype(self) -> torch.dtype:
        """Of the input: float32, or what the values ask for."""
        if self.predictor.spec.input == "text":
            return torch.int64
        if isinstance(self.prepare, NumericInputs):
            centre, scale = self.prepare.get_buffer("centre"), self.prepare.get_buffer("scale")
            if bool((centre.abs() > COARSE * scale).any()):
                return torch.float64
        return torch.float32

    def example(self, n: int) -> tuple[Tensor, Tensor]:
        """Random rows like those trained on, and what the model says of them by its own way."""
        rng = np.random.default_rng(n)
        preprocess = self.predictor.preprocess
        if isinstance(self.prepare, NumericInputs) and isinstance(preprocess, TablePreprocess):
            x, rows = _raw_rows(self.prepare, preprocess, n, rng)
            return x.to(self.dtype), _said(self.predictor, self.predictor.outputs(preprocess.encode(rows)))
        if isinstance(preprocess, ImagePreprocess):
            pixels = _pixels(preprocess, n, rng)
            rows = Rows(inputs=pixels, target=None, numbers=np.arange(n), origin=RANDOM)
            x = torch.from_numpy(pixels.astype(np.float32))
            return x, _said(self.predictor, self.predictor.outputs(preprocess.encode(rows)))
        encoded = self._encoded(n, rng).to(self.dtype)
        return encoded, _said(self.predictor, self.predictor.outputs(encoded))

    def _encoded(self, n: int, rng: np.random.Generator) -> Tensor:
        spec = self.predictor.spec
        if spec.input == "text":
            return torch.from_numpy(rng.integers(0, spec.vocab_size or 1, (n, *spec.in_shape)))
        x = rng.normal(size=(n, *spec.in_shape)).astype(np.float32)
        for place, size in enumerate(spec.cardinalities, start=x.shape[1] - len(spec.cardinalities)):
            x[:, place] = rng.integers(0, size, n)
        return torch.from_numpy(x)

    def describe_input(self) -> str:
        """Name, type and shape of the input in one line."""
        spec = self.predictor.spec
        shape = (len(self.names),) if self.names else spec.in_shape
        kind = {torch.int64: "int64", torch.float64: "float64", torch.float32: "float32"}[self.dtype]
        what = {
            "image": f"raw pixels, from 0 to {getattr(self.predictor.preprocess, 'levels', 255):g}",
            "text": "token ids",
            "table": "raw columns, NaN where missing" if self.prepare is not None else "encoded columns",
        }[spec.input]
        return f"x {kind} (n, {', '.join(map(str, shape))}): {what}"

    def describe_output(self) -> str:
        """The same of the output."""
        spec = self.predictor.spec
        if spec.numeric:
            return f"value float32 (n,): {spec.target} in its own unit"
        named = ", ".join(quote(label, 24) for label in spec.classes[:6])
        more = f" and {len(spec.classes) - 6} more" if len(spec.classes) > 6 else ""
        return f"probabilities float32 (n, {len(spec.classes)}): of {named}{more}"

    def left_outside(self) -> str:
        """Why preprocessing is not inside."""
        if isinstance(self.predictor.preprocess, GivenPreprocess):
            return "x is what the loaders of the data module give"
        what = "words" if self.predictor.spec.input == "text" else "categories and dates"
        return f"ONNX takes no {what}: encode rows first, by litmus.load(...).encode(rows), which gives x"

    def metadata(self) -> dict[str, str]:
        """What a user of the file must know, as text."""
        spec, threshold = self.predictor.spec, self.predictor.threshold
        return {
            "task": spec.task,
            "target": spec.target,
            "input": self.describe_input(),
            "output": self.describe_output(),
            "preprocessing": "outside" if self.prepare is None else "inside",
            "features": json.dumps(list(self.names), ensure_ascii=False),
            "classes": json.dumps(list(spec.classes), ensure_ascii=False),
            "threshold": "" if threshold is None else repr(threshold),
        }


def _raw_rows(
    prepare: NumericInputs, preprocess: TablePreprocess, n: int, rng: np.random.Generator
) -> tuple[Tensor, Rows]:
    """Raw values as the graph takes them and as a file gives them; some are missing."""
    columns, values = [], []
    for place, column in enumerate(preprocess.columns):
        centre, scale = (float(prepare.get_buffer(name)[place]) for name in ("centre", "scale"))
        if isinstance(column, BooleanEncoder):
            drawn = rng.integers(0, 2, n).astype(np.float64)
        else:
            drawn = (centre + scale * rng.normal(size=n)).astype(np.float32).astype(np.float64)
        drawn[rng.random(n) < 0.1] = np.nan
        values.append(drawn)
        series = pl.Series(column.name, drawn, nan_to_null=True)
        columns.append(series.cast(pl.Boolean) if isinstance(column, BooleanEncoder) else series)
    rows = Rows(inputs=pl.DataFrame(columns), target=None, numbers=np.arange(n), origin=RANDOM)
    return torch.from_numpy(np.stack(values, axis=1)), rows


def _pixels(preprocess: ImagePreprocess, n: int, rng: np.random.Generator) -> NDArray[Any]:
    """Raw images of any brightness, of the type that was trained on."""
    drawn = rng.random((n, *preprocess.shape)) * preprocess.levels
    types: dict[float, type[np.generic]] = {255.0: np.uint8, 65535.0: np.uint16}
    return drawn.astype(types.get(preprocess.levels, np.float32))


def _said(predictor: Predictor, outputs: Tensor) -> Tensor:
    pred, prob = predictor.decide(outputs)
    return pred if prob is None else prob


def convert(graph: Graph, example: Tensor) -> "ModelProto":
    """The graph in ONNX, for any number of rows, without a word on the terminal."""
    from onnx import helper

    name = "value" if graph.predictor.spec.numeric else "probabilities"
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            graph,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=["x"],
            output_names=[name],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            verbose=False,
        )
    assert program is not None  # noqa: S101  # the exporter by torch.export gives a program
    model: ModelProto = program.model_proto
    model.producer_name = "litmus"
    helper.set_model_props(model, graph.metadata())
    return model


def compare(model: "ModelProto", x: Tensor, expected: Tensor) -> float:
    """Largest difference between the file's answers and the model's, relative where answers are large.

    Raises:
        RunError: It is above the tolerance.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    found = np.asarray(session.run(None, {"x": x.numpy()})[0], dtype=np.float64)
    wanted = expected.double().numpy()
    difference = float((np.abs(found - wanted) / np.maximum(np.abs(wanted), 1.0)).max())
    if found.shape != wanted.shape or not difference <= TOLERANCE:
        raise RunError(f"the exported graph differs from the model by {difference:.1e}; nothing was written")
    return difference


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Holds back what the exporter prints, warns of and logs."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        before = logging.root.manager.disable
        logging.disable(logging.ERROR)
        try:
            yield
        finally:
            logging.disable(before)


def _check_packages(packages: Sequence[str] = PACKAGES) -> None:
    """Names the extra that is missing."""
    for package in packages:
        if find_spec(package) is None:
            raise ConfigError(f"export {needs('onnx')} ({package} is missing)")


def _target(output: str | None, file: Path) -> Path:
    path = (run_of(file) or Path()) / "model.onnx" if output is None else path_of(output)
    if path.suffix != ".onnx":
        raise ConfigError(f"output={output}: must end in .onnx")
    if path.is_dir() or not path.parent.is_dir():
        reason = "is a folder" if path.is_dir() else f"the folder {quote(str(path.parent))} does not exist"
        raise ConfigError(f"output={output}: {reason}; name a file in a folder that exists")
    return path


def _write(model: Any, path: Path) -> None:
    try:
        write_bytes(path, model.SerializeToString())
    except OSError as error:
        raise ConfigError(f"output={path}: cannot be written ({error.strerror}); name another") from error
