import copy

import pytest
import torch
from torch import nn

from litmus.scoring.affine import is_affine

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))


def stack(*between):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), *between, nn.Linear(8, 2))


@pytest.mark.parametrize(
    "model",
    [stack(), stack(nn.Identity()), stack(nn.Dropout(0.5)), stack(nn.BatchNorm1d(8))],
    ids=["linear layers", "identity", "dropout", "batch norm"],
)
def test_linear_layers_in_a_row_are_one_linear_model(model):
    assert is_affine(model, X)


@pytest.mark.parametrize(
    "model",
    [stack(nn.ReLU()), stack(nn.Tanh()), stack(nn.LeakyReLU(0.5)), stack(nn.LayerNorm(8)), nn.Softmax(dim=1)],
    ids=["relu", "tanh", "leaky relu", "layer norm", "softmax"],
)
def test_anything_that_bends_is_not(model):
    assert not is_affine(model, X)


def test_images_mix_pixel_by_pixel():
    images = torch.rand(32, 1, 6, 6)
    plain = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 3))
    assert is_affine(plain, images)
    assert not is_affine(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3)), images)


def test_token_ids_and_too_few_rows_cannot_be_mixed():
    assert not is_affine(nn.Embedding(10, 2), torch.randint(10, (8, 3)))
    assert not is_affine(stack(), X[:2])


def test_the_model_is_left_as_it_was():
    model = stack(nn.BatchNorm1d(8)).train()
    before = copy.deepcopy(model.state_dict())
    is_affine(model, X)
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert next(model.parameters()).dtype == torch.float32
