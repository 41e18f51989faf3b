"""A run in TensorBoard's format: curves, charts of train against val, HParams, figures, PR curves and the verdict.

Events are written here record by record: neither torch's writer nor TensorBoard's own is needed, which start a thread,
and import TensorFlow where it is installed.
"""

import os
import re
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, final

from litmus.evidence import Evidence
from litmus.report.markdown import verdict_text
from litmus.verdict import Verdict

PR_THRESHOLDS = 127
Status = Literal["success", "failure", "unknown"]


@final
class Writer:
    """A sink of curves that keeps one event file in the run's directory, opened when there is something to write.

    Args:
        directory: Injected: the run's directory.
    """

    def __init__(self, *, directory: str) -> None:
        self._directory = Path(directory)
        self._file: BinaryIO | None = None
        self._records: Any = None
        self._times: dict[int, float] = {}
        self._charts: list[str] = []
        self._resumed = False

    def update(self, epoch: int, monitor: float, loss: float) -> None:
        """Remembers when an epoch ended."""
        self._times[epoch] = time.time()

    def write(self, rows: list[dict[str, float]]) -> None:
        """Epochs in order: each one event with all its values; what an interrupted run wrote of them is purged."""
        if not rows:
            return
        self._open()
        if self._resumed:
            self._purge(int(rows[0]["epoch"]))
        self._layout(sorted({key for row in rows for key in row}))
        for row in rows:
            epoch = int(row["epoch"])
            values = {key: value for key, value in row.items() if key not in {"epoch", "step"}}
            self.scalars(values, epoch, self._times.pop(epoch, None))
        self.flush()

    def scalars(self, values: Mapping[str, float | None], step: int, wall_time: float | None = None) -> None:
        """Several values in one event; None is left out, NaN is kept."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        known = {tag: value for tag, value in values.items() if value is not None}
        if known:
            self._add([Summary.Value(tag=tag, simple_value=value) for tag, value in known.items()], step, wall_time)

    def image(self, tag: str, png: bytes, step: int) -> None:
        """A figure as `canvas.png` gives it."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
        image = Summary.Image(width=width, height=height, colorspace=3, encoded_image_string=png)
        self._add([Summary.Value(tag=tag, image=image)], step)

    def text(self, tag: str, markdown: str, step: int = 0) -> None:
        """Markdown, in which everything from data has been escaped by `markdown.escape`."""
        from tensorboard.plugins.text.plugin_data_pb2 import TextPluginData

        self._tensor(tag, "text", TextPluginData(version=0).SerializeToString(), markdown.encode(), step)

    def pr_curve(self, tag: str, hit: Sequence[bool], score: Sequence[float], step: int) -> None:
        """Precision and recall over thresholds.

        Args:
            tag: Its name.
            hit: (n,) whether a row is of the class.
            score: (n,) its probability of the class.
            step: Epoch of the weights.
        """
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
        from tensorboard.compat.proto.types_pb2 import DT_FLOAT
        from tensorboard.plugins.pr_curve.plugin_data_pb2 import PrCurvePluginData

        data = _pr_rows(hit, score)
        dims = [TensorShapeProto.Dim(size=size) for size in (6, PR_THRESHOLDS)]
        tensor = TensorProto(dtype=DT_FLOAT, float_val=data, tensor_shape=TensorShapeProto(dim=dims))
        content = PrCurvePluginData(version=0, num_thresholds=PR_THRESHOLDS).SerializeToString()
        self._plugin(tag, "pr_curves", content, tensor, step)

    def hparams(self, values: Mapping[str, bool | float | str], *, status: Status = "success") -> None:
        """The run's row in the HParams tab; the columns of metrics are its scalars.

        Only session records are written: an experiment record would fix the columns for all runs of a folder.
        """
        from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2

        start = plugin_data_pb2.SessionStartInfo(start_time_secs=time.time())
        for name, value in values.items():
            slot = start.hparams[name]
            if isinstance(value, bool):
                slot.bool_value = value
            elif isinstance(value, int | float):
                slot.number_value = value
            else:
                slot.string_value = value
        code = api_pb2.Status.Value(f"STATUS_{status.upper()}")
        end = plugin_data_pb2.SessionEndInfo(status=code, end_time_secs=time.time())
        for tag, part in (("session_start_info", start), ("session_end_info", end)):
            content = plugin_data_pb2.HParamsPluginData(version=0, **{tag: part}).SerializeToString()
            self._plugin(f"_hparams_/{tag}", "hparams", content, _nothing(), 0)

    def verdict(self, verdict: Verdict, evidence: Evidence) -> None:
        """The verdict with criteria and findings as text, and the scores of the weights in use."""
        fit = evidence.fit
        step = max(fit.epochs - 1, 0) if fit.best_epoch is None else fit.best_epoch
        self.text("verdict", verdict_text(verdict, evidence), step)
        for split, group in (("val", "best"), ("test", "test")):
            scores = evidence.scores.get(split, {})
            self.scalars({f"{group}/{name}": score.value for name, score in scores.items()}, step)
        self.flush()

    def flush(self) -> None:
        """Puts everything on disk that was written so far."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Ends the file; writing again would begin another."""
        if self._file is not None:
            self._file.close()
            self._file = self._records = None

    def _open(self) -> None:
        """Begins the event file. A folder that has one already belongs to a run that goes on."""
        if self._file is not None:
            return
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._directory.mkdir(parents=True, exist_ok=True)
        older = sorted(self._directory.glob("events.out.tfevents.*"))
        now = max([int(time.time()), *(_stamp(path) + 1 for path in older)])
        name = f"events.out.tfevents.{now:010d}.{socket.gethostname()}.{os.getpid()}.0"
        self._resumed = bool(older)
        self._file = (self._directory / name).open("wb")
        self._records = RecordWriter(self._file)
        self._records.write(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())

    def _purge(self, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog

        start = Event(wall_time=time.time(), step=step, session_log=SessionLog(status=SessionLog.START))
        self._records.write(start.SerializeToString())
        self._resumed = False

    def _layout(self, keys: Iterable[str]) -> None:
        """One chart for each metric with the curves of all splits; written again when a metric joins."""
        charts = self._charts + [name for name in _metrics(keys) if name not in self._charts]
        if charts == self._charts:
            return
        from tensorboard.plugins.custom_scalar import layout_pb2 as pb

        self._charts = charts
        drawn = [
            pb.Chart(title=name, multiline=pb.MultilineChartContent(tag=[rf"^(train|val)/{re.escape(name)}$"]))
            for name in charts
        ]
        layout = pb.Layout(category=[pb.Category(title="train and val", chart=drawn)])
        self._tensor("custom_scalars__config__", "custom_scalars", b"", layout.SerializeToString(), 0)

    def _tensor(self, tag: str, plugin: str, content: bytes, value: bytes, step: int) -> None:
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
        from tensorboard.compat.proto.types_pb2 import DT_STRING

        tensor = TensorProto(dtype=DT_STRING, string_val=[value], tensor_shape=TensorShapeProto())
        self._plugin(tag, plugin, content, tensor, step)

    def _plugin(self, tag: str, plugin: str, content: bytes, tensor: Any, step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata

        data = SummaryMetadata.PluginData(plugin_name=plugin, content=content)
        self._add([Summary.Value(tag=tag, tensor=tensor, metadata=SummaryMetadata(plugin_data=data))], step)

    def _add(self, summary: list[Any], step: int, wall_time: float | None = None) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        self._open()
        event = Event(wall_time=wall_time or time.time(), step=step, summary=Summary(value=summary))
        self._records.write(event.SerializeToString())


def _metrics(keys: Iterable[str]) -> list[str]:
    """Metrics of train and val, the loss first."""
    names = {name for split, _, name in (key.partition("/") for key in keys) if split in {"train", "val"}}
    return sorted(names, key=lambda name: (name != "loss", name))


def _stamp(path: Path) -> int:
    part = path.name.split(".")[3]
    return int(part) if part.isdecimal() else 0


def _nothing() -> Any:
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_FLOAT

    return TensorProto(dtype=DT_FLOAT, tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=0)]))


def _pr_rows(hit: Sequence[bool], score: Sequence[float]) -> list[float]:
    """True and false positives, true and false negatives, precision and recall (6, thresholds), row after row."""
    import numpy as np

    thresholds = np.linspace(0.0, 1.0, PR_THRESHOLDS)
    positive, probability = np.asarray(hit, dtype=bool), np.asarray(score, dtype=np.float64)

    def at_least(scores: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        return len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left").astype(np.float64)

    tp, fp = at_least(probability[positive]), at_least(probability[~positive])
    fn, tn = positive.sum() - tp, (~positive).sum() - fp
    precision = np.divide(tp, tp + fp, out=np.ones_like(tp), where=tp + fp > 0)
    recall = np.divide(tp, tp + fn, out=np.zeros_like(tp), where=tp + fn > 0)
    rows: list[float] = np.concatenate([tp, fp, tn, fn, precision, recall]).tolist()
    return rows
