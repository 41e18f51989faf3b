"""Losses equal torch's own, refuse what they do not fit, and activate into probabilities or means."""

from inspect import signature
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_poisson_deviance
from torch import nn

from litmus.config.targets import target as named_target
from litmus.errors import ConfigError, DataError
from litmus.loss import auto, losses
from litmus.loss.base import fitting
from litmus.loss.classes import BCE, CrossEntropy, Focal
from litmus.loss.values import L1, MSE, Huber, Poisson
from litmus.task import kind_of, kinds
from litmus.task.spec import DataSpec

CONF = Path(__file__).parents[2] / "conf" / "loss"
NAMES = sorted(path.stem for path in CONF.glob("*.yaml"))
CLASSES = losses()
LABELS = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "ordinal": ("1", "2", "3"), "regression": ()}


def spec(task, **facts):
    return DataSpec(task=task, input="table", in_shape=(4,), target="y", classes=LABELS[task], **facts)


BINARY, MULTI, VALUE = spec("binary"), spec("multiclass"), spec("regression")
PAIRS = [(name, task) for name, loss in CLASSES.items() for task in LABELS if loss.fits(kind_of(task))]


def made(name, task, **arguments):
    return CLASSES[name](spec=spec(task), **arguments)


def rows_of(loss, task, *advantage, n=7):
    torch.manual_seed(0)
    output = torch.randn(*advantage, n, loss.outputs(spec(task)))
    kinds = len(LABELS[task])
    target = torch.randint(0, kinds, (*advantage, n)) if kinds else torch.rand(*advantage, n) * 3
    return output, target


@pytest.mark.parametrize("name", NAMES)
def test_every_yaml_names_a_loss_and_keys_of_its_signature(name):
    node = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    made_with = named_target(node.pop("_target_"))
    assert made_with is (auto if name == "auto" else CLASSES[name])
    assert set(node) <= set(signature(made_with).parameters)
    hints = get_type_hints(made_with if name == "auto" else made_with.__init__, include_extras=True)
    assert set(signature(made_with).parameters) <= set(hints)


def test_every_loss_has_a_yaml():
    assert set(NAMES) == {*CLASSES, "auto"}


@pytest.mark.parametrize("task", kinds())
def test_the_advice_for_a_kind_of_target_names_exactly_the_losses_that_fit(task):
    named = set(fitting(kind_of(task)).replace(" or ", ", ").split(", "))
    assert named == {name for name, kind in PAIRS if kind == task}


@pytest.mark.parametrize(
    ("name", "task"), [(name, task) for name in CLASSES for task in LABELS if (name, task) not in PAIRS]
)
def test_a_loss_that_does_not_fit_the_target_is_refused_with_the_ones_that_do(name, task):
    with pytest.raises(
        ConfigError, match=rf"loss: '{name}' does not fit a {task} target \('y'\); use {fitting(kind_of(task))}"
    ):
        made(name, task)


@pytest.mark.parametrize(("task", "kind"), [("binary", BCE), ("multiclass", CrossEntropy), ("regression", MSE)])
def test_auto_picks_the_usual_loss(task, kind):
    assert type(auto(spec=spec(task))) is kind


def test_auto_passes_its_arguments_on():
    loss = auto(spec=BINARY, class_weight=[1, 3], pos_weight=2.0, label_smoothing=0.1)
    assert loss.class_weights.tolist() == [1, 3]
    assert loss.pos_weight.item() == 2
    assert loss.label_smoothing == 0.1


