"""Directories of runs: new, unique, and gone again when a run is refused."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmus.cli.directory import job_name, leftovers, make_directory
from litmus.errors import ConfigError


def test_a_run_directory_is_named_by_name_date_and_something_unique(tmp_path):
    made = make_directory(str(tmp_path / "out"), "iris", "sweep_")
    assert made.path.is_dir()
    assert made.path.parent == tmp_path / "out" / "iris"
    assert made.path.match("sweep_????-??-??_??-??-??_??????")


def test_many_processes_never_share_a_directory(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make_directory(str(tmp_path), "x").path, range(64)))
    assert len(set(made)) == 64


def test_taking_back_leaves_nothing_that_was_not_there_before(tmp_path):
    made = make_directory(str(tmp_path / "a" / "b"), "x")
    (made.path / "log.txt").write_text("refused")
    made.remove()
    assert list(tmp_path.iterdir()) == []


def test_taking_back_keeps_what_others_have_put_beside_it(tmp_path):
    first = make_directory(str(tmp_path / "out"), "x")
    second = make_directory(str(tmp_path / "out"), "x")
    first.remove()
    assert second.path.is_dir()
    assert not first.path.exists()


def test_a_place_that_cannot_hold_a_run_is_refused_and_left_as_it_was(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ConfigError, match=r"output_dir: cannot make a run directory in .*: Not a directory; choose another"
    ):
        make_directory(str(tmp_path / "file" / "out"), "x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ("++optimizer.lr=0.1|++model.hidden=[8,8]", "3_lr=0.1,hidden=8-8"),
        ("model=mlp", "3_model=mlp"),
        ("++data.target='a b/c'", "3_target=a-b-c"),
        ("", "3"),
    ],
)
def test_a_jobs_folder_says_what_is_special_about_it(overrides, name):
    assert job_name(3, overrides) == name


@given(st.text())
def test_a_jobs_folder_is_always_one_short_name(overrides):
    name = job_name(12, overrides)
    assert name.startswith("12")
    assert len(name) <= 60
    assert Path(name).name == name


def test_a_run_that_has_begun_is_known_by_its_checkpoints(tmp_path):
    assert not any(leftovers(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.ckpt").touch()
    assert any(leftovers(tmp_path))
