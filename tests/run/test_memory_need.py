"""What cannot fit into memory is refused before any of it is allocated."""

import re

import pytest
import torch
from torch import nn

from litmus import memory
from litmus.cli import main
from litmus.config import RunConfig, make, to_plain
from litmus.config.composition import compose
from litmus.errors import ConfigError
from litmus.run import Run
from litmus.run.memory_need import kept_by

ROWS = ("data=circles", "data.n_samples=200")


def build(tmp_path, *words: str) -> Run:
    return Run.build(RunConfig(to_plain(compose([*ROWS, *words]))), tmp_path / "run")


@pytest.mark.parametrize(
    "words",
    [
        ["model.hidden=[1000000000]"],
        ["model.hidden=[200000,200000]"],
        ["model.hidden=[1000000000000000000]"],
        ["model.hidden=[100000000000000000000000000]"],
        ["model.hidden=[1000000000]", "optimizer=sgd"],
    ],
)
def test_a_model_that_no_machine_holds_is_refused_at_once(tmp_path, words):
    with pytest.raises(ConfigError, match=r"^model\.hidden: training needs .*; lower model\.hidden$"):
        build(tmp_path, *words)


def test_the_refusal_names_what_is_needed_and_what_is_free(tmp_path, monkeypatch):
    monkeypatch.setattr("litmus.run.memory_need.free_memory", lambda: 2e9)
    with pytest.raises(ConfigError) as caught:
        build(tmp_path, "model.hidden=[10000,10000]")
    text = str(caught.value)
    need = re.search(r"training needs about ([\d.]+) GB \(100,050,001 parameters and their copies: 2\.4 GB", text)
    assert need
    assert float(need[1]) == pytest.approx(2.4, rel=0.05)
    assert "and 2 GB are free; lower model.hidden" in text


def test_a_batch_that_is_too_large_names_the_batch(tmp_path, monkeypatch):
    monkeypatch.setattr("litmus.run.memory_need.free_memory", lambda: 3e8)
    words = ["data.n_samples=100000", "data.batch_size=50000", "model.hidden=[2000]"]
    with pytest.raises(
        ConfigError, match=r"^data\.batch_size: .*50,000 rows.*; lower data\.batch_size or model\.hidden$"
    ):
        build(tmp_path, *words)


def test_looking_at_the_room_changes_no_random_number(tmp_path, monkeypatch):
    looked = build(tmp_path).predictor.model.state_dict()
    monkeypatch.setattr("litmus.run.training.check_room", lambda *_: None)
    torch.testing.assert_close(build(tmp_path).predictor.model.state_dict(), looked, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("kind", "settings", "kept"),
    [
        (torch.optim.SGD, {}, 0),
        (torch.optim.SGD, {"momentum": 0.9}, 1),
        (torch.optim.Adam, {}, 2),
        (torch.optim.RMSprop, {}, 1),
        (torch.optim.Adagrad, {}, 1),
        (torch.optim.LBFGS, {}, 2),
    ],
)
def test_what_an_optimizer_keeps_is_seen_by_trying_it(kind, settings, kept):
    assert kept_by(lambda parameters: kind(parameters, lr=0.1, **settings)) == kept


class Strange(nn.Module):
    """A model that cannot be run without numbers."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.layer = nn.Linear(in_features, out_features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x * float(x.sum().item() * 0 + 1))


def test_a_model_that_cannot_run_without_numbers_is_let_through(tmp_path, monkeypatch):
    def made(node, key, **facts):
        return Strange(facts["in_features"], facts["out_features"]) if key == "model" else make(node, key, **facts)

    monkeypatch.setattr("litmus.config.run_config.make", made)
    assert isinstance(build(tmp_path).predictor.model, Strange)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["data=circles", "data.n_samples=1000000000000"], "data.n_samples"),
        (["data=noise", "data.inputs=10000000000"], "data.n_samples"),
        (["data=moons", "data.fresh_val=1000000000000"], "data.fresh_val"),
        (["data=blobs", "data.classes=1000000000000"], "data.classes"),
        (["data=notes", "data.size=1000000000000"], "data.size"),
    ],
)
@pytest.mark.parametrize("command", ["train", "check"])
def test_made_rows_that_no_machine_holds_are_refused_and_leave_nothing(tmp_path, capsys, command, words, key):
    assert main([command, *words]) == 2
    assert re.fullmatch(
        rf"error: {key}: [\d,]+ rows need about [\d.e+]+ \wB of memory, .* lower {key}\n", capsys.readouterr().err
    )
    assert list(tmp_path.iterdir()) == []


def test_the_limit_of_a_container_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    before = memory.free_memory()
    for name, text in (("max", "1000"), ("current", "700"), ("stat", "anon 500\ninactive_file 100\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    assert memory.free_memory() == 400 < before
    (tmp_path / "memory.max").write_text("max")
    assert memory.free_memory() > 400


@pytest.mark.parametrize(("count", "text"), [(0, "0 bytes"), (1500, "1.5 KB"), (2.4e10, "24 GB"), (1e30, "1.0e+12 EB")])
def test_sizes_are_said_in_the_units_that_people_use(count, text):
    assert memory.size(count) == text