@pytest.mark.parametrize(
    ("task", "arguments", "key"),
    [
        ("regression", {"class_weight": "balanced"}, "class_weight"),
        ("regression", {"class_weight": [1.0, 2.0]}, "class_weight"),
        ("regression", {"label_smoothing": 0.1}, "label_smoothing"),
        ("regression", {"pos_weight": 2.0}, "pos_weight"),
        ("multiclass", {"pos_weight": 2.0}, "pos_weight"),
    ],
)
def test_auto_refuses_what_has_no_meaning_for_the_target(task, arguments, key):
    with pytest.raises(ConfigError, match=rf"loss\.{key}: .*no meaning for a {task} target"):
        auto(spec=spec(task), **arguments)


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_the_mean_of_the_rows_is_the_loss_and_rows_are_rows(name, task):
    loss = made(name, task)
    output, target = rows_of(loss, task)
    rows = loss.rows(output, target)
    assert rows.shape == (7,)
    torch.testing.assert_close(rows.mean(), loss(output, target))
    torch.testing.assert_close(loss.rows(output[3:4], target[3:4]), rows[3:4])


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_leading_dimensions_change_nothing(name, task):
    loss = made(name, task)
    output, target = rows_of(loss, task, 2, 3)
    rows, activated = loss.rows(output, target), loss.activate(output)
    assert rows.shape == (2, 3, 7)
    for i in range(2):
        for j in range(3):
            torch.testing.assert_close(rows[i, j], loss.rows(output[i, j], target[i, j]))
            torch.testing.assert_close(activated[i, j], loss.activate(output[i, j]))


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_activation_gives_probabilities_for_classes_and_means_for_values(name, task):
    loss = made(name, task)
    output, _ = rows_of(loss, task)
    activated = loss.activate(output)
    if task == "regression":
        assert activated.shape == (7,)
    else:
        assert activated.shape == (7, len(LABELS[task]))
        assert ((activated >= 0) & (activated <= 1)).all()
        torch.testing.assert_close(activated.sum(-1), torch.ones(7))


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_row_weights_repeat_rows(name, task):
    loss = made(name, task)
    output, target = rows_of(loss, task, n=3)
    repeated = torch.tensor([0, 0, 2])
    weighted = loss(output, target, torch.tensor([2.0, 0.0, 1.0]))
    torch.testing.assert_close(weighted, loss(output[repeated], target[repeated]))


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_parts_add_up_to_the_whole_by_their_mass(name, task):
    weights = (
        {}
        if task == "regression" or name in {"mse", "l1", "huber"}
        else {"class_weight": [1, 5, 2][: len(LABELS[task])]}
    )
    loss = made(name, task, **weights)
    output, target = rows_of(loss, task)
    parts = [slice(0, 3), slice(3, 6), slice(6, 7)]
    mass = [loss.mass(target[part]).sum() for part in parts]
    total = sum(loss(output[part], target[part]) * m for part, m in zip(parts, mass, strict=True)) / sum(mass)
    torch.testing.assert_close(total, loss(output, target))


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_a_batch_that_weighs_nothing_has_loss_zero_and_a_finite_gradient(name, task):
    loss = made(name, task)
    output, target = rows_of(loss, task)
    output.requires_grad_()
    value = loss(output, target, torch.zeros(7))
    value.backward()
    assert value.item() == 0
    assert (output.grad == 0).all()


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_extreme_outputs_have_finite_gradients(name, task):
    loss = made(name, task)
    output, target = rows_of(loss, task)
    output = (output.sign() * 60).requires_grad_()
    loss(output, target).backward()
    assert output.grad.isfinite().all()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 0.5]])
def test_cross_entropy_equals_torch_with_class_weights_and_smoothing(weights, smoothing):
    loss = CrossEntropy(spec=MULTI, class_weight=weights or "none", label_smoothing=smoothing)
    output, target = rows_of(loss, "multiclass", n=50)
    weight = None if weights is None else torch.tensor(weights)
    expected = nn.CrossEntropyLoss(weight=weight, label_smoothing=smoothing)(output, target)
    torch.testing.assert_close(loss(output, target), expected)


@pytest.mark.parametrize("pos_weight", [None, 3.0])
def test_bce_equals_torch_bit_by_bit(pos_weight):
    loss = BCE(spec=BINARY, pos_weight=pos_weight)
    output, target = rows_of(loss, "binary", n=50)
    weight = None if pos_weight is None else torch.tensor(pos_weight)
    assert torch.equal(loss(output, target), nn.BCEWithLogitsLoss(pos_weight=weight)(output[:, 0], target.float()))


