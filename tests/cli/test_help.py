"""Help: complete, quick, and without anything heavy."""

import subprocess
import sys

import pytest

from litmus.cli import help as helping
from litmus.cli.commands import COMMANDS, FLAGS

HEAVY = ("torch", "hydra", "omegaconf", "lightning", "polars", "numpy", "pydantic", "yaml")


def test_the_overview_lists_every_command_and_flag():
    text = helping.text("")
    assert all(f"  {name}" in text for name in COMMANDS)
    assert all(name in text for name in FLAGS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    text = helping.text(command)
    assert text.startswith(f"usage: litmus {command}")
    assert COMMANDS[command].meaning in text
    assert all(f"{key}=" in text for key in COMMANDS[command].keys)


def test_help_of_train_lists_groups_options_and_keys_a_line_each():
    text = helping.text("train", ["all"])
    for wanted in (
        "model=",
        "  mlp ",
        "  model.hidden ",
        "  optimizer.lr ",
        "  data.path ",
        "  verdict.probes ",
        "  seed ",
    ):
        assert sum(line.startswith(wanted) for line in text.splitlines()) == 1, wanted
    assert max(map(len, text.splitlines())) <= 120


def test_help_of_train_fits_a_screen_and_a_group_is_listed_when_named():
    lines = helping.text("train").splitlines()
    assert len(lines) <= 60
    for wanted in ("  model= ", "  data= ", "  verdict. ", "  report. ", "  seed ", "  -m, --multirun "):
        assert sum(line.startswith(wanted) for line in lines) == 1, wanted
    text = helping.text("train", ["optimizer.lr=3", "verdict"])
    assert "  optimizer.lr  " in text
    assert "  verdict.probes  " in text
    assert "data.path  " not in text


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["--version"], ["completion", "bash"], ["trian"]])
def test_help_imports_nothing_heavy(words):
    code = (
        "import sys; from litmus.cli import main; status = main(sys.argv[1:]);"
        f"loaded = [name for name in {HEAVY} if name in sys.modules]; sys.exit(status if not loaded else str(loaded))"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], check=False, capture_output=True, text=True)
    assert done.returncode == (2 if words == ["trian"] else 0), done.stderr
