"""Every command in the README and the other pages can be run as it stands there."""

import re
import shlex
from pathlib import Path

import pytest

from litmus.cli.commands import COMMANDS, Line, arguments, read_line
from litmus.cli.points import check_points, swept
from litmus.config import check, trust, trusted
from litmus.config.command_words import translate
from litmus.config.composition import Configs, composer

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MADE = ("findings/", "notebooks/", "reference/")  # pages that docs/generated.py makes, in the site alone


def commands() -> list[str]:
    """All lines of code blocks and all code cells of tables that begin with `litmus`, without prompt and comment."""
    found: dict[str, None] = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        indented = [line[4:] for line in text.splitlines() if line.startswith("    ")]
        cells = re.findall(r"`(litmus [^`]+)`", text)
        found |= dict.fromkeys(_bare(line) for line in [*indented, *cells] if re.match(r"(\$ )?litmus ", line))
    return list(found)


def _bare(line: str) -> str:
    words = shlex.split(line.removeprefix("$ ").replace("\\|", "|"), comments=True)
    return shlex.join(words[: words.index("|")] if "|" in words else words)


def problems(line: Line) -> list[str]:
    """What `check` has to say about a composed command; nothing where it is sound."""
    with composer(Configs.of(line.flags)) as composing:
        if "--multirun" not in line.flags:
            return [str(one) for one in check(composing.compose(translate(line.words, composing.library).all))]
        overrides = translate(line.words, composing.library, sweep=True)
        varying = swept(overrides, composing.compose(overrides.fixed), composing.library)
        return [str(one) for one in check_points(composing, overrides, varying)]


def makes(page: Path) -> set[str]:
    return set(re.findall(r"\bmake ([a-z-]+)\b(?= |`|$)", "\n".join(_code(page)), re.MULTILINE))


def _code(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [line[4:] for line in text.splitlines() if line.startswith("    ")] + re.findall(r"`([^`]+)`", text)


def test_there_are_commands_to_test():
    assert len(commands()) > 30
    assert {read_line(shlex.split(line)[1:]).command for line in commands()} >= set(COMMANDS)


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_pages_is_sound(command, monkeypatch):
    monkeypatch.setenv("SCRATCH", "/scratch")
    line = read_line(shlex.split(command)[1:])
    example = "migrated" if "src" in line.flags.get("--allow", ()) else "own_model"
    monkeypatch.chdir(ROOT / "examples" / example)  # where a folder of configs of one's own is named
    before = trusted()
    trust(tuple(line.flags.get("--allow", ())))
    try:
        asks = not line.command or "--help" in line.flags
        found = problems(line) if not asks and COMMANDS[line.command].composed else []
        if not asks and not COMMANDS[line.command].composed:
            arguments(line)
    finally:
        trust(before)
    meant_to_fail = "max_epoch=" in command or "optimiser" in command
    assert bool(found) is meant_to_fail, found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_targets_that_a_page_names_are_in_the_makefile(page):
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert makes(page) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_files_that_a_page_links_to_exist(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith(MADE) and not (page.parent / link).exists()] == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200
