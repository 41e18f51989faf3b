"""From the words of a shell to an exit status; every error ends here, as one line on the terminal."""

import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout

from litmus.cli.commands import COMMANDS, Line, arguments, read_line
from litmus.cli.loading import loading
from litmus.cli.signals import stopped_by_signals
from litmus.errors import LitmusError, described, printable

INTERRUPTED = 130
MULTIRUN = "hydra.mode=MULTIRUN"  # which says the same as --multirun


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status of house rules: 0, 1, 2, 3, 130 or 143."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    try:
        with stopped_by_signals():
            status = _dispatch(read_line(words))
            sys.stdout.flush()
    except LitmusError as error:
        _complain(error.lines(), debug=debug)
        return error.exit_code
    except KeyboardInterrupt as error:
        return _interrupted(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read the output has enough
        return 0
    except Exception as error:  # noqa: BLE001  # whatever it is, its user gets one line and a status
        _complain([f"{described(error)} (--debug shows where)"], debug=debug)
        return 1
    return status


def _dispatch(line: Line) -> int:
    if not line.command or not line.flags.keys().isdisjoint({"--help", "--version"}):
        return _tell(line)
    if line.command == "completion":
        from litmus.cli.completion import answer, script

        shell, *question = line.words or ("",)
        print(answer(question[0]) if question else script(shell))
        return 0
    return _as_json(line) if "--json" in line.flags else _run(line)


def _as_json(line: Line) -> int:
    """The command, whose words all go to standard error, and then the document that it wrote, whatever its status."""
    from litmus.report.files import written

    before, out = len(written), sys.stdout
    name = "sweep.json" if "--multirun" in line.flags else COMMANDS[line.command].document
    try:
        with redirect_stdout(sys.stderr):
            return _run(line)
    finally:
        found = [path for path in written[before:] if path.name.endswith(name)]
        if found:
            out.write(found[-1].read_text(encoding="utf-8").rstrip("\n") + "\n")


def _run(line: Line) -> int:
    if COMMANDS[line.command].composed:
        return _launch(line)
    positionals, keys = arguments(line)
    _trust(line)
    _hush(line)
    with loading():
        command = importlib.import_module(f"litmus.commands.{line.command}")
    return command.main(*positionals, **keys) or 0


def _tell(line: Line) -> int:
    """Version or help."""
    from litmus.cli import help as helping

    if "--version" in line.flags:
        print(f"litmus {helping.version()}")
        return 0
    print(helping.text(line.command, line.words))
    return 0 if line.command or not line.words else 2


def announcement(line: Line) -> str:
    """What `train` or `check` will do, from the words alone: the config is composed when Hydra has been loaded."""
    given = {key: value for key, sign, value in (word.partition("=") for word in line.words) if sign}
    source = next((given[key] for key in ("data.path", "experiment", "data") if given.get(key)), "the default data")
    target = f", target {given['data.target']}" if given.get("data.target") else ""
    if line.command == "check":
        return f"looking at {source}{target} ..."
    if given.get("resume"):
        return f"going on with {given['resume']} ..."
    kind = "a sweep" if "--multirun" in line.flags else given.get("model") or "a model"
    return f"training {kind} on {source}{target}: loading what trains ..."


def _announce(line: Line) -> None:
    """At once, where somebody waits: loading takes seconds."""
    if sys.stdout.isatty() and line.flags.keys().isdisjoint({"--cfg", "--info", "--hydra-help"}):
        print(printable(announcement(line)), flush=True)


def _launch(line: Line) -> int:
    """`train` or `check`."""
    _trust(line)
    _announce(line)
    from litmus.cli import launch
    from litmus.cli.plugins import config_folders
    from litmus.config.composition import Configs

    own = [*line.flags.get("--config-dir", []), *config_folders(line.flags.get("--allow", []))]
    configs = Configs.of(line.flags | ({"--config-dir": own} if own else {}))
    if kinds := line.flags.get("--cfg"):
        package = line.flags.get("--package", [""])[-1]
        shown = launch.show(line.words, kinds[-1], package, resolve="--resolve" in line.flags, configs=configs)
        # a file gets the values as they are, a terminal what it cannot obey
        print("\n".join(map(printable, shown.split("\n"))) if sys.stdout.isatty() else shown)
        return 0
    if kinds := line.flags.get("--info"):
        return launch.explain(line.words, kinds[-1], multirun="--multirun" in line.flags, configs=configs)
    if "--hydra-help" in line.flags:
        return launch.hydra_help(configs=configs)
    if line.command == "check":
        _hush(line)
        return launch.check(line.words, configs=configs)
    if "--multirun" in line.flags or MULTIRUN in line.words:
        return launch.sweep([word for word in line.words if word != MULTIRUN], configs=configs)
    return launch.train(line.words, configs=configs)


def _hush(line: Line) -> None:
    """Keeps what libraries warn of from the terminal, where nobody can act on it; a run has its log for that."""
    if "--debug" not in line.flags:
        warnings.simplefilter("ignore")


def _trust(line: Line) -> None:
    """Trust comes from the command line alone, for the whole process."""
    if packages := line.flags.get("--allow"):
        from litmus.cli.plugins import join
        from litmus.config import trust

        trust(tuple(packages))
        join(packages)


def _complain(lines: Sequence[str], *, debug: bool) -> None:
    for text in [*(traceback.format_exc().splitlines() if debug else ()), *(f"error: {line}" for line in lines)]:
        print(printable(text), file=sys.stderr)


def _interrupted(error: KeyboardInterrupt) -> int:
    """Says what was interrupted, and gives the status of the signal that did it."""
    message = str(error) or "interrupted"
    _complain([message], debug=False)
    return int(getattr(error, "exit_code", INTERRUPTED))
