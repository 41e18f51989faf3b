"""The four words are declared once, and known wherever a verdict is listed, ordered, coloured or asked for."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from litmus.cli.completion import candidates
from litmus.config.root import Root
from litmus.report.terminal import TONE_STYLES
from litmus.verdict.answers import WORDS, Answer, Tone, at_least_as_bad

ROOT = Path(__file__).resolve().parents[2]


def test_the_words_are_in_the_order_of_their_ranks():
    assert list(WORDS) == list(get_args(Answer)) == ["adequate", "undetermined", "limited", "inadequate"]
    assert [word.rank for word in WORDS.values()] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("asked", "met"),
    [
        ("inadequate", {"inadequate"}),
        ("limited", {"limited", "inadequate"}),
        ("undetermined", {"undetermined", "limited", "inadequate"}),
    ],
)
def test_fail_on_is_met_by_its_word_and_by_those_that_are_worse(asked, met):
    assert {word for word in WORDS if at_least_as_bad(word, asked)} == met


def test_every_word_but_the_best_can_be_failed_on():
    kinds = get_args(get_type_hints(Root)["fail_on"])
    words = {word for kind in kinds for word in get_args(kind)}
    assert words == set(list(WORDS)[1:])


def test_every_tone_has_a_colour_on_the_terminal_and_on_the_page():
    page = (ROOT / "src" / "litmus" / "report" / "page.css").read_text(encoding="utf-8")
    assert set(TONE_STYLES) == {word.tone for word in WORDS.values()} == set(get_args(Tone))
    assert len(set(TONE_STYLES.values())) == len(WORDS)
    for tone in get_args(Tone):
        assert re.search(rf"\.tone-{tone}\b", page)
        assert page.count(f"--{tone}: #") == 2  # light and dark


@pytest.mark.parametrize("page", ["README.md", "docs/verdict.md"])
def test_every_word_is_explained(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert all(f"- **{word}**: " in text for word in WORDS)


def test_completion_and_help_know_every_word_to_fail_on():
    offered = candidates("litmus train fail_on=")
    assert {f"fail_on={word}" for word in list(WORDS)[1:]} <= set(offered)
