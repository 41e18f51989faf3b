import io
import math
import time

import pytest

from litmus.report import progress
from litmus.report.progress import Progress
from litmus.report.terminal import Terminal


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is moved."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_piped_it_says_little(clock):
    stream = io.StringIO()
    shown = Progress(Terminal(stream), "val/loss")
    shown.start(100)
    for epoch in range(100):
        clock[0] += 0.125
        shown.update(epoch, 1 / (epoch + 1), 0.5)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0] == "40/100 epochs  train loss 0.500  val loss 0.025  best 0.025 at 39  8 s left"


def test_the_best_epoch_follows_the_metrics_direction(clock):
    stream = io.StringIO()
    shown = Progress(Terminal(stream), "val/accuracy", lower_is_better=False)
    shown.start(None)
    for epoch, value in enumerate([0.5, math.nan, 0.9, 0.7]):
        clock[0] += 10
        shown.update(epoch, value, math.nan)
    assert stream.getvalue().splitlines()[-1] == "4 epochs  train loss –  val accuracy 0.700  best 0.900 at 2"


def test_a_resumed_run_reckons_with_its_own_epochs(clock):
    stream = io.StringIO()
    shown = Progress(Terminal(stream), "val/loss")
    shown.start(100)
    for epoch in (90, 91):
        clock[0] += 6
        shown.update(epoch, 1.0, 1.0)
    assert stream.getvalue().splitlines()[-1].endswith("48 s left")


def test_an_epoch_that_is_not_shown_costs_next_to_nothing():
    shown = Progress(Terminal(io.StringIO()), "val/loss")
    shown.start(10**6)
    began = time.process_time()
    for epoch in range(20_000):
        shown.update(epoch, 1.0, 1.0)
    assert (time.process_time() - began) / 20_000 < 20e-6


@pytest.mark.parametrize(("seconds", "text"), [(3, "3 s"), (150, "2 min"), (7200, "2.0 h")])
def test_times_are_as_people_say_them(seconds, text):
    assert progress.duration(seconds) == text