@pytest.mark.parametrize("weights", [[1.0, 4.0], "balanced"])
def test_one_logit_and_two_logits_give_the_same_weighted_loss(weights):
    arguments = {"spec": BINARY, "class_weight": weights, "class_counts": [30, 10]}
    one, two = BCE(**arguments), CrossEntropy(**arguments)
    output, target = rows_of(one, "binary", n=50)
    both = torch.cat([torch.zeros_like(output), output], dim=1)
    torch.testing.assert_close(one(output, target), two(both, target))
    torch.testing.assert_close(one.activate(output), two.activate(both))


def test_smoothing_on_one_logit_equals_smoothing_on_two():
    one, two = (kind(spec=BINARY, label_smoothing=0.2) for kind in (BCE, CrossEntropy))
    output, target = rows_of(one, "binary", n=50)
    torch.testing.assert_close(one(output, target), two(torch.cat([torch.zeros_like(output), output], dim=1), target))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(MSE, nn.MSELoss()), (L1, nn.L1Loss()), (Huber, nn.HuberLoss()), (Poisson, nn.PoissonNLLLoss())],
)
def test_value_losses_equal_torch_bit_by_bit(kind, expected):
    loss = kind(spec=VALUE)
    output, target = rows_of(loss, "regression", n=50)
    assert torch.equal(loss(output, target), expected(output[:, 0], target))


def test_huber_takes_its_delta():
    output, target = torch.tensor([[3.0]]), torch.tensor([0.0])
    assert Huber(spec=VALUE, delta=0.5)(output, target).item() == pytest.approx(0.5 * (3 - 0.25))


@given(st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=20), st.data())
def test_focal_with_gamma_zero_is_cross_entropy(logits, data):
    output = torch.tensor(logits).unsqueeze(-1)
    target = torch.tensor(data.draw(st.lists(st.integers(0, 1), min_size=len(logits), max_size=len(logits))))
    focal, bce = Focal(spec=BINARY, gamma=0.0), BCE(spec=BINARY)
    torch.testing.assert_close(focal.rows(output, target), bce.rows(output, target))


def test_focal_counts_easy_rows_less_by_its_formula():
    loss = Focal(spec=MULTI, gamma=2.0)
    output, target = rows_of(loss, "multiclass")
    p = output.softmax(-1)[torch.arange(7), target]
    torch.testing.assert_close(loss.rows(output, target), -((1 - p) ** 2) * p.log())


def test_balanced_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    y = [0] * 5 + [1] * 20 + [2] * 3
    loss = CrossEntropy(spec=MULTI, class_counts=[5, 20, 3], class_weight="balanced")
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y)
    assert loss.class_weights.tolist() == pytest.approx(list(expected))


@pytest.mark.parametrize("weights", [[1.0], [1.0, 2.0], [0.0, 0.0, 0.0]])
def test_class_weights_that_do_not_match_the_classes_are_refused(weights):
    with pytest.raises(ConfigError, match=r"loss\.class_weight: .* must be 3 weights >= 0, not all 0, .*: a, b, c"):
        CrossEntropy(spec=MULTI, class_weight=weights)


@pytest.mark.parametrize("counts", [None, [4, 0, 3]])
def test_balanced_without_a_row_of_each_class_is_refused(counts):
    with pytest.raises(ConfigError, match="balanced needs at least one training row of each class"):
        CrossEntropy(spec=MULTI, class_weight="balanced", class_counts=counts)


def test_poisson_refuses_negative_targets_and_takes_counts():
    loss = Poisson(spec=VALUE)
    loss.check(torch.tensor([0.0, 3.0]))
    with pytest.raises(DataError, match=r"the target has -2, and loss=poisson needs values >= 0; use loss=mse"):
        loss.check(torch.tensor([1.0, -2.0]))


def test_poisson_refuses_a_standardised_target():
    with pytest.raises(ConfigError, match=r"data\.normalize_target: true spoils the counts"):
        Poisson(spec=spec("regression", target_mean=3.0, target_sd=2.0))


