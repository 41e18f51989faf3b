"""Where the bins of each number lie."""

import torch

from litmus.data.encoding.bin_edges import bin_edges


def test_edges_are_quantiles_of_numbers_with_many_values_alone():
    skewed = torch.linspace(0, 4, 400).exp()
    flag, code = (torch.arange(400) % 2).float(), torch.arange(400.0)
    found = bin_edges(torch.stack([skewed, flag, code], dim=1), 2)
    assert len(found) == 2  # the last column is a code
    assert found[1] == ()
    assert len(found[0]) == 17
    assert (found[0][0], found[0][-1]) == (skewed[0].item(), skewed[-1].item())
    inside = [
        int(((skewed > left) & (skewed <= right)).sum()) for left, right in zip(found[0], found[0][1:], strict=False)
    ]
    assert max(inside) - min(inside) <= 1


def test_edges_that_fall_on_one_value_are_one():
    column = torch.cat([torch.zeros(300), torch.arange(1.0, 101)])
    [edges] = bin_edges(column[:, None], 1)
    assert edges == tuple(sorted(set(edges)))
    assert edges.count(0.0) == 1
    assert len(edges) == 6  # three of four rows are 0


def test_few_rows_have_few_bins_or_none():
    assert len(bin_edges(torch.arange(100.0)[:, None], 1)[0]) == 6
    assert bin_edges(torch.arange(39.0)[:, None], 1) == ((),)
