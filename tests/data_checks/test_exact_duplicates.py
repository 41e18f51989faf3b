import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.data.rows import Origin, Rows
from litmus.data_checks.exact_duplicates import column_codes, hash_text, match, positions, row_hashes


def parts(frame, seed=0, share=0.7):
    """Codes of a random train and held-out part."""
    codes = column_codes(frame)
    order = np.random.default_rng(seed).permutation(len(codes))
    cut = int(share * len(codes))
    return codes[order[:cut]], codes[order[cut:]]


def table(*columns):
    return pl.DataFrame({f"c{i}": column for i, column in enumerate(columns)})


def copied(frame, count, seed=0):
    picked = np.random.default_rng(seed).integers(frame.height, size=count)
    return pl.concat([frame, frame[picked]])


def found(frame):
    """Share of held-out rows with a duplicate, and the share that chance explains."""
    matches = match(*parts(frame))
    return float((matches.twin >= 0).mean()), float(matches.chance.mean())


RNG = np.random.default_rng(0)
N = 1500
LATENT = RNG.normal(size=N)
HEIGHT = RNG.integers(140, 200, N)
DRAWN = np.random.default_rng(1)
ILL = np.round(8 * DRAWN.beta(3, 2, N) * 12) / 12
HEALTHY = {
    "yes or no": table(*RNG.integers(2, size=(6, N))),
    "few levels": table(*(RNG.integers(k, size=N) for k in (3, 3, 3, 5, 5))),
    "a survey": table(*(RNG.integers(k, size=N) for k in (2, 2, 4, 10, 30))),
    "two grids": table(RNG.integers(50, size=N), RNG.integers(20, size=N)),
    "one grid": table(RNG.integers(200, size=N)),
    "one quantity in two units": table(HEIGHT, np.round(HEIGHT / 2.54, 1)),
    "grades that go together": table(*(np.round(3 * (LATENT + 0.5 * RNG.normal(size=N))) for _ in range(5))),
    "rounded": table(*RNG.normal(size=(3, N)).round(1)),
    "sparse counts": table(*RNG.poisson(0.3, size=(15, N))),
    "passengers": table(
        RNG.integers(1, 4, N),
        RNG.integers(2, size=N),
        np.where(RNG.random(N) < 0.2, -1, RNG.normal(30, 13, N).round()),
        RNG.choice([7.75, 7.9, 8.05, 13, 26, *RNG.gamma(2, 15, 100).round(2)], N, p=[0.08] * 5 + [0.006] * 100),
    ),
    "continuous": table(*RNG.normal(size=(4, N))),
    "two times, the second before the end of the first": table(ILL, np.floor((8 - ILL) * 12 * DRAWN.random(N)) / 12),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_natural_duplicates_are_explained_by_chance(name):
    share, expected = found(HEALTHY[name])
    assert share <= expected + 0.03


@pytest.mark.parametrize("name", ["rounded", "passengers", "continuous", "grades that go together"])
def test_copies_made_before_the_split_are_not(name):
    share, expected = found(copied(HEALTHY[name], N // 3))
    assert share > expected + 0.1


def test_oversampling_before_the_split_is_not_excused_by_its_own_rate_within_train():
    x = RNG.normal(size=(4, 500))
    frame = pl.concat([table(*x), *[table(*x[:, :60])] * 6])
    matches = match(*parts(frame))
    assert matches.within_train > 0.3
    assert (matches.twin >= 0).mean() > 0.3
    assert matches.chance.mean() < 0.01


def test_a_twin_is_a_training_row_with_the_same_values():
    train, held_out = parts(HEALTHY["a survey"])
    twin = match(train, held_out).twin
    assert (twin >= 0).any()
    assert all((train[t] == held_out[i]).all() for i, t in enumerate(twin) if t >= 0)
    missing = {tuple(row) for row in train}
    assert all(tuple(held_out[i]) not in missing for i in np.flatnonzero(twin < 0))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=30), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_twins_are_found_exactly(rows, cut):
    codes = np.array(rows, dtype=np.int64)
    train, held_out = codes[: max(1, cut % len(rows))], codes[max(1, cut % len(rows)) :]
    known = {tuple(row) for row in train}
    distinct = [len(np.unique(codes[:, j])) for j in range(2)]
    if min(distinct) > 1:
        kept = match(train, held_out).twin >= 0
        determined = len(np.unique(codes, axis=0)) <= max(distinct)
        assert determined or kept.tolist() == [tuple(row) in known for row in held_out]


def test_missing_cells_and_categories_count_as_values():
    frame = pl.DataFrame({"a": [1.0, None, 1.0, None], "b": pl.Series(["x", "y", "x", "y"], dtype=pl.Categorical)})
    codes = column_codes(frame)
    assert codes[0].tolist() == codes[2].tolist()
    assert codes[1].tolist() == codes[3].tolist()
    assert codes[0].tolist() != codes[1].tolist()


def test_texts_are_equal_whatever_their_case_and_punctuation():
    assert hash_text("Hello,  World!") == hash_text("hello world")
    assert hash_text("hello world") != hash_text("hello there world")


def test_images_and_texts_are_hashed_whole():
    images = np.zeros((3, 1, 4, 4), dtype=np.uint8)
    images[2, 0, 1, 1] = 7
    origin = Origin(path="x", sha256="0", rows=3)
    rows = Rows(inputs=images, target=None, numbers=np.arange(3), origin=origin)
    first, second, third = row_hashes(rows)
    assert first == second != third
    texts = Rows(inputs=["A b", "a  B.", "c"], target=None, numbers=np.arange(3), origin=origin)
    assert len(set(row_hashes(texts).tolist())) == 2


def test_positions_leave_out_unused_rows_and_empty_splits():
    assert {name: at.tolist() for name, at in positions(np.array([0, 1, -1, 0], dtype=np.int8)).items()} == {
        "train": [0, 3],
        "val": [1],
    }
