"""What every model in conf/model must do, whatever it is."""

import io
import sys
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from math import prod
from pathlib import Path
from typing import get_type_hints

import pytest
import torch
import yaml
from torch import nn

CONF = Path(__file__).parents[1] / "conf" / "model"
STEMS = sorted(path.stem for path in CONF.glob("*.yaml"))


@dataclass(frozen=True)
class Case:
    """One kind of input for a model: facts that the data injects, and a maker of rows."""

    name: str
    facts: dict
    shape: tuple[int, ...]

    def rows(self, n=16):
        torch.manual_seed(7)
        if "vocab_size" in self.facts:
            return torch.randint(1, self.facts["vocab_size"], (n, *self.shape))
        x = torch.randn(n, *self.shape)
        for column, codes in enumerate(reversed(self.facts.get("cardinalities", ())), start=1):
            x[:, -column] = torch.randint(0, codes, (n,))
        return x


TABLE = Case("table", {"in_features": 5, "cardinalities": ()}, (5,))
CODES = Case("categories", {"in_features": 5, "cardinalities": (3, 7)}, (5,))
IMAGE = Case("image", {"in_features": 3 * 12 * 10, "in_shape": (3, 12, 10), "cardinalities": ()}, (3, 12, 10))
TEXT = Case("text", {"vocab_size": 50}, (12,))
INPUTS = {"linear": (TABLE, CODES, IMAGE), "mlp": (TABLE, CODES, IMAGE), "cnn": (IMAGE,), "text": (TEXT,)}
VARIANTS = [
    pytest.param(stem, case, {}, id=f"{stem}-{case.name}") for stem in STEMS for case in INPUTS.get(stem, (TABLE,))
] + [
    pytest.param("text", TEXT, {"kind": "cnn"}, id="text-cnn"),
    pytest.param("mlp", TABLE, {"norm": "batch", "dropout": 0.2, "activation": "gelu"}, id="mlp-norm-dropout"),
    pytest.param("mlp", CODES, {"ensemble_size": 3, "norm": "batch", "init": "orthogonal"}, id="mlp-ensemble"),
    pytest.param("cnn", IMAGE, {"norm": "batch", "kernel_size": 4, "pool": 3}, id="cnn-norm-even-kernel"),
]


def target_of(stem):
    node = yaml.safe_load((CONF / f"{stem}.yaml").read_text())
    module, name = node.pop("_target_").rsplit(".", 1)
    return getattr(import_module(module), name), node


def build(stem, case, *, seed=0, out_features=3, **overrides):
    target, node = target_of(stem)
    known = signature(target).parameters
    facts = {name: value for name, value in case.facts.items() if name in known}
    torch.manual_seed(seed)
    return target(**{**facts, "out_features": out_features, **node, **overrides})


@pytest.mark.parametrize("stem", STEMS)
def test_its_file_has_the_name_of_its_yaml(stem):
    target, _ = target_of(stem)
    assert target.__module__ == f"litmus.model.{stem}"


@pytest.mark.parametrize("stem", STEMS)
def test_its_signature_is_a_schema_that_covers_its_yaml(stem):
    target, node = target_of(stem)
    parameters = signature(target).parameters
    hints = get_type_hints(target.__init__, include_extras=True)
    assert set(node) <= set(parameters)
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters.values())
    assert set(parameters) <= set(hints)


@pytest.mark.parametrize("out_features", [1, 3])
@pytest.mark.parametrize(("stem", "case", "overrides"), VARIANTS)
def test_it_maps_rows_to_outputs_and_every_parameter_gets_a_gradient(stem, case, overrides, out_features):
    model = build(stem, case, out_features=out_features, **overrides)
    output = model(case.rows())
    assert output.shape == (16, out_features)
    output.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize(("stem", "case", "overrides"), VARIANTS)
def test_it_overfits_one_batch(stem, case, overrides):
    model = build(stem, case, **overrides)
    x, y = case.rows(8), torch.arange(8) % 3
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    # eight random rows of five columns are not linearly separable: a linear model can only come closer
    wanted = 0.8 if stem == "linear" and prod(case.shape) < 8 else 0.1
    first = loss = nn.functional.cross_entropy(model(x), y)
    for _ in range(300):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss = nn.functional.cross_entropy(model(x), y)
        if loss < wanted * first:
            return
    pytest.fail(f"loss {first:.3f} came down to {loss:.3f} only")


@pytest.mark.parametrize(("stem", "case", "overrides"), VARIANTS)
def test_its_weights_reload_under_weights_only_to_the_same_outputs(stem, case, overrides):
    model = build(stem, case, **overrides).eval()
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other = build(stem, case, seed=1, **overrides).eval()
    assert not torch.equal(other(case.rows()), model(case.rows()))
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(case.rows()), model(case.rows()))


@pytest.mark.parametrize(("stem", "case", "overrides"), VARIANTS)
def test_the_same_seed_gives_the_same_parameters(stem, case, overrides):
    one, two = (build(stem, case, seed=3, **overrides).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("init", ["zeros", "normal", "xavier_uniform", "kaiming_normal", "orthogonal"])
def test_any_init_leaves_a_model_that_runs(stem, init):
    case = INPUTS[stem][0]
    assert build(stem, case, init=init)(case.rows()).isfinite().all()


@pytest.mark.parametrize("stem", STEMS)
def test_its_module_imports_nothing_of_ours_outside_models(stem):
    target, _ = target_of(stem)
    ours = {
        value.__module__
        for value in vars(sys.modules[target.__module__]).values()
        if getattr(value, "__module__", "").startswith("litmus")
    }
    assert all(name.startswith("litmus.model") for name in ours)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's and onnxscript's own, which change with every release
@pytest.mark.parametrize(("stem", "case", "overrides"), VARIANTS)
def test_it_exports_to_onnx_with_equal_outputs_for_any_number_of_rows(stem, case, overrides, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    model = build(stem, case, **overrides).eval()
    path = tmp_path / "model.onnx"
    rows = torch.export.Dim("rows", min=1)
    torch.onnx.export(model, (case.rows(4),), path, dynamo=True, verbose=False, dynamic_shapes=({0: rows},))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    x = case.rows(9)
    (output,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    torch.testing.assert_close(torch.from_numpy(output), model(x).detach(), atol=1e-5, rtol=1e-5)
