"""Nearest words, and overrides that can be pasted."""

import shlex
import subprocess

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from litmus.config.keys import (
    LIST_KEYS,
    TEXT_KEYS,
    hydra_text,
    near,
    quote_override,
    quoted,
    right_key,
    split_list,
    unquoted,
)

KNOWN = [
    *("seed", "name", "optimizer", "model", "trainer", "optimizer.lr", "optimizer.weight_decay", "model.hidden"),
    *("model.dropout", "trainer.max_epochs", "trainer.accumulate_grad_batches", "data.batch_size", "data.path"),
    *("callback.early_stopping.patience", "scheduler.patience", "output_dir"),
]
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("trainer.max_epoch", "trainer.max_epochs"),
        ("max_epochs", "trainer.max_epochs"),
        ("epochs", "trainer.max_epochs"),
        ("trainer.epochs", "trainer.max_epochs"),
        ("optimizer.learning_rate", "optimizer.lr"),
        ("lr", "optimizer.lr"),
        ("model.lr", "optimizer.lr"),
        ("bs", "data.batch_size"),
        ("batch_size", "data.batch_size"),
        ("model.hiden", "model.hidden"),
        ("modle", "model"),
        ("modle.hidden", "model.hidden"),
        ("optimiser.lr", "optimizer.lr"),
        ("sede", "seed"),
        ("callback.early_stoping.patience", "callback.early_stopping.patience"),
        ("random_state", "seed"),
        ("zzz", ""),
    ],
)
def test_the_right_key_for_a_wrong_one(wrong, right):
    assert right_key(wrong, KNOWN) == right


def test_near_words_are_found_whatever_their_case():
    assert near("Survivd", ["survived", "age"]) == "survived"
    assert near("xyz", ["survived", "age"]) == ""


@settings(deadline=None, max_examples=50)
@given(VALUES)
def test_a_value_in_hydras_grammar_parses_back_to_itself(value):
    override = OverridesParser.create().parse_override(f"++key={hydra_text(value)}")
    got = OmegaConf.to_container(OmegaConf.create({"key": override.value()}), resolve=True)["key"]
    assert got == value
    assert type(got) is type(value)


@settings(deadline=None, max_examples=50)
@given(TEXTS)
def test_a_pasted_word_is_one_word_with_its_value(value):
    for key in ("data.path", "model.activation"):
        words = shlex.split(quote_override(key, value))
        (text,) = (word.removeprefix(f"{key}=") for word in words)
        assert (unquoted(text) if key in TEXT_KEYS else text) == (value if key in TEXT_KEYS else hydra_text(value))


@settings(deadline=None, max_examples=50)
@given(st.lists(TEXTS, min_size=1))
def test_a_list_of_names_is_read_back_item_by_item(items):
    assert split_list(f"[{','.join(map(quoted, items))}]") == items


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("[]", []),
        ("[a]", ["a"]),
        ("[petal width (cm), b]", ["petal width (cm)", "b"]),
        ("['a,b', c]", ["a,b", "c"]),
        ("[it's, 5' 2\"]", ["it's", "5' 2\""]),
        ("[target_leakage:petal width (cm)]", ["target_leakage:petal width (cm)"]),
        ("[Unnamed: 0,2024]", ["Unnamed: 0", "2024"]),
    ],
)
def test_items_of_a_list_are_text(text, items):
    assert split_list(text) == items


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize("value", ["my data (1).csv", "it's $HOME `x` !1", "a=b ~ *?[x]", [8, 16], {"a": "b c"}])
def test_shells_hand_a_pasted_word_on_unchanged(shell, value):
    word = quote_override("data.path", value)
    try:
        got = subprocess.run([shell, "-c", f"printf %s {word}"], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        pytest.skip(f"no {shell}")
    assert got == f"data.path={value if isinstance(value, str) else hydra_text(value)}"


def test_raw_keys_are_text_or_lists_of_text():
    assert not TEXT_KEYS & LIST_KEYS
