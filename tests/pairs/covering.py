"""Covering arrays: few rows in which every pair of settings appears that may appear together."""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

Factors = Mapping[str, Sequence[str]]
Conflict = Mapping[str, frozenset[str]]
Row = dict[str, str]
CANDIDATES = 3


def clashes(row: Row, conflicts: Sequence[Conflict]) -> bool:
    """Whether a row, whole or in part, holds a conflict: all its factors have one of the values named."""
    return any(all(row.get(factor) in values for factor, values in one.items()) for one in conflicts)


def tuples_of(factors: Factors, strength: int) -> Iterator[Row]:
    """Every combination of values of `strength` different factors."""
    for names in combinations(factors, strength):
        for values in product(*(factors[name] for name in names)):
            yield dict(zip(names, values, strict=True))


def covering_array(
    factors: Factors, conflicts: Sequence[Conflict] = (), *, seed: int = 0, wanted: Sequence[Row] | None = None
) -> list[Row]:
    """Rows without conflicts that hold every tuple wanted, found greedily: each new row takes the most of them.

    Args:
        factors: The values of each factor, the plainest first: it is taken where others cover no more.
        conflicts: Combinations that no row may hold.
        seed: Of the order in which factors and values are tried.
        wanted: What to cover; None: every pair. Those that no row without conflicts can hold are left out.

    Source: Cohen et al. 1997, the AETG system, section 3.
    """
    return _Greedy(factors, conflicts, seed).rows(list(tuples_of(factors, 2) if wanted is None else wanted))


class _Greedy:
    """Each tuple wanted is a bit; a value has the bits of the tuples that it stands in."""

    def __init__(self, factors: Factors, conflicts: Sequence[Conflict], seed: int) -> None:
        self.factors, self.random = factors, random.Random(seed)
        self.about = {name: [one for one in conflicts if name in one] for name in factors}
        bound = {(name, value) for one in conflicts for name, values in one.items() for value in values}
        self.hard = [name for name in factors if all((name, value) in bound for value in factors[name])]
        self.easy = [name for name in factors if name not in self.hard]  # some value of theirs always fits

    def rows(self, wanted: Sequence[Row]) -> list[Row]:
        self.left = (1 << len(wanted)) - 1
        self.alone = sum(1 << place for place, row in enumerate(wanted) if len(row) == 1)
        self.bits = {(name, value): 0 for name, values in self.factors.items() for value in values}
        for place, row in enumerate(wanted):
            for item in row.items():
                self.bits[item] |= 1 << place
        rows = []
        while self.left:
            place = self._any_left()
            first = wanted[place]
            made = [row for row in (self._row(first) for _ in range(CANDIDATES)) if row is not None]
            if made:
                rows.append(max(made, key=lambda row: self._covered(row).bit_count()))
                self.left &= ~self._covered(rows[-1])
            self.left &= ~(1 << place)  # or no row can hold it
        return rows

    def _any_left(self) -> int:
        """The place of some tuple that is left, from a random place on."""
        start = self.random.randrange(self.left.bit_length())
        above = self.left >> start
        return start + (above & -above).bit_length() - 1

    def _row(self, first: Row) -> Row | None:
        """A whole row around `first`, factors in a random order; None if there is none without conflicts."""
        if any(clashes(first, self.about[name]) for name in first):
            return None
        hard = [name for name in self.hard if name not in first]
        easy = [name for name in self.easy if name not in first]
        row = self._settled(first, self.random.sample(hard, len(hard)))
        if row is None:
            return None
        for name in self.random.sample(easy, len(easy)):
            row[name] = next(self._fitting(row, name))
        return {name: row[name] for name in self.factors}

    def _settled(self, row: Row, names: Sequence[str]) -> Row | None:
        """The row with values for these factors too, by looking back where one finds none."""
        if not names:
            return dict(row)
        tried = (self._settled(row | {names[0]: value}, names[1:]) for value in self._fitting(row, names[0]))
        return next((found for found in tried if found is not None), None)

    def _fitting(self, row: Row, name: str) -> Iterator[str]:
        """The values that bring no conflict into the row, most new tuples first, then in the order given."""
        left = self.alone
        for item in row.items():
            left |= self.bits[item]
        left &= self.left
        values = sorted(self.factors[name], key=lambda value: -(left & self.bits[name, value]).bit_count())
        return (value for value in values if not clashes(row | {name: value}, self.about[name]))

    def _covered(self, row: Row) -> int:
        """The bits of the tuples that stand in a whole row: those of no other value of any factor."""
        covered = self.left
        for name, values in self.factors.items():
            for value in values:
                if value != row[name]:
                    covered &= ~self.bits[name, value]
        return covered
