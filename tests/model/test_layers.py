"""Starts and parts of models: what torch would do by itself must not be touched."""

import pytest
import torch
from torch import nn

from litmus.model.cnn import CNN
from litmus.model.layers import EMBEDDING_STD, Categories
from litmus.model.linear import Linear
from litmus.model.mlp import MLP
from litmus.model.text import Text


def test_a_linear_stack_at_seed_42_equals_the_same_stack_written_by_hand():
    torch.manual_seed(42)
    by_hand = nn.Sequential(nn.Linear(2, 10), nn.Linear(10, 10), nn.Linear(10, 1))
    torch.manual_seed(42)
    model = MLP(hidden=[10, 10], activation="none", in_features=2, out_features=1)
    expected, found = list(by_hand.parameters()), list(model.parameters())
    assert len(expected) == len(found)
    assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    x = torch.randn(5, 2)
    assert torch.equal(by_hand(x), model(x))


def test_activation_none_leaves_linear_layers_only():
    model = MLP(hidden=[5], activation="none", in_features=2, out_features=1)
    assert {type(layer) for layer in model.layers} == {nn.Flatten, nn.Linear}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("relu", nn.ReLU), ("tanh", nn.Tanh), ("sigmoid", nn.Sigmoid), ("gelu", nn.GELU), ("leaky_relu", nn.LeakyReLU)],
)
def test_each_hidden_layer_is_followed_by_norm_activation_and_dropout_in_this_order(name, kind):
    model = MLP(hidden=[4, 3], activation=name, norm="layer", dropout=0.1, in_features=2, out_features=1)
    block = [nn.Linear, nn.LayerNorm, kind, nn.Dropout]
    assert [type(layer) for layer in model.layers] == [nn.Flatten, *block, *block, nn.Linear]


def test_an_output_activation_is_the_last_layer():
    x = torch.randn(4, 2)
    sigmoid = MLP(in_features=2, out_features=1, output_activation="sigmoid")(x)
    softmax = Linear(in_features=2, out_features=3, output_activation="softmax")(x)
    assert ((sigmoid > 0) & (sigmoid < 1)).all()
    torch.testing.assert_close(softmax.sum(1), torch.ones(4))


def test_an_empty_list_of_hidden_layers_is_a_linear_model():
    model = MLP(hidden=[], in_features=3, out_features=2)
    assert [type(layer) for layer in model.layers] == [nn.Flatten, nn.Linear]


@pytest.mark.parametrize(
    ("init", "std", "spread"),
    [("normal", 3.0, 3.0), ("default", 3.0, 3.0), ("normal", None, 0.02), ("zeros", None, 0.0)],
)
def test_a_named_init_sets_the_spread_of_all_weights_and_zero_biases(init, std, spread):
    torch.manual_seed(0)
    model = MLP(hidden=[200], in_features=100, out_features=50, init=init, init_std=std)
    for layer in model.layers:
        if isinstance(layer, nn.Linear):
            assert layer.weight.std().item() == pytest.approx(spread, rel=0.05)
            assert (layer.bias == 0).all()


def test_an_init_bias_alone_leaves_the_weights_as_torch_starts_them():
    torch.manual_seed(1)
    plain = MLP(hidden=[4], in_features=3, out_features=1)
    torch.manual_seed(1)
    biased = MLP(hidden=[4], in_features=3, out_features=1, init_bias=-2.0)
    for a, b in zip(plain.layers, biased.layers, strict=True):
        if isinstance(a, nn.Linear):
            assert torch.equal(a.weight, b.weight)
            assert (b.bias == -2).all()


def test_a_standard_deviation_beside_an_init_without_one_is_refused():
    with pytest.raises(ValueError, match=r"init_std=2.0 belongs to init=normal, not to init=orthogonal"):
        MLP(in_features=3, out_features=1, init="orthogonal", init_std=2.0)


def test_orthogonal_rows_are_orthogonal():
    model = Linear(in_features=6, out_features=4, init="orthogonal")
    weight = model.layers[1].weight
    torch.testing.assert_close(weight @ weight.T, torch.eye(4), atol=1e-5, rtol=0)


def test_an_unseen_category_adds_nothing():
    front = Categories(in_features=3, cardinalities=(4,))
    out = front(torch.tensor([[1.5, -2.0, 0.0], [1.5, -2.0, 3.0]]))
    assert out.shape == (2, front.out_features)
    assert out[0].tolist() == [1.5, -2.0, 0.0, 0.0]
    assert (out[1, 2:] != 0).all()


def test_what_is_not_learned_of_a_category_hardly_counts():
    torch.manual_seed(0)
    front = Categories(in_features=1, cardinalities=(400,))
    assert float(front(torch.arange(1.0, 400.0).unsqueeze(1)).detach().std()) == pytest.approx(EMBEDDING_STD, rel=0.05)


def test_more_categories_than_columns_are_refused():
    with pytest.raises(ValueError, match="3 categories do not fit into 2 input columns"):
        Linear(in_features=2, out_features=1, cardinalities=(3, 3, 3))


@pytest.mark.parametrize("channels", [1, 3, 4, 6])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (8, 8), (28, 28), (33, 70), (256, 256)])
def test_a_cnn_takes_images_of_any_size_and_number_of_channels(size, channels):
    model = CNN(in_shape=(channels, *size), out_features=2, channels=[4, 8, 8, 8])
    assert model(torch.randn(2, channels, *size)).shape == (2, 2)


def test_a_cnn_head_stays_small_on_large_images():
    model = CNN(in_shape=(3, 256, 256), out_features=2)
    assert sum(p.numel() for p in model.parameters()) < 200_000


