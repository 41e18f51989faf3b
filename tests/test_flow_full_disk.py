"""A disk that takes no more ends every command in our words, and nothing half-written stays."""

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from litmus.cli import main
from litmus.engine.checkpoint import save

WORDS = ["data=iris", "trainer.max_epochs=3", "verdict.probes=off", "logger=csv", "name=x"]


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Lets no file grow beyond so many bytes, as a quota does: the system's answer comes from `write`, or `close`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def parts(place: Path) -> list[str]:
    return [str(path) for path in place.rglob("*.part")]


@pytest.mark.parametrize("size", [0, 100, 3000, 50_000])
def test_a_checkpoint_is_written_whole_or_not_at_all_and_the_error_is_the_systems(tmp_path, size):
    path = tmp_path / "a.ckpt"
    save({"litmus": {"version": 1}}, path)
    before = path.read_bytes()
    with no_file_above(size), pytest.raises(OSError, match="File too large") as caught:
        save({"litmus": {"version": 1}, "state_dict": {"w": torch.rand(50_000)}}, path)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("size", [0, 200, 2_000, 20_000, 60_000])
def test_a_run_that_cannot_be_written_says_so_in_one_line(tmp_path, capsys, size):
    begun = size > 1_000  # its config.yaml fits; a run that cannot even be begun is refused
    with no_file_above(size):
        assert main(["train", *WORDS]) == (1 if begun else 2)
    assert begun or not (tmp_path / "outputs").exists()
    error = capsys.readouterr().err
    assert re.match(r"error: File too large" if begun else r"error: output_dir: .*File too large; choose", error)
    assert error.count("\n") == 1
    assert parts(tmp_path) == []


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_predictions_that_cannot_be_written_are_refused(trained, shop, tmp_path, capsys, suffix):
    with no_file_above(500):
        assert main(["predict", f"checkpoint={trained}", f"input={shop}", f"output=p.{suffix}"]) == 2
    assert re.match(rf"error: output=p\.{suffix}: cannot be written \(.*[Ff]ile too large", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["judge", "{run}", "criteria=strict"], ["evaluate", "checkpoint={run}"]])
def test_what_stood_there_stays_where_a_new_file_cannot_be_written(trained, tmp_path, capsys, command):
    import shutil

    run = tmp_path / "run"
    shutil.copytree(trained, run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with no_file_above(300):
        assert main([word.format(run=run) for word in command]) == 2
    error = capsys.readouterr().err
    assert re.match(
        r"error: .*/run.*: cannot be written \(File too large\); raise the limit on the size of files", error
    )
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
