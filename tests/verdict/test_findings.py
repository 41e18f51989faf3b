"""Findings are declared in a file each; order, words and docs follow. Run as a program it writes the docs' table."""

import importlib
import sys
from pathlib import Path

import pytest

from litmus.verdict import Settings, findings, judge
from litmus.verdict.findings import diagnoses, explains, names

DOCS = Path(__file__).resolve().parents[2] / "docs" / "verdict.md"
HEAD = "| name | says | suggests |\n|---|---|---|\n"
# Findings about the steps stand above those about the model, though a wrong model explains some of them.
ABOUT_THE_MODEL = {"wrong_loss", "model_is_linear", "over_regularised"}
ABOUT_THE_STEPS = {"lr_too_low", "dead_relu", "vanishing_gradients"}
TOY = '''
"""The toy is broken."""

from litmus.verdict.context import make_finding
from litmus.verdict.diagnosis import Diagnosis

TOY = Diagnosis(
    name="toy",
    stage=45,
    about="training",
    headline="the toy is broken",
    explains=("symptoms",),
    remedy="another toy",
    says="the toy is broken",
    suggests="another toy",
    judge=lambda evidence, context: make_finding("toy", "error", "The toy is broken."),
)
'''


def table() -> str:
    """The catalogue as Markdown, a row for each finding, root cause first."""
    return HEAD + "".join(f"| `{name}` | {item.says} | {item.suggests} |\n" for name, item in diagnoses().items())


def documented(text: str) -> str:
    """The page with the table as it should be."""
    before, _, rest = text.partition(HEAD)
    return before + table() + "\n" + rest.partition("\n\n")[2]


def forget() -> None:
    for cached in (findings._declared, findings.diagnoses, findings.explains):
        cached.cache_clear()


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A finding in one more file, beside the others."""
    (tmp_path / "toy.py").write_text(TOY, encoding="utf-8")
    monkeypatch.setattr(findings, "__path__", [*findings.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    forget()
    yield
    sys.modules.pop("litmus.verdict.findings.toy")
    delattr(findings, "toy")
    forget()


def test_every_file_declares_the_finding_of_its_name():
    files = {path.stem for path in Path(findings.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(names())


def test_only_known_findings_explain_each_other():
    assert {effect for effects in explains().values() for effect in effects} <= set(names())


def test_causes_stand_before_what_they_explain():
    place = {name: number for number, name in enumerate(names())}
    pairs = [(cause, effect) for cause, effects in explains().items() for effect in effects]
    upward = [(cause, effect) for cause, effect in pairs if place[effect] < place[cause]]
    assert {cause for cause, _ in upward} == ABOUT_THE_MODEL
    assert {effect for _, effect in upward} == ABOUT_THE_STEPS


def test_nothing_explains_itself():
    assert not [name for name, effects in explains().items() if name in effects]


def test_the_docs_have_a_row_for_each_finding():
    text = DOCS.read_text(encoding="utf-8")
    assert text == documented(text), f"python {Path(__file__).name} writes the table anew"


@pytest.mark.usefixtures("toy")
def test_a_finding_is_added_by_one_file(make):
    verdict = judge(make["stuck"]())
    assert verdict.findings[0].name == "toy"
    assert "Cause: the toy is broken (toy)" in verdict.summary
    assert names().index("not_shuffled") < names().index("toy") < names().index("lr_too_high")
    assert "overfitting" in explains()["toy"]
    assert "| `toy` | the toy is broken | another toy |\n" in table()
    Settings(accept=["toy"]).check()


if __name__ == "__main__":
    DOCS.write_text(documented(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
