"""From the words of a shell to an exit status; every error ends here, as one line on the terminal."""

import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Sequence

from litmus.cli.commands import COMMANDS, Line, arguments, read_line
from litmus.cli.loading import loading
from litmus.cli.signals import stopped_by_signals
from litmus.errors import LitmusError, described

INTERRUPTED = 130


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
        if debug:
            traceback.print_exc()
        _complain([f"{described(error)} (--debug shows where)"], debug=False)
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
    if COMMANDS[line.command].composed:
        return _launch(line)
    positionals, keys = arguments(line)
    _trust(line)
    _hush(line)
    with loading():
        command = importlib.import_module(f"litmus.{line.command}")
    return command.main(*positionals, **keys) or 0


def _tell(line: Line) -> int:
    """Version or help."""
    from litmus.cli import help as helping

    if "--version" in line.flags:
        print(f"litmus {helping.version()}")
        return 0
    print(helping.text(line.command))
    return 0 if line.command or not line.words else 2


def _launch(line: Line) -> int:
    """`train` or `check`."""
    from litmus.cli import launch

    _trust(line)
    config_dir = line.flags.get("--config-dir", [None])[-1]
    if kinds := line.flags.get("--cfg"):
        package = line.flags.get("--package", [""])[-1]
        print(launch.show(line.words, kinds[-1], package, resolve="--resolve" in line.flags, config_dir=config_dir))
        return 0
    if line.command == "check":
        _hush(line)
        return launch.check(line.words, config_dir=config_dir)
    if "--multirun" in line.flags:
        return launch.sweep(line.words, config_dir=config_dir)
    return launch.train(line.words, config_dir=config_dir)


def _hush(line: Line) -> None:
    """Keeps what libraries warn of from the terminal, where nobody can act on it; a run has its log for that."""
    if "--debug" not in line.flags:
        warnings.simplefilter("ignore")


def _trust(line: Line) -> None:
    """Trust comes from the command line alone, for the whole process."""
    if packages := line.flags.get("--allow"):
        from litmus.config import trust

        trust(tuple(packages))


def _complain(lines: Sequence[str], *, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    for text in lines:
        print(f"error: {text}", file=sys.stderr)


def _interrupted(error: KeyboardInterrupt) -> int:
    """Says what was interrupted, and gives the status of the signal that did it."""
    message = str(error) or "interrupted"
    print(f"error: {message}", file=sys.stderr)
    return int(getattr(error, "exit_code", INTERRUPTED))