def test_poisson_of_standardised_skewed_amounts_is_half_the_deviance_in_units_of_the_mean():
    known = spec("regression", target_mean=3.0, target_sd=2.0, skewed_up_to=50.0)
    loss, amounts = Poisson(spec=known), torch.tensor([0.0, 1.5, 3.0, 40.0], dtype=torch.float64)
    output = torch.tensor([[-1.0], [0.0], [1.0], [9.0]], dtype=torch.float64)
    mean = loss.activate(output) * 2 + 3
    torch.testing.assert_close(mean, torch.cat([3 * output[:3, 0].exp(), torch.tensor([50.0], dtype=torch.float64)]))
    expected = mean_poisson_deviance(amounts / 3, output[:, 0].exp()) / 2
    assert loss(output, (amounts - 3) / 2).item() == pytest.approx(expected)
    assert loss.rows(torch.zeros(1, 1), torch.zeros(1)).item() == pytest.approx(0, abs=1e-7)  # at the mean itself


def test_poisson_takes_a_zero_that_rounding_put_below_zero_and_no_more():
    loss = auto(spec=spec("regression", target_mean=3.0, target_sd=2.0, skewed_up_to=50.0))
    loss.check(torch.tensor([0.0, -2e-7, 4.0]))
    with pytest.raises(DataError, match="needs values >= 0"):
        loss.check(torch.tensor([0.0, -1e-3]))


def test_the_usual_loss_of_skewed_amounts_is_poisson_and_says_so():
    assert (auto(spec=VALUE).name, auto(spec=VALUE).note) == ("mse", "")
    loss = auto(spec=spec("regression", skewed_up_to=9.0))
    assert loss.name == "poisson"
    assert "pred is the mean" in loss.note


def test_class_weights_follow_the_module_but_are_not_saved_with_it():
    loss = CrossEntropy(spec=MULTI, class_weight=[1.0, 2.0, 3.0])
    assert loss.state_dict() == {}
    assert loss.to(torch.float64).class_weights.dtype == torch.float64


def test_a_squared_error_on_two_classes_reads_its_output_as_a_probability():
    loss = MSE(spec=BINARY)
    prob = loss.activate(torch.tensor([[-0.5], [0.25], [1.5]]))
    torch.testing.assert_close(prob, torch.tensor([[1.0, 0.0], [0.75, 0.25], [0.0, 1.0]]))
    target = torch.tensor([0, 1, 1])
    expected = F.mse_loss(torch.tensor([-0.5, 0.25, 1.5]), target.float())
    assert torch.equal(loss(torch.tensor([[-0.5], [0.25], [1.5]]), target), expected)


def test_probabilities_of_a_confident_logit_keep_their_small_side():
    prob = BCE(spec=BINARY).activate(torch.tensor([[40.0]]))
    assert prob[0, 0].item() == pytest.approx(torch.exp(torch.tensor(-40.0)).item())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("weights", ["balanced", "listed"])
@pytest.mark.parametrize(("name", "task"), [(name, task) for name, task in PAIRS if name in CLASSES and LABELS[task]])
def test_a_weighted_loss_takes_outputs_of_every_precision(name, task, weights, dtype):
    if "class_weight" not in signature(CLASSES[name]).parameters:
        pytest.skip("it has no class weights")
    kinds = len(LABELS[task])
    loss = made(
        name,
        task,
        class_counts=[30, 10, 5][:kinds],
        class_weight=weights if weights == "balanced" else [1, 2.5, 3.3][:kinds],
    )
    output, target = rows_of(loss, task)
    exact = loss(output.double(), target)
    tolerance = max(1e-6, 4 * torch.finfo(dtype).eps)
    assert float(loss(output.to(dtype), target)) == pytest.approx(float(exact), rel=tolerance)
    assert loss.rows(output.to(dtype), target).isfinite().all()
    assert loss(output.to(dtype), target, torch.rand(len(target))).isfinite()
