"""Every command of the documentation is run as it stands there, on tiny files; code of the pages is run, too.

Where a command is long by nature, words are added that keep it short; where it needs what a machine may lack, it is
composed and checked only, by test_flow_readme.
"""

import importlib.util
import json
import posixpath
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import litmus
from litmus.cli.commands import COMMANDS
from litmus.cli.reference import entries
from litmus.metrics import measures
from litmus.report.figures import figures
from litmus.verdict.findings import names as findings

sys.path.insert(0, str(Path(__file__).resolve().parent / "pairs"))

from warm_process import WarmProcess

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
FILES = Path(__file__).resolve().parent / "docs" / "files.py"
PAGES = [path for path in sorted(DOCS.rglob("*.md")) if "litmus " in path.read_text(encoding="utf-8")]
# What would take long, unless the command itself says something of it.
SHORT = ("trainer.max_epochs=1", "verdict.probes=off", "verdict.references=off", "logger=csv")
SWEPT = ("trainer.max_epochs=1", "verdict.probes=off", "verdict.references=off", "sweep.trials=2")
DRY = "trainer.fast_dev_run=true"
REAL = {"images", "texts", "own-module", "tutorial", "resume", "migrating"}  # pages that go on with what they trained
# Only composed and checked: a cluster, other packages' processes, or a test of its own.
COMPOSED = re.compile(
    r"litmus board|submitit|joblib|launcher=ray|ddp_spawn|trainer\.profiler|sweep\.minutes"
    r"|resume=outputs|hydra\.run\.dir=|--config-path"
)
MEANT_TO_FAIL = re.compile(r"max_epoch=|optimiser")
FINISHED = "this run has finished; to go on, give it more"  # where a page goes on with a run that somebody stopped
FAILS_ON = re.compile(r"fail_on=|data\.checks=stop|drift=error")  # by what the rows are like


@pytest.fixture(scope="module")
def generated() -> Any:
    """docs/generated.py, which is no package."""
    spec = importlib.util.spec_from_file_location("generated", DOCS / "generated.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_declaration_has_its_place_in_the_reference(generated):
    pages = generated.pages()
    for name in findings():
        assert "*What to do*: " in pages[f"findings/{name}.md"], name
        assert f"(findings/{name}.md)" in pages["findings.md"]
    assert all(f"\n## {name}\n" in pages["reference/commands.md"] for name in COMMANDS)
    assert all(f"| `{entry.key}` |" in pages["reference/config.md"] for entry in entries())
    assert all(f"| `{name}` |" in pages["reference/metrics.md"] for name in measures())
    assert all(f"| `{name}` |" in pages["reference/figures.md"] for name in figures())
    assert all(f"\n## {name}\n" in pages["reference/python.md"] for name in litmus.__all__ if name[0] != "_")


def test_the_reference_says_what_a_key_takes_and_what_it_is_otherwise(generated):
    config = generated.pages()["reference/config.md"]
    [lr] = [line for line in config.splitlines() if line.startswith("| `optimizer.lr` |")]
    assert "a number > 0" in lr
    [epochs] = [line for line in config.splitlines() if line.startswith("| `trainer.max_epochs` |")]
    assert "a whole number >= 1" in epochs


def test_the_links_of_generated_pages_lead_to_pages(generated):
    pages = generated.pages()
    for path, text in pages.items():
        for link in re.findall(r"\]\(([^)#]+\.(?:md|png))\)", text):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
            assert place in pages or (DOCS / place).is_file(), (path, link)


def test_pictures_belong_to_findings():
    known = json.loads((DOCS / "pictures" / "pictures.json").read_text(encoding="utf-8"))
    assert set(known) <= set(findings())
    assert {path.stem for path in (DOCS / "pictures").glob("*.png")} == set(known)


def commands(page: Path) -> dict[str, bool]:
    """The commands of a page in order, and whether each is a line of a code block; else it is code in the text."""
    found: dict[str, bool] = {}
    for line in page.read_text(encoding="utf-8").splitlines():
        if re.match(r"    (\$ )?(litmus|cd) ", line):
            found[_bare(line)] = True
        elif not line.startswith("    "):
            inline = [_bare(text.replace("\\|", "|")) for text in re.findall(r"`(litmus [^`]+)`", line)]
            found |= {text: False for text in inline if text not in found}
    return found


def _bare(line: str) -> str:
    words = shlex.split(line.strip().removeprefix("$ "), comments=True)
    return shlex.join(words)


def shortened(command: str, *, dry: bool) -> list[str]:
    """The words of a command behind `litmus`, with those that keep it short."""
    words = shlex.split(command)[1:]
    words = [re.sub(r"^sweep\.trials=\d+$", "sweep.trials=3", word.replace("=/net/", "=")) for word in words]
    if words[:1] != ["train"] or "--help" in words or {"--cfg", "--info"} & set(words):
        return words
    if any(word.startswith("resume=") for word in words):
        return words
    swept = bool({"-m", "--multirun"} & set(words))
    given = {word.partition("=")[0].lstrip("~+") for word in words}
    more = SWEPT if swept else (DRY,) if dry else SHORT
    return [*words, *(word for word in more if word.partition("=")[0] not in given)]


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmProcess]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCRATCH", str(tmp_path_factory.mktemp("scratch")))
        with WarmProcess() as process:
            yield process


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, warm: WarmProcess) -> Path:
    """All files that the pages name, and a run to begin with."""
    folder = tmp_path_factory.mktemp("docs") / "files"
    subprocess.run([sys.executable, str(FILES), str(folder)], check=True)  # polars' threads stay out of this process
    words = ["train", "data.path=my.csv", "data.target=bought", "name=earlier", "hydra.run.dir=outputs/earlier/1"]
    done = warm.run([*words, *SHORT], folder)
    assert done.status == 0, done
    for name in ("best.ckpt", "old.ckpt"):
        shutil.copy(folder / "outputs/earlier/1/checkpoints/best.ckpt", folder / name)
    for name in ("mine_a", "mine_b"):
        shutil.copytree(folder / "outputs/earlier/1", folder / "outputs" / name / "1")
    return folder


@pytest.fixture
def place(files: Path, tmp_path: Path) -> Path:
    """A folder of the reader's, with copies of small files and links to the larger ones."""
    place = tmp_path / "reader"
    shutil.copytree(files, place, symlinks=True)
    shutil.copytree(ROOT / "examples", place / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    for example in ("own_model", "migrated"):
        shutil.copy(files / "iris.csv", place / "examples" / example / "new.csv")
    return place


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_commands_of_a_page_run(page, place, warm, monkeypatch):
    dry = page.stem not in REAL
    failed, folder = [], place
    for command, in_block in commands(page).items():
        if command.startswith("cd "):
            folder = place / command.removeprefix("cd ")
        elif not COMPOSED.search(command):
            words = shortened(command, dry=dry)
            done = warm.run(words, folder if in_block else place, figures=False, seconds=100)
            wrong = done.status != (2 if MEANT_TO_FAIL.search(command) else 0)
            if wrong and not (FAILS_ON.search(command) and done.status in {1, 2, 3}) and FINISHED not in done.err:
                failed.append(f"{' '.join(words)}: {done.status}\n{done.err[-600:]}{done.out[-300:]}")
    assert not failed, "\n".join(failed)
