"""Command lines taken apart."""

import pytest

from litmus.cli.commands import COMMANDS, FLAGS, arguments, read_line
from litmus.errors import ConfigError


@pytest.mark.parametrize(
    "argv",
    [
        ["-m", "train", "a=1", "b=2"],
        ["train", "-m", "a=1", "b=2"],
        ["train", "a=1", "--multirun", "b=2"],
        ["train", "a=1", "b=2", "-m"],
    ],
)
def test_flags_stand_anywhere(argv):
    line = read_line(argv)
    assert (line.command, line.words, line.flags) == ("train", ("a=1", "b=2"), {"--multirun": [""]})


def test_a_flag_takes_its_value_as_a_word_or_after_an_equals_sign():
    assert read_line(["train", "--allow", "a", "--allow=b", "x=1"]).flags == {"--allow": ["a", "b"]}


def test_values_that_look_like_flags_are_left_alone():
    assert read_line(["train", "optimizer.lr=-1", "-"]).words == ("optimizer.lr=-1", "-")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["trian"], r"'trian' is no command; did you mean train\?"),
        (["frobnicate"], "'frobnicate' is no command; litmus --help lists them"),
        (["train", "--mutirun"], r"--mutirun: no such flag; did you mean --multirun\?"),
        (["train", "-x"], "-x: no such flag; litmus"),
        (["train", "--data.path=a.csv"], "no such flag; a key has no dashes: data.path=a.csv; litmus"),
        (["train", "--epochs", "5"], "--epochs: no such flag; a key has no dashes: epochs="),
        (["help"], r"'help' is no command; did you mean --help\?"),
        (["train", "--config-dir"], "--config-dir: needs a value, <dir>"),
        (["evaluate", "-m", "checkpoint=last"], "--multirun: evaluate takes no such flag; it belongs to train"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(argv, message):
    with pytest.raises(ConfigError, match=message):
        read_line(argv)


@pytest.mark.parametrize(
    ("argv", "positionals", "keys"),
    [
        (["evaluate", "checkpoint=last"], [], {"checkpoint": "last"}),
        (
            ["evaluate", "checkpoint=a=b.ckpt", "data.path=x (1).csv"],
            [],
            {"checkpoint": "a=b.ckpt", "data_path": "x (1).csv"},
        ),
        (["predict", "checkpoint=c", "input=i", "output=o"], [], {"checkpoint": "c", "input": "i", "output": "o"}),
        (
            ["judge", "last", "criteria=strict", "criteria.recall=.9"],
            ["last"],
            {"overrides": ("criteria=strict", "criteria.recall=.9")},
        ),
        (
            ["judge", "predictions=p.csv", "target=a b", "pred=p"],
            [],
            {"predictions": "p.csv", "target": "a b", "pred": "p"},
        ),
        (["improve", "last", "steps=5"], ["last"], {"steps": 5}),
        (["compare", "a", "b/c", "d"], ["a", "b/c", "d"], {}),
        (["compare", "out/0_lr=0.1,hidden=8"], ["out/0_lr=0.1,hidden=8"], {}),
        (["board"], [], {}),
        (["board", "last", "port=7000"], ["last"], {"port": 7000}),
    ],
)
def test_words_become_the_arguments_of_a_commands_main(argv, positionals, keys):
    assert arguments(read_line(argv)) == (positionals, keys)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["evaluate"], r"checkpoint=\.\.\. missing; usage: litmus evaluate"),
        (["predict", "checkpoint=c"], r"input=\.\.\. and output=\.\.\. missing"),
        (["evaluate", "checkpint=c"], r"no such key 'checkpint'; did you mean checkpoint\?"),
        (["evaluate", "checkpint=out/run"], r"no such key 'checkpint'; did you mean checkpoint\?"),
        (["evaluate", "out/run"], r"'out/run' is no key=value; did you mean checkpoint=out/run\?"),
        (["judge", "checkpoint=out/run"], "judge: no such key 'checkpoint'; it takes predictions"),
        (["improve"], "which run or sweep directory, last or best"),
        (["improve", "last", "steps=0"], "steps: must be a whole number >= 1"),
        (["board", "port=http"], "port: must be a whole number >= 1 and <= 65535, not 'http'"),
        (["judge", "a", "b"], "'b' is one word too many"),
        (["predict", "checkpoint=", "input=i", "output=o"], "checkpoint: is empty"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(argv, message):
    with pytest.raises(ConfigError, match=message):
        arguments(read_line(argv))


def test_commands_and_flags_are_what_scripts_rely_on():
    assert list(COMMANDS) == [
        *(
            "train",
            "check",
            "evaluate",
            "predict",
            "judge",
            "improve",
            "compare",
            "board",
            "plot",
            "card",
            "export",
            "completion",
        ),
    ]
    assert list(FLAGS) == [
        *(
            "--help",
            "--version",
            "--debug",
            "--json",
            "--allow",
            "--config-dir",
            "--config-path",
            "--config-name",
            "--multirun",
        ),
        *("--cfg", "--package", "--resolve", "--info", "--hydra-help"),
    ]