def test_a_cnn_on_anything_but_images_is_refused():
    with pytest.raises(ValueError, match=r"a CNN needs images .* these rows have the shape \(5,\)"):
        CNN(in_shape=(5,), out_features=2)


def test_a_text_model_on_anything_but_texts_is_refused():
    with pytest.raises(ValueError, match="a text model needs texts, and these rows hold none"):
        Text(vocab_size=None, out_features=2)


def test_a_bag_ignores_word_order_and_padding():
    model = Text(vocab_size=20, out_features=2).eval()
    out = model(torch.tensor([[3, 4, 5, 0, 0], [5, 3, 4, 0, 0]]))
    torch.testing.assert_close(out[0], out[1])
    torch.testing.assert_close(out[0], model(torch.tensor([[3, 4, 5]]))[0])


def test_a_bag_of_padding_alone_is_finite():
    assert Text(vocab_size=20, out_features=2)(torch.zeros(1, 4, dtype=torch.int64)).isfinite().all()


def test_a_text_cnn_sees_word_order_and_takes_texts_shorter_than_its_filters():
    model = Text(vocab_size=20, out_features=2, kind="cnn").eval()
    out = model(torch.tensor([[3, 4], [4, 3]]))
    assert not torch.allclose(out[0], out[1])


def test_a_text_cnn_without_filters_is_refused():
    with pytest.raises(ValueError, match=r"kernel_sizes=\[\] leaves a text CNN without filters"):
        Text(vocab_size=20, out_features=2, kind="cnn", kernel_sizes=[])


def test_any_torch_stack_is_built_from_plain_yaml():
    from hydra.utils import instantiate

    node = {
        "_target_": "torch.nn.Sequential",
        "_args_": [
            {"_target_": "torch.nn.Linear", "in_features": 4, "out_features": 8},
            {"_target_": "torch.nn.Tanh"},
            {"_target_": "torch.nn.Linear", "in_features": 8, "out_features": 1},
        ],
    }
    model = instantiate(node)
    assert isinstance(model, nn.Sequential)
    assert model(torch.randn(5, 4)).shape == (5, 1)


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_each_member_of_an_ensemble_computes_what_a_network_of_its_own_would(norm):
    torch.manual_seed(0)
    ensemble = MLP(hidden=[6, 5], norm=norm, in_features=4, out_features=2, ensemble_size=3)
    alone = MLP(hidden=[6, 5], norm=norm, in_features=4, out_features=2)
    x = torch.randn(11, 4)
    outputs = ensemble.members(x)
    for member, output in enumerate(outputs):
        for name, value in alone.state_dict().items():
            whole = ensemble.state_dict()[name]
            if whole.shape == value.shape:  # a norm's, which all members share, or a count
                value.copy_(whole)
            else:
                value.copy_(whole[member] if whole.ndim == value.ndim + 1 else whole.view(3, -1)[member])
        torch.testing.assert_close(output, alone(x))
    ensemble.eval()
    torch.testing.assert_close(ensemble(x), ensemble.members(x).mean(0))
    assert not torch.allclose(outputs[0], outputs[1])


def test_an_ensemble_of_linear_models_is_one_linear_model():
    assert MLP(hidden=[], in_features=3, out_features=1, ensemble_size=4)(torch.zeros(2, 3)).shape == (2, 1)
    assert isinstance(MLP(hidden=[], in_features=3, out_features=1, ensemble_size=4).layers[1], nn.Linear)


def test_every_second_network_sees_numbers_in_their_bins_too():
    edges = ((0.0, 1.0, 3.0), ())
    model = MLP(hidden=[5], in_features=3, out_features=2, cardinalities=[4], bin_edges=edges, ensemble_size=3)
    x = torch.tensor([[2.0, 7.0, 1.0], [-5.0, 7.0, 0.0], [9.0, 0.0, 3.0]])
    seen = model.layers[0](x)
    plain = model.layers[0].front(x)
    assert seen.shape == (3, 3, plain.shape[1] + 2)
    for member in range(3):
        torch.testing.assert_close(seen[member, :, : plain.shape[1]], plain)
    passed = torch.tensor([[0.5, 0.0], [-0.5, -0.5], [0.5, 0.5]])
    torch.testing.assert_close(seen[1, :, -2:], passed)
    assert torch.all(seen[[0, 2], :, -2:] == 0)
    assert model(x).shape == (3, 2)


@pytest.mark.parametrize("words", [{"ensemble_size": 1}, {"activation": "none"}, {"hidden": []}])
def test_one_network_and_linear_ones_see_no_bins(words):
    words = {"hidden": [5], "ensemble_size": 4} | words
    model = MLP(in_features=1, out_features=1, bin_edges=((0.0, 1.0),), **words)
    assert type(model.layers[0]).__name__ == "Flatten"


def test_an_ensemble_with_bins_finds_a_step_that_bends_alone_blur():
    torch.manual_seed(0)
    x = torch.rand(400, 1)
    y = ((x * 8).floor() % 2) * 2 - 1
    errors = []
    for edges in ((), (tuple(torch.linspace(0, 1, 17).tolist()),)):
        torch.manual_seed(1)
        model = MLP(hidden=[32], in_features=1, out_features=1, bin_edges=edges, ensemble_size=2)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(200):
            optimizer.zero_grad()
            (model.members(x) - y).square().mean().backward()
            optimizer.step()
        errors.append((model(x) - y).square().mean().item())
    assert errors[1] < 0.5 * errors[0]
