"""Configs on disk: no secret goes there, and nothing that comes from there is trusted."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from litmus.config import compose, read, saved, to_plain, to_yaml
from litmus.errors import ConfigError


def test_secrets_stay_references_when_a_config_is_saved(monkeypatch):
    monkeypatch.setenv("TOKEN", "hush")
    cfg = OmegaConf.create(
        {
            "logger": {"key": "${oc.env:TOKEN}", "again": "${logger.key}", "url": "http://${.key}@host"},
            "lr": 0.1,
            "copy": "${lr}",
            "node": "${data}",
            "data": {"path": "x", "more": ["${lr}", "${oc.env:TOKEN}"]},
            "hydra": {"run": {"dir": "d"}},
        }
    )
    assert cfg.logger.again == "hush"
    text = to_yaml(saved(cfg))
    assert "hush" not in text
    assert "hydra" not in text
    kept = saved(cfg)
    assert kept["logger"] == {"key": "${oc.env:TOKEN}", "again": "${logger.key}", "url": "http://${.key}@host"}
    assert kept["copy"] == 0.1
    assert kept["data"]["more"] == [0.1, "${oc.env:TOKEN}"]


def test_a_saved_config_reads_back_to_the_same_values(tmp_path):
    cfg = OmegaConf.create({"a": {"b": [1, 2.5, None, "no", True]}, "c": "1e-3"})
    (tmp_path / "config.yaml").write_text(to_yaml(saved(cfg)))
    assert to_plain(read(tmp_path / "config.yaml")) == to_plain(cfg)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["no", "1e-3", "???"])
KEYS = st.text(min_size=1) | st.sampled_from(["yes", "a", "lr", "null", "1", "x" * 200, "a: b", "? ", "Ä"])
VALUES = st.recursive(
    SCALARS, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=3), max_leaves=12
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_is_written_in_parts_is_what_omegaconf_writes(plain):
    assert to_yaml(plain) == OmegaConf.to_yaml(plain)
    assert to_yaml(plain) == OmegaConf.to_yaml(plain)


def test_values_that_are_equal_and_not_the_same_are_told_apart():
    for values in ([1, 1.0, True, "1", "true"], [{}, [], None, ""]):
        assert len({to_yaml({"a": {"b": value}}) for value in values}) == len(values)


def test_a_composed_config_is_written_as_hydra_writes_it():
    cfg = compose(["data=iris", "model.hidden=[8]"])
    assert to_yaml(OmegaConf.to_container(cfg, resolve=False)) == OmegaConf.to_yaml(cfg)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "aliases stand for more than"),
        ("a: &a [*a]\n", "alias inside itself|nested more than"),
        ("[" * 200 + "]" * 200, "nested more than|not valid YAML"),
        ("a: [1, 2\nb: 3\n", r"line \d+: not valid YAML"),
        ("- 1\n- 2\n", "a config is a mapping"),
        ("a: !!python/object/apply:os.system ['true']\n", "not a config|not valid YAML"),
        ("x" * 1_100_000, "too many for a config"),
    ],
    ids=["bomb", "cycle", "deep", "torn", "list", "object", "huge"],
)
def test_a_file_that_is_no_config_is_refused_at_once(tmp_path, text, message):
    (tmp_path / "config.yaml").write_text(text)
    started = time.perf_counter()
    with pytest.raises(ConfigError, match=message):
        read(tmp_path / "config.yaml")
    assert time.perf_counter() - started < 5


def test_a_missing_or_binary_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file"):
        read(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read(tmp_path / "binary.yaml")


def test_plain_configs_leave_hydras_node_out():
    assert to_plain(OmegaConf.create({"a": 1, "b": "${a}", "hydra": {"x": "${missing}"}})) == {"a": 1, "b": 1}


def test_plain_values_without_references_come_as_their_own_copy():
    kept = {"a": {"b": [1, 2]}, "c": (3, None), "hydra": {"x": 1}}
    plain = to_plain(kept)
    assert plain == {"a": {"b": [1, 2]}, "c": [3, None]}
    plain["a"]["b"].append(3)
    assert kept["a"]["b"] == [1, 2]
