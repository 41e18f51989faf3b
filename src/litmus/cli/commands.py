"""The table of commands and flags, and how a line of words is read by it."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from litmus.errors import ConfigError, quote


@final
@dataclass(frozen=True)
class Key:
    """One `key=value` that a command takes; everything after the `=` is text.

    Args:
        meaning: One line for the help.
        needed: Whether the command cannot do without it.
        whole: Whether the text must be a whole number >= 1, and is passed as one.
    """

    meaning: str
    needed: bool = False
    whole: bool = False


@final
@dataclass(frozen=True)
class Command:
    """One command.

    Args:
        usage: What follows its name.
        meaning: One line for the help.
        most: Most words without `=`; None: any number.
        least: Fewest of them.
        words: What such a word stands for.
        keys: The `key=value` words that it takes.
        groups: Config groups and sections whose overrides it takes beside its keys.
        composed: Whether it takes overrides of the whole config instead.
        document: The JSON file in which it leaves what it came to, the end of its name; "" where there is none.
    """

    usage: str
    meaning: str
    most: int | None = 0
    least: int = 0
    words: str = ""
    keys: dict[str, Key] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    composed: bool = False
    document: str = ""


CHECKPOINT = Key("checkpoint file, run or sweep directory, last or best", needed=True)
OUTPUT_DIR = Key("folder that `last` and `best` are looked for in (outputs)")
COMMANDS = {
    "train": Command(
        "[-m] [key=value ...]",
        "train, evaluate and judge one run, or with -m every point of a sweep",
        composed=True,
        document="verdict.json",
    ),
    "check": Command("[key=value ...]", "look at data and config in seconds, without training", composed=True),
    "evaluate": Command(
        "checkpoint=<file|run|last> [data.path=<file>] [against=<file|run>]",
        "metrics, intervals and verdict of a trained model on labelled data",
        keys={
            "checkpoint": CHECKPOINT,
            "data.path": Key("labelled data; the run's own test split if not given"),
            "against": Key("another checkpoint: the paired difference between the two"),
            "output_dir": OUTPUT_DIR,
        },
        groups=("criteria", "verdict"),
        document="evaluation.json",
    ),
    "predict": Command(
        "checkpoint=<file|run|last> input=<file> output=<file>",
        "predictions and probabilities for new rows",
        keys={
            "checkpoint": CHECKPOINT,
            "input": Key(
                "rows to predict: a file or folder like the one trained on; for an own data module: predict",
                needed=True,
            ),
            "output": Key("file to write, .csv or .parquet", needed=True),
            "interval": Key("coverage of intervals or label sets beside each prediction, such as .9 (none)"),
            "drift": Key("report: say how rows differ from those trained on; error: exit 1 as well (report)"),
            "output_dir": OUTPUT_DIR,
        },
    ),
    "judge": Command(
        "<run|last> [criteria overrides] | predictions=<csv> target=<col> pred=<col> [score=<col>]",
        "a new verdict from stored evidence, or from any tool's predictions",
        most=1,
        words="run or sweep directory, last or best",
        keys={
            "predictions": Key("table of predictions that another tool made"),
            "target": Key("its column of true values"),
            "pred": Key("its column of predictions"),
            "score": Key("its column of scores of the positive class"),
            "output_dir": OUTPUT_DIR,
        },
        groups=("criteria", "verdict"),
        document="verdict.json",
    ),
    "improve": Command(
        "<run|last> [steps=3]",
        "apply the best suggestion, judge it, and so on until adequate or out of ideas",
        most=1,
        least=1,
        words="run or sweep directory, last or best",
        keys={"steps": Key("most suggestions to apply one after another (3)", whole=True), "output_dir": OUTPUT_DIR},
        groups=("criteria", "verdict"),
        document="improve.json",
    ),
    "compare": Command(
        "<dir> ...",
        "leaderboard over runs, seeds and sweeps",
        most=None,
        least=1,
        words="run or sweep directory, last or best",
        keys={"output_dir": OUTPUT_DIR},
        document="sweep.json",
    ),
    "board": Command(
        "[dir|last] [port=6006]",
        "TensorBoard on localhost",
        most=1,
        words="directory to show (outputs), last or best",
        keys={"port": Key("port to listen on (6006)", whole=True), "output_dir": OUTPUT_DIR},
    ),
    "plot": Command(
        "<run|last|best> [figure] [output=<file.png|svg>]",
        "the figures of a run as files, and what each shows",
        most=2,
        least=1,
        words="run or sweep directory, last or best",
        keys={"output": Key("file to write (a folder for all figures)"), "output_dir": OUTPUT_DIR},
    ),
    "card": Command(
        "<run|last|best> [output=<file.md>]",
        "a model card as Markdown",
        most=1,
        least=1,
        words="run or sweep directory, last or best",
        keys={"output": Key("file to write (model_card.md in the run)"), "output_dir": OUTPUT_DIR},
    ),
    "export": Command(
        "checkpoint=<file|run|last> [output=<file.onnx>]",
        "an ONNX file that other tools can run",
        keys={"checkpoint": CHECKPOINT, "output": Key("file to write"), "output_dir": OUTPUT_DIR},
    ),
    "completion": Command("bash|zsh", "print the shell's completion script", most=2, least=1, words="shell"),
}


@final
@dataclass(frozen=True)
class Flag:
    """One flag.

    Args:
        value: What its value stands for; "": it takes none.
        meaning: One line for the help.
        commands: Where it applies.
        choices: Values of which one may follow, and need not.
    """

    value: str
    meaning: str
    commands: tuple[str, ...] = tuple(COMMANDS)
    choices: tuple[str, ...] = ()


INFO = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
FLAGS = {
    "--help": Flag("", "show this help"),
    "--version": Flag("", "show the version"),
    "--debug": Flag("", "show the traceback of an error"),
    "--json": Flag(
        "",
        "only the command's JSON on standard output; what it says goes to standard error",
        tuple(name for name, command in COMMANDS.items() if command.document),
    ),
    "--allow": Flag("<package>", "trust a package of your own, so that configs may name its classes"),
    "--config-dir": Flag("<dir>", "a folder with config groups of your own", ("train", "check")),
    "--config-path": Flag("<dir>", "the same, as Hydra calls the folder of --config-name", ("train", "check")),
    "--config-name": Flag("<name>", "a root config of your own, whose defaults begin with train", ("train", "check")),
    "--multirun": Flag("", "a sweep: values between commas are run one by one", ("train",)),
    "--cfg": Flag("job|hydra|all", "show the composed config and stop", ("train", "check")),
    "--package": Flag("<key>", "with --cfg: only this part", ("train", "check")),
    "--resolve": Flag("", "with --cfg: interpolations resolved", ("train", "check")),
    "--info": Flag("", "how Hydra composes the config: all or one of " + ", ".join(INFO[1:]), ("train", "check"), INFO),
    "--hydra-help": Flag("", "Hydra's own help", ("train", "check")),
}
SHORT = {
    "-h": "--help",
    "-m": "--multirun",
    "-c": "--cfg",
    "-i": "--info",
    "-p": "--package",
    "-cd": "--config-dir",
    "-cp": "--config-path",
    "-cn": "--config-name",
}
# flags of Hydra's that litmus has another word for
ELSEWHERE = {
    "--run": "a run is what litmus train does; leave it out",
    "-r": "a run is what litmus train does; leave it out",
    "--shell-completion": "write litmus completion bash, or zsh",
    "-sc": "write litmus completion bash, or zsh",
    "--experimental-rerun": "it would load pickled objects; write litmus train resume=<run dir>",
    "--ckpt_path": "write resume=<run dir> to go on with a run, litmus evaluate checkpoint=<file> to score one",
}


@final
@dataclass(frozen=True)
class Line:
    """A command line taken apart.

    Args:
        command: Its command, "" if there is none.
        words: Everything that is no flag, in order.
        flags: Values of the flags that are given, by their long names.
    """

    command: str
    words: tuple[str, ...]
    flags: dict[str, list[str]]


def read_line(argv: Sequence[str]) -> Line:
    """The line, flags taken out wherever they stand.

    Raises:
        ConfigError: The command or a flag does not exist, or a flag lacks its value.
    """
    words: list[str] = []
    flags: dict[str, list[str]] = {}
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        name, sign, value = word.partition("=")
        name = SHORT.get(name, name)
        if name not in FLAGS:
            raise ConfigError(_no_flag(word, name))
        if FLAGS[name].value and not sign:
            if not rest:
                raise ConfigError(f"{name}: needs a value, {FLAGS[name].value}")
            value = rest.pop(0)
        elif FLAGS[name].choices:
            value = _chosen(name, value if sign else None, rest)
        flags.setdefault(name, []).append(value)
    command = words.pop(0) if words else ""
    _judge(command, flags)
    return Line(command, tuple(words), flags)


def _chosen(name: str, value: str | None, rest: list[str]) -> str:
    """The value of a flag that may have one: behind its `=`, or the next word if it is a choice; else the first."""
    choices = FLAGS[name].choices
    if value is None:
        return rest.pop(0) if rest and rest[0] in choices else choices[0]
    if value not in choices:
        raise ConfigError(f"{name}: must be {_list(choices)}, not {quote(value)}{_meant(value, choices)}")
    return value


def _no_flag(word: str, name: str) -> str:
    if name in ELSEWHERE:
        return f"{name}: no such flag; {ELSEWHERE[name]}"
    meant = _meant(name, [*FLAGS, *SHORT])
    key, sign, value = word.lstrip("-").partition("=")
    if not meant and len(key) > 1:
        meant = f"; a key has no dashes: {key}={value if sign else '...'}"
    return f"{word}: no such flag{meant}; litmus --help lists them"


def arguments(line: Line) -> tuple[list[str], dict[str, Any]]:
    """Positional and keyword arguments for the command's `main`.

    Raises:
        ConfigError: A word is none of the command's, or one that it needs is not there.
    """
    command = COMMANDS[line.command]
    positionals, keys, overrides = [], {}, []
    for word in line.words:
        key, sign, text = word.partition("=")
        if key in command.keys and sign:
            keys[key] = _value(key, text, command.keys[key])
        elif sign and key.partition(".")[0] in command.groups:
            overrides.append(word)
        elif sign and not _looks_like_path(key, word):
            allowed = [*command.keys, *command.groups]
            raise ConfigError(
                f"{line.command}: no such key {quote(key)}{_meant(key, allowed)}; it takes {_list(allowed)}"
            )
        else:
            positionals.append(word)
    _complete(line.command, command, positionals, keys)
    named: dict[str, Any] = {key.replace(".", "_"): value for key, value in keys.items()}
    return positionals, named | ({"overrides": tuple(overrides)} if overrides else {})


def _judge(command: str, flags: Iterable[str]) -> None:
    if command and command not in COMMANDS:
        meant = _meant(command, [*COMMANDS, "--help", "--version"])
        raise ConfigError(f"{quote(command)} is no command{meant}; litmus --help lists them")
    for name in flags:
        if command and command not in FLAGS[name].commands:
            raise ConfigError(f"{name}: {command} takes no such flag; it belongs to {_list(FLAGS[name].commands)}")


def _value(key: str, text: str, kind: Key) -> str | int:
    if not text.strip():
        raise ConfigError(f"{key}: is empty; write a value after the =")
    if not kind.whole:
        return _unquoted(text)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ConfigError(f"{key}: must be a whole number >= 1 and <= 65535, not {quote(text)}")
    return int(text)


def _unquoted(text: str) -> str:
    if text[0] not in "'\"":
        return text
    from litmus.config.keys import unquoted  # slow to import, and hardly ever needed

    return unquoted(text)


def _complete(name: str, command: Command, positionals: list[str], keys: dict[str, Any]) -> None:
    """Refuses too many words and too few."""
    usage = f"usage: litmus {name} {command.usage}"
    missing = [key for key, kind in command.keys.items() if kind.needed and key not in keys]
    if missing and positionals:
        raise ConfigError(
            f"{name}: {quote(positionals[0])} is no key=value; did you mean {missing[0]}={positionals[0]}?"
        )
    if missing:
        raise ConfigError(f"{name}: {_list([f'{key}=...' for key in missing], 'and')} missing; {usage}")
    if len(positionals) < command.least:
        raise ConfigError(f"{name}: which {command.words}? {usage}")
    if command.most is not None and len(positionals) > command.most:
        raise ConfigError(f"{name}: {quote(positionals[command.most])} is one word too many; {usage}")


def _looks_like_path(key: str, word: str) -> bool:
    """Whether a word with an `=` in it is meant as a path: a job's folder is called after its overrides."""
    return "/" in key or "\\" in key or Path(word).exists()


def _meant(word: str, choices: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(choices), 1)
    return f"; did you mean {found[0]}?" if found else ""


def _list(words: Sequence[str], last: str = "or") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else "none"
