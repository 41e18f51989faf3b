"""Scaling, storage and variation of images; sources whose images are arrays."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from litmus.data.encoding.pixels import ImagePreprocess
from litmus.data.module import DataModule
from litmus.data.rows import Origin, Rows
from litmus.data.sources.images import Digits
from litmus.errors import DataError


def rows(pixels):
    return Rows(
        inputs=pixels,
        target=None,
        numbers=np.arange(len(pixels)),
        origin=Origin(path="here", sha256="", rows=len(pixels)),
    )


def random_pixels(dtype, channels=3, n=20):
    rng = np.random.default_rng(0)
    if dtype == np.float32:
        return rng.random((n, channels, 6, 5), dtype=np.float32)
    return rng.integers(10, np.iinfo(dtype).max // 2, (n, channels, 6, 5)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_standardised_channels_have_mean_zero_and_standard_deviation_one(dtype):
    pixels = random_pixels(dtype)
    pixels[:, 1] = pixels[:, 1] / 3
    preprocess = ImagePreprocess.fit(pixels, "standard")
    x = preprocess.finish(preprocess.encode(rows(pixels)))
    assert x.dtype == torch.float32
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_minmax_brings_each_channel_to_zero_and_one(dtype):
    pixels = random_pixels(dtype)
    preprocess = ImagePreprocess.fit(pixels, "minmax")
    x = preprocess.finish(preprocess.encode(rows(pixels)))
    torch.testing.assert_close(x.amin((0, 2, 3)), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(x.amax((0, 2, 3)), torch.ones(3), atol=1e-6, rtol=0)


def test_without_normalisation_pixels_are_shares_of_their_full_range():
    pixels = np.array([0, 51, 255], dtype=np.uint8).reshape(1, 1, 1, 3)
    preprocess = ImagePreprocess.fit(pixels, "none")
    assert preprocess.finish(preprocess.encode(rows(pixels))).flatten().tolist() == pytest.approx([0, 0.2, 1])


def test_eight_bit_images_stay_eight_bits_until_the_batch():
    pixels = random_pixels(np.uint8)
    assert ImagePreprocess.fit(pixels, "standard").encode(rows(pixels)).dtype == torch.uint8


@pytest.mark.parametrize("normalize", ["none", "standard", "minmax"])
def test_constant_images_stay_finite(normalize):
    pixels = np.full((4, 1, 3, 3), 7, dtype=np.uint8)
    preprocess = ImagePreprocess.fit(pixels, normalize)
    assert preprocess.finish(preprocess.encode(rows(pixels))).isfinite().all()


@given(arrays(np.uint8, (3, 2, 2, 2)), st.sampled_from(["none", "standard", "minmax"]))
def test_state_is_plain_and_restores_an_equal_object(pixels, normalize):
    preprocess = ImagePreprocess.fit(pixels, normalize)
    state = json.loads(json.dumps(preprocess.state()))
    assert state["kind"] == "image"
    assert ImagePreprocess.restore(state) == preprocess


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_exported_module_takes_raw_pixels_to_the_same_input(dtype):
    pixels = random_pixels(dtype)
    preprocess = ImagePreprocess.fit(pixels, "standard")
    expected = preprocess.finish(preprocess.encode(rows(pixels)))
    found = preprocess.module()(torch.from_numpy(pixels.astype(np.float32)))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("trained", "new"), [(np.uint8, np.uint16), (np.uint16, np.uint8)])
def test_a_model_trained_on_one_depth_reads_images_of_the_other_alike(trained, new):
    share = np.random.default_rng(1).integers(0, 256, (5, 1, 4, 4))
    images = {np.uint8: share.astype(np.uint8), np.uint16: (share * 257).astype(np.uint16)}
    preprocess = ImagePreprocess.fit(images[trained], "standard")
    own, other = (preprocess.finish(preprocess.encode(rows(images[kind]))) for kind in (trained, new))
    torch.testing.assert_close(own, other, atol=1e-5, rtol=1e-5)


def test_images_of_another_shape_are_refused():
    preprocess = ImagePreprocess.fit(random_pixels(np.uint8), "none")
    with pytest.raises(DataError, match=r"here: images of 1 x 6 x 5 .*, trained on 3 x 6 x 5"):
        preprocess.encode(rows(random_pixels(np.uint8, channels=1)))


@pytest.mark.parametrize(
    "names", ["flip", "shift", "rotate", "zoom", "erase", ["flip", "shift", "rotate", "zoom", "erase"]]
)
def test_augmentation_keeps_the_shape_changes_the_images_and_follows_the_torch_seed(names):
    pytest.importorskip("kornia")
    source = Digits(augmentation=names)
    x = torch.rand(12, 3, 10, 8)
    variants = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        variants.append(source.augment(x))
    assert variants[0].shape == x.shape
    assert variants[0].dtype == x.dtype
    assert variants[0].isfinite().all()
    assert torch.equal(variants[0], variants[1])
    assert not torch.equal(variants[0], variants[2])
    assert not torch.equal(variants[0], x)


def test_shifted_images_are_filled_with_their_edge():
    pytest.importorskip("kornia")
    x = torch.full((8, 1, 10, 10), -0.4)
    for name in ("shift", "rotate"):
        torch.testing.assert_close(Digits(augmentation=name).augment(x), x)


def test_without_augmentation_a_batch_is_passed_on_untouched():
    x = torch.rand(4, 1, 8, 8)
    assert Digits().augment(x) is x


def test_scales_come_from_the_training_images_alone():
    source = Digits(val_fraction=0.3)
    data = DataModule(source, seed=3)
    data.setup()
    train = data.rows.inputs[data.assignment == 0]
    assert data.preprocess == ImagePreprocess.fit(train, "standard")
    assert data.preprocess != ImagePreprocess.fit(data.rows.inputs, "standard")
    assert replace(source, normalize="none").fit(data.rows).factor == (1.0,)
