"""The line that says how far a sweep is."""

import io
import re

from litmus.report.terminal import Terminal
from litmus.sweeps.progress import Progress


def written(live: bool, monitor: str = "val/loss") -> tuple[Progress, io.StringIO]:
    stream = io.StringIO()
    terminal = Terminal(stream)
    terminal.live = live
    return Progress(4, monitor, terminal), stream


def test_on_a_terminal_one_line_tells_all():
    progress, stream = written(live=True)
    progress.ended("0_lr=0.1", ["lr=0.1"], 0.5)
    progress.ended("1_lr=0.2", ["lr=0.2"], 0.25)
    progress.ended("2_lr=9", ["lr=9"], None, "RuntimeError: too fast")
    assert re.fullmatch(r"job 4/4 · best 0\.2500 \(lr=0\.2\) · 1 failed · \d+ s left", progress.text())
    assert "2_lr=9  failed: RuntimeError: too fast" in stream.getvalue()
    assert "0_lr=0.1  val/loss" not in stream.getvalue()


def test_piped_each_job_has_a_quiet_line():
    progress, stream = written(live=False, monitor="val/accuracy")
    progress.begin()
    progress.ended("0_lr=0.1", ["lr=0.1"], 0.5)
    progress.ended("1_lr=0.2", ["lr=0.2"], 0.25)
    assert stream.getvalue() == "0_lr=0.1  val/accuracy 0.5\n1_lr=0.2  val/accuracy 0.25\n"
    assert "best 0.5000 (lr=0.1)" in progress.text()


def test_a_value_that_is_no_number_is_never_the_best():
    progress, _ = written(live=False)
    progress.ended("0", [], float("nan"))
    assert "best" not in progress.text()
