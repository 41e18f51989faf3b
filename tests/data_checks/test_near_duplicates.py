import numpy as np
import pytest
import torch

from litmus.data_checks.near_duplicates import continuous_columns, near_points, near_rows, near_texts, thumbnails

RNG = np.random.default_rng(0)
N = 1200


def share(x, seed=0):
    """Share of held-out points with a near duplicate, after standardising."""
    x = torch.from_numpy(np.asarray(x, dtype=float))
    x = (x - x.mean(0)) / x.std(0)
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(x)))
    cut = int(0.7 * len(x))
    near = near_points(x[order[:cut]], x[order[cut:]], seed=0)
    return float((near.twin >= 0).mean())


def jittered(x, part=0.25, noise=0.01):
    picked = RNG.integers(len(x), size=int(part * len(x)))
    return np.concatenate([x, x[picked] + noise * x.std(0) * RNG.normal(size=(len(picked), x.shape[1]))])


CENTRES = RNG.normal(size=(300, 5))
HEALTHY = {
    "normal in three": RNG.normal(size=(N, 3)),
    "normal in ten": RNG.normal(size=(N, 10)),
    "normal in thirty": RNG.normal(size=(N, 30)),
    "skewed": np.exp(2 * RNG.normal(size=(N, 6))),
    "heavy tails": RNG.standard_t(2, size=(N, 5)),
    "a plane in five": np.column_stack([z := RNG.normal(size=(N, 2)), z.sum(1), z[:, 0] ** 2, z[:, 1] ** 3]),
    "clusters": np.concatenate([c + 0.3 * RNG.normal(size=(4, 5)) for c in CENTRES]),
    "a walk": np.cumsum(RNG.normal(size=(N, 4)), axis=0),
    "a curve": np.column_stack([f(np.arange(N) / 20) for f in (np.sin, np.cos, np.sqrt)]),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_points_have_hardly_any_near_twins(name):
    assert share(HEALTHY[name]) <= 0.03


@pytest.mark.parametrize("name", ["normal in three", "normal in ten", "normal in thirty", "clusters"])
def test_jittered_copies_are_near_twins(name):
    assert share(jittered(HEALTHY[name])) > 0.12


def test_ten_jittered_copies_of_each_rare_row_are_seen_through():
    x = RNG.normal(size=(900, 6))
    copies = [x[:60] + 0.02 * RNG.normal(size=(60, 6)) for _ in range(10)]
    assert share(np.concatenate([x, *copies])) > 0.25


def test_few_columns_or_rows_are_not_judged():
    assert near_points(torch.randn(500, 2), torch.randn(50, 2), seed=0) is None
    assert near_points(torch.randn(50, 5), torch.randn(50, 5), seed=0) is None
    assert near_points(torch.zeros(500, 5), torch.zeros(50, 5), seed=0) is None


def test_columns_with_many_ties_are_not_continuous():
    x = torch.stack([torch.randn(200), torch.randint(5, (200,)).float(), torch.randn(200)], dim=1)
    assert continuous_columns(x).tolist() == [0, 2]


def test_edited_texts_are_near_twins_and_others_are_not():
    vocabulary = [f"w{i}" for i in range(300)]
    texts = [" ".join(RNG.choice(vocabulary, 40)) for _ in range(100)]
    edited = [f"{text} indeed" for text in texts[:10]]
    near = near_texts(texts, [*edited, *(" ".join(RNG.choice(vocabulary, 40)) for _ in range(20))], seed=0)
    assert near.twin[:10].tolist() == list(range(10))
    assert (near.twin[10:] == -1).all()
    assert near_texts(["a b"], ["c d"], seed=0) is None


def test_thumbnails_ignore_brightness_and_contrast():
    image = torch.rand(1, 1, 16, 16)
    assert torch.allclose(thumbnails(image), thumbnails(0.5 * image + 0.2), atol=1e-5)
    assert thumbnails(image).shape == (1, 64)


def rows_of_any_kind(copied):
    rng = np.random.default_rng(7)
    rows = np.column_stack([rng.integers(6, size=(500, 8)), rng.normal(size=(500, 4))]).astype(float)
    if copied:
        copies = rows[:200].copy()
        copies[:, 8] *= 1.3
        copies[::2, 2] = np.nan
        rows = np.concatenate([rows, copies])
    order = rng.permutation(len(rows))
    return near_rows(rows[order[:400]], rows[order[400:]], seed=0)


def test_copies_in_which_a_cell_or_two_were_changed_are_seen_among_columns_of_any_kind_and_strangers_are_not():
    assert (rows_of_any_kind(copied=True).twin >= 0).mean() > 0.2
    assert (rows_of_any_kind(copied=False).twin >= 0).mean() == 0
    assert near_rows(np.zeros((300, 5)), np.zeros((50, 5)), seed=0) is None


def test_rows_that_come_in_families_are_no_copies():
    rng = np.random.default_rng(8)
    rows = np.repeat(rng.integers(6, size=(60, 12)), 10, axis=0).astype(float)
    rows[:, 0] = rng.normal(size=600)
    order = rng.permutation(600)
    assert (near_rows(rows[order[:400]], rows[order[400:]], seed=0).twin >= 0).mean() < 0.05
