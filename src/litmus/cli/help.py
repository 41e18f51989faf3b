"""What `--help` prints: commands, groups, options and keys, one line each."""

import textwrap
from collections.abc import Iterable, Sequence
from importlib import metadata

from litmus.cli import reference
from litmus.cli.commands import COMMANDS, FLAGS, SHORT
from litmus.cli.plugins import installed

WIDTH = 118
EXAMPLES = (
    ("litmus train data=csv data.path=my.csv data.target=price", "your own table"),
    ("litmus train model.hidden=[32] optimizer.lr=0.01", "other settings"),
    ("litmus train -m optimizer.lr=0.001,0.01 model.hidden=[8],[32]", "a sweep over four points"),
    ("litmus train -m hydra/sweeper=optuna 'optimizer.lr=tag(log,interval(1e-4,.1))'", "a search (extra optuna)"),
    ("litmus train experiment=circles_relu", "a prepared experiment"),
    ("litmus train resume=last trainer.max_epochs=200", "go on with the last run"),
)


def version() -> str:
    """The installed version."""
    return metadata.version("litmus")


def text(command: str, words: Sequence[str] = ()) -> str:
    """The help of one command, or the list of all of them.

    Args:
        command: Its name, "" for all.
        words: Of a command that takes a config: groups of which all options and keys are listed, or `all`.
    """
    if not command:
        return _overview()
    found = COMMANDS[command]
    taken = found.keys
    parts = [f"usage: litmus {command} {found.usage}", "", found.meaning, ""]
    if found.composed:
        parts += _composed(words)
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
    plugins = [(f"--allow {package}", f"version {version}") for package, version in installed()]
    parts += _section("Plugins that are installed", plugins, width=48)
    return "\n".join([*parts, *_section("Examples", EXAMPLES, width=72), *_flags("")]).rstrip()


def _composed(words: Sequence[str]) -> list[str]:
    """What a config is made of: in one screen, or all of the groups and sections that are named, or of every one."""
    dotted = [entry.key.partition(".")[0] for entry in reference.entries() if "." in entry.key]
    heads = list(dict.fromkeys([*reference.groups(), *dotted]))
    named = list(dict.fromkeys(word.partition("=")[0].partition(".")[0] for word in words))
    asked = heads if "all" in named else [name for name in named if name in heads]
    if not asked:
        return [*_section("Examples", EXAMPLES, width=72), *_at_a_glance(heads)]
    lines = [line for name in asked for line in _in_full(name)]
    return [*lines, *_section("Other keys", _alone(), width=36)] if "all" in named else lines


def _at_a_glance(heads: Sequence[str]) -> list[str]:
    """A line for each group, section and key that stands alone."""
    groups = reference.groups()
    rows = [(f"{name}=", " ".join(groups[name])) for name in heads if name in groups]
    sections = [name for name in heads if name not in groups]
    below = {
        name: [entry.key for entry in reference.entries() if entry.key.startswith(f"{name}.")] for name in sections
    }
    rows += [(f"{name}.", " ".join(key.partition(".")[2] for key in below[name])) for name in sections]
    title = "Groups and sections (litmus train --help <group> lists options and keys, --help all every one)"
    return [*_section(title, rows, width=14), *_section("Other keys", _alone(), width=14)]


def _in_full(name: str) -> list[str]:
    """Options and keys of a group, or keys of a section, a line each."""
    groups = reference.groups()
    if name not in groups:
        below = [entry for entry in reference.entries() if entry.key.startswith(f"{name}.")]
        return _section(f"{name}.", [(entry.key, entry.meaning) for entry in below], width=36)
    lines = _section(f"{name}=", list(groups[name].items()))
    return [*lines, *_rows([(entry.key, _said(entry)) for entry in reference.group_keys(name)], width=36), ""]


def _alone() -> list[tuple[str, str]]:
    """Keys that belong to no group and no section."""
    return [(entry.key, entry.meaning) for entry in reference.entries() if "." not in entry.key]


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
        meaning = textwrap.shorten(right, room, placeholder=" ...") if right else ""
        if len(left) > width:
            lines += [f"  {left}", f"  {'':{width}}  {meaning}".rstrip()]
        else:
            lines.append(f"  {left:{width}}  {meaning}".rstrip())
    return lines
