"""Directories of runs: new, unique, and gone again when a run is refused."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmus.cli.directory import job_name, make_directory, use_directory
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
        ("++optimizer.lr=1e+20", "3_lr=1e20"),
        ("++optimizer.lr=1e-20", "3_lr=1e-20"),
        ("++model.init_bias=-1", "3_init_bias=-1"),
        ("++optimizer.lr=0.1|++scheduler.lr=0.2", "3_optimizer.lr=0.1,scheduler.lr=0.2"),
        ("", "3"),
    ],
)
def test_a_jobs_folder_says_what_is_special_about_it(overrides, name):
    assert job_name(3, overrides) == name


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_a_jobs_folder_never_changes_a_number(values):
    name = job_name(3, "|".join(f"++a.key_{i}={value}" for i, value in enumerate(values)))
    shown = [float(item.partition("=")[2]) for item in name.removeprefix("3_").split(",") if "=" in item]
    assert shown == values[: len(shown)]
    left = len(values) - len(shown)
    assert name.endswith(f",and-{left}-more") == (left > 0)


def test_a_value_too_long_for_a_jobs_folder_is_marked_as_cut():
    assert job_name(3, f"++data.path='{'x' * 99}.csv'|++seed=1").endswith("xxx~,and-1-more")


@given(st.text())
def test_a_jobs_folder_is_always_one_short_name(overrides):
    name = job_name(12, overrides)
    assert name.startswith("12")
    assert len(name) <= 60
    assert Path(name).name == name


def test_a_run_that_has_begun_is_known_by_its_checkpoints(tmp_path):
    made = make_directory(str(tmp_path), "x", files={"config.yaml": "a: 1"})
    assert not made.begun
    (made.path / "checkpoints").mkdir()
    (made.path / "checkpoints" / "last.ckpt").touch()
    assert made.begun


def test_a_directory_appears_with_its_files_in_it(tmp_path):
    made = make_directory(str(tmp_path), "x", files={"config.yaml": "a: 1", "status.json": "{}"})
    assert sorted(path.name for path in made.path.iterdir()) == ["config.yaml", "status.json"]
    assert list(made.path.parent.iterdir()) == [made.path]


def test_a_users_folder_keeps_what_stood_in_it_when_a_run_is_refused(tmp_path):
    (tmp_path / "mine.txt").touch()
    used = use_directory(str(tmp_path), "hydra.run.dir", files={"config.yaml": "a: 1"})
    (used.path / ".hydra").mkdir()
    assert (tmp_path / "config.yaml").is_file()
    used.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_users_folder_that_is_not_there_is_made_and_goes_with_its_parents(tmp_path):
    used = use_directory(str(tmp_path / "a" / "b"), "hydra.run.dir", files={"config.yaml": "a: 1"})
    assert (used.path / "config.yaml").is_file()
    used.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["config.yaml", "status.json", "multirun.yaml"])
def test_a_users_folder_that_holds_a_run_or_a_sweep_is_refused(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(ConfigError, match=r"hydra.run.dir: .* holds a run or sweep already; go on with it by resume="):
        use_directory(str(tmp_path), "hydra.run.dir")
