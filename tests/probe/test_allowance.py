"""What trials may take: work, not waiting."""

import threading
import time

from litmus.probe import allowance
from litmus.probe.allowance import Allowance


def work_for(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_work_uses_it_up():
    table = Allowance(0.05)
    assert 0 < table.left <= 0.05
    work_for(0.06)
    assert table.left < 0


def test_waiting_counts_only_a_part_of_its_time():
    table = Allowance(10.0)
    time.sleep(0.3)
    assert 10 - 0.3 < table.left < 10


def test_waiting_alone_ends_it_after_some_time(monkeypatch):
    monkeypatch.setattr(allowance, "PATIENCE", 2.0)
    table = Allowance(0.05)
    time.sleep(0.11)
    assert table.left < 0


def test_another_thread_sees_what_its_maker_has_left():
    table, seen = Allowance(0.05), []
    work_for(0.06)
    other = threading.Thread(target=lambda: seen.append(table.left))
    other.start()
    other.join()
    assert seen[0] < 0


def test_it_can_be_extended():
    table = Allowance(0.05)
    work_for(0.06)
    table.extend(1.0)
    assert table.left > 0.5
