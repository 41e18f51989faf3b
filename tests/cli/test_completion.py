"""Completion: the candidates, and the scripts in a real shell."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from litmus.cli.completion import answer, candidates, script
from litmus.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("litmus jud", ["judge"]),
        ("litmus train --mul", ["--multirun"]),
        ("litmus train mode", ["model="]),
        ("litmus train model=ml", ["model=mlp"]),
        ("litmus train optimizer.l", ["optimizer.lr="]),
        ("litmus train -m optimizer=sg", ["optimizer=sgd"]),
        ("litmus train resume=", ["resume=last"]),
        ("litmus evaluate che", ["checkpoint="]),
        ("litmus evaluate checkpoint=l", ["checkpoint=last"]),
        ("litmus judge la", ["last"]),
        ("litmus completion z", ["zsh"]),
        ("litmus train data.path=fi", []),
    ],
)
def test_candidates(line, expected):
    found = candidates(line)
    assert [word for word in found if word in expected] == expected
    assert all(word.startswith(line.split(" ")[-1]) for word in found)


def test_behind_an_equals_sign_bash_wants_the_rest_only():
    assert answer("rest:litmus train model=ml") == "mlp"
    assert answer("whole:litmus train model=ml") == "model=mlp"


def test_an_unknown_shell_is_refused():
    with pytest.raises(ConfigError, match="no script for 'fish'; it knows bash and zsh"):
        script("fish")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("litmus jud", ["judge"]),
        ("litmus train model=ml", ["mlp"]),
        ("litmus train model=", ["cnn", "linear", "mlp", "text"]),
    ],
)
def test_bash_completes(tmp_path: Path, line, expected):
    if not shutil.which("bash"):
        pytest.skip("no bash")
    runner = tmp_path / "litmus"
    runner.write_text(f'#!/bin/sh\nexec {sys.executable} -m litmus "$@"\n')
    runner.chmod(0o755)
    words = line.replace("=", " = ").rstrip(" ").split(" ")
    ask = f"""
        PATH={tmp_path}:$PATH
        source <(litmus completion bash)
        COMP_LINE='{line}' COMP_POINT={len(line)}
        COMP_WORDS=({" ".join(words)}) COMP_CWORD={len(words) - 1}
        _litmus 2>/dev/null
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", ask], check=True, capture_output=True, text=True)
    assert done.stdout.split() == expected
