"""Readings of test splits: each is counted, by whatever number of processes at once."""

import json
import multiprocessing
from pathlib import Path

from litmus.run.ledger import count_reading, ledger_folder


def test_readings_are_counted_by_their_data(tmp_path):
    place = tmp_path / "new"
    assert [count_reading(place, "a"), count_reading(place, "b"), count_reading(place, "a")] == [1, 1, 2]
    assert json.loads((place / "test_ledger.json").read_text()) == {"a": 2, "b": 1}
    assert [path.name for path in place.iterdir()] == ["test_ledger.json"]


def test_twenty_readings_at_once_are_twenty(tmp_path):
    forks = multiprocessing.get_context("fork")  # so that not each of them has to load torch
    barrier, counts = forks.Barrier(20), forks.SimpleQueue()

    def read():
        barrier.wait()
        counts.put(count_reading(tmp_path, "data"))

    readers = [forks.Process(target=read) for _ in range(20)]
    for reader in readers:
        reader.start()
    assert sorted(counts.get() for _ in readers) == list(range(1, 21))
    for reader in readers:
        reader.join()
    assert json.loads((tmp_path / "test_ledger.json").read_text()) == {"data": 20}


def test_what_was_counted_by_split_before_is_added_up(tmp_path):
    (tmp_path / "test_ledger.json").write_text('{"a:1111": 2, "a:2222": 3}')
    assert count_reading(tmp_path, "a") == 6


def test_a_damaged_ledger_is_begun_anew_and_said(tmp_path, caplog):
    (tmp_path / "test_ledger.json").write_text("[1")
    assert count_reading(tmp_path, "a") == 1
    assert "cannot be read" in caplog.text


def test_the_ledger_of_a_run_is_found_from_any_folder(tmp_path):
    checkpoint = tmp_path / "outputs" / "x" / "run" / "checkpoints" / "best.ckpt"
    assert str(ledger_folder(Path("outputs"), checkpoint)) == "outputs"
    assert str(ledger_folder(Path("elsewhere"), checkpoint)) == "elsewhere"
    count_reading(tmp_path / "outputs", "a")
    assert ledger_folder(Path("elsewhere"), checkpoint) == tmp_path / "outputs"
