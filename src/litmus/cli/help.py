"""What `--help` prints: commands, groups, options and keys, one line each."""

import textwrap
from collections.abc import Iterable, Sequence
from importlib import metadata

from litmus.cli import reference
from litmus.cli.commands import COMMANDS, FLAGS, SHORT

WIDTH = 118
EXAMPLES = (
    ("litmus train data=csv data.path=my.csv data.target=price", "your own table"),
    ("litmus train model.hidden=[32] optimizer.lr=0.01", "other settings"),
    ("litmus train -m optimizer.lr=0.001,0.01 model.hidden=[8],[32]", "a sweep over four points"),
    ("litmus train -m hydra/launcher=joblib hydra.launcher.n_jobs=2 seed=1,2", "the same in two processes at a time"),
    ("litmus train experiment=circles_relu", "a prepared experiment"),
    ("litmus train resume=last trainer.max_epochs=200", "go on with the last run"),
)


def version() -> str:
    """The installed version."""
    return metadata.version("litmus")


def text(command: str) -> str:
    """The help of one command, or the list of all of them."""
    if not command:
        return _overview()
    found = COMMANDS[command]
    taken = found.keys
    parts = [f"usage: litmus {command} {found.usage}", "", found.meaning, ""]
    if found.composed:
        parts += _composed()
    else:
        parts += _section("Keys", [(f"{key}=", kind.meaning) for key, kind in taken.items()])
        parts += _section("Overrides", [(f"{group}.<key>=", "as for litmus train") for group in found.groups])
    return "\n".join([*parts, *_flags(command)]).rstrip()


def _overview() -> str:
    commands = [(f"{name} {command.usage}", command.meaning) for name, command in COMMANDS.items()]
    parts = [
        "usage: litmus <command> ...",
        "",
        "Trains small models and says whether they are adequate, and why not.",
        "",
    ]
    parts += _section("Commands (litmus <command> --help says more)", commands, width=48)
    return "\n".join([*parts, *_section("Examples", EXAMPLES, width=72), *_flags("")]).rstrip()


def _composed() -> list[str]:
    """Everything that a config is made of."""
    lines = _section("Examples", EXAMPLES, width=72)
    for group, options in reference.groups().items():
        lines += _section(f"{group}=", [(option, meaning) for option, meaning in options.items()])
        lines += _rows([(entry.key, _said(entry)) for entry in reference.group_keys(group)], width=36)
        lines.append("")
    sections = ("model.", *(f"{group}." for group in reference.groups()))
    rest = [entry for entry in reference.entries() if not entry.key.startswith(sections)]
    return lines + _section("Other keys", [(entry.key, entry.meaning) for entry in rest], width=36)


def _said(entry: reference.Entry) -> str:
    return entry.meaning + (f" [{' '.join(entry.options)}]" if entry.options else "")


def _flags(command: str) -> list[str]:
    short = {long: word for word, long in SHORT.items()}
    rows = [
        (", ".join(filter(None, [short.get(name, ""), f"{name} {flag.value}".strip()])), flag.meaning)
        for name, flag in FLAGS.items()
        if not command or command in flag.commands
    ]
    return _section("Flags (anywhere on the line)", rows, width=36)


def _section(title: str, rows: Iterable[Sequence[str]], width: int = 22) -> list[str]:
    lines = _rows(rows, width)
    return [title, *lines, ""] if lines else []


def _rows(rows: Iterable[Sequence[str]], width: int) -> list[str]:
    """Two columns; a long left cell gets a line of its own."""
    lines = []
    for left, right in rows:
        room = max(WIDTH - width - 4, 40)
        said = textwrap.shorten(right, room, placeholder=" ...") if right else ""
        if len(left) > width:
            lines += [f"  {left}", f"  {'':{width}}  {said}".rstrip()]
        else:
            lines.append(f"  {left:{width}}  {said}".rstrip())
    return lines
