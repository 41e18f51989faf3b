"""Runs one after another that ask for the same rows share them; whatever else is asked for is prepared anew."""

import os

import pytest

from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from litmus.run import KeptRows


def config(*words: str) -> RunConfig:
    return RunConfig(to_plain(compose(list(words))))


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "".join(f"{i}.5,{'ab'[i % 2]}\n" for i in range(40)))
    return path


def test_what_does_not_touch_the_rows_shares_them():
    kept = KeptRows()
    first = kept.prepare(config("data=iris", "split_seed=1"))
    other = kept.prepare(config("data=iris", "split_seed=1", "seed=7", "data.batch_size=16", "model.hidden=[3]"))
    assert other.prepared is first.prepared
    assert (other.seed, other.source.batch_size) == (7, 16)
    assert other.train_dataloader() is not first.train_dataloader()


@pytest.mark.parametrize("word", ["split_seed=2", "data.val_fraction=0.3", "data=wine", "data.normalize=none"])
def test_what_touches_the_rows_prepares_them_anew(word):
    kept = KeptRows()
    first = kept.prepare(config("data=iris", "split_seed=1"))
    assert kept.prepare(config("data=iris", "split_seed=1", word)).prepared is not first.prepared


def test_a_file_that_has_changed_is_read_again(table):
    kept, words = KeptRows(), (f"data.path={table}", "data=csv", "data.target=y")
    first = kept.prepare(config(*words))
    assert kept.prepare(config(*words)).prepared is first.prepared
    os.utime(table, ns=(1, 1))
    assert kept.prepare(config(*words)).prepared is not first.prepared


def test_rows_that_the_state_of_nothing_tells_of_are_read_each_time(monkeypatch):
    monkeypatch.setattr("litmus.data.sources.bundled.NamedTable.state", lambda self: None)
    kept = KeptRows()
    first = kept.prepare(config("data=iris"))
    assert kept.prepare(config("data=iris")).prepared is not first.prepared
