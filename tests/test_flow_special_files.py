"""Devices, pipes and sockets are refused at once, wherever a file is asked for."""

import os
import socket
import stat
from pathlib import Path

import pytest

from litmus.cli import main


@pytest.fixture(params=["device", "pipe", "socket"])
def special(request, tmp_path):
    """The path of something that is no file, and the word for it."""
    path = Path("/dev/zero")
    if request.param == "pipe":
        path = tmp_path / "pipe.csv"
        os.mkfifo(path)
    elif request.param == "socket":
        path = Path("socket.csv")  # relative: the path of a socket is short
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif not path.exists() or not stat.S_ISCHR(path.stat().st_mode):
        pytest.skip("no /dev/zero here")
    return path, request.param


WORDS = {"csv": ["data.target=y"], "parquet": ["data.target=y"], "text": ["data.target=y"], "image_folder": []}


@pytest.mark.parametrize("command", ["train", "check"])
@pytest.mark.parametrize("kind", WORDS)
def test_data_must_be_a_file(special, command, kind, capsys):
    path, word = special
    assert main([command, f"data={kind}", f"data.path={path}", *WORDS[kind]]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    if kind in {"csv", "parquet"}:
        assert f"{path}: is a {word}, which cannot be read twice; write the rows to a file" in error
    assert not Path("outputs").exists()


def test_a_test_file_must_be_a_file(special, shop, capsys):
    path, word = special
    assert main(["check", f"data.path={shop}", "data.target=bought", f"data.test_path={path}"]) == 2
    assert f"is a {word}" in capsys.readouterr().err


def test_what_is_to_be_predicted_or_judged_must_be_a_file(special, trained, capsys):
    path, word = special
    assert main(["predict", f"checkpoint={trained}", f"input={path}", "output=y.csv"]) == 2
    assert f"is a {word}" in capsys.readouterr().err
    assert main(["judge", f"predictions={path}", "target=y", "pred=p"]) == 2
    assert f"is a {word}" in capsys.readouterr().err
    assert not Path("y.csv").exists()


def test_a_checkpoint_must_be_a_file(special, capsys):
    path, _ = special
    assert main(["predict", f"checkpoint={path}", "input=x.csv", "output=y.csv"]) == 2
    assert capsys.readouterr().err.startswith(f"error: {path}: ")


def test_a_config_must_be_a_file(capsys, tmp_path):
    (tmp_path / "mine" / "model").mkdir(parents=True)
    os.mkfifo(tmp_path / "mine" / "model" / "endless.yaml")
    assert main(["check", "--config-dir", "mine", "data=iris"]) == 2
    assert "endless.yaml: is no regular file" in capsys.readouterr().err
