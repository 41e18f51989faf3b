"""Numbers that are no measurements, which the model reads as amounts: they stand for missing cells, or are slips."""

from collections.abc import Iterable

from litmus.evidence import Column, Evidence, FarValue
from litmus.verdict.context import Context, Judgement, gravest, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import union
from litmus.verdict.verdict import Finding
from litmus.verdict.wording import figure, listing, percent

APART = 1.0
"""Ranges of the other values from which a value is none of them: no two of them are as far apart. Set on no data."""
APART_AS_CODE, NEARLY = 0.25, 0.75
"""The same of nines, and of nines beside few other values. Set on no data."""
FAR_ZERO = 0.5
"""The same of 0, which may be an amount of its own kind, such as no dose: up to `APART` it is information. Of 13,988
columns of numbers that packages ship some 55 have a zero as far out: missing cells, and doses or logarithms of none.
Of 18,625 columns of 1,194 tables 4 have one beyond `APART` in a twentieth to a half of their cells: missing cells and
logarithms of none, which an alarm is right to name whatever the score."""
MOST_DIGITS = 3
"""Significant digits up to which somebody may have written a number in place of a missing cell; one with more was
measured, such as the inhabitants of the one large town. A convention."""
FEWEST_CODES = 3
"""Distinct other values beside which nines may be a code. A convention."""
FEWEST_OTHERS = 10
"""Distinct other values from which a column measures something: codes have gaps of their own. A convention."""
SOME, MANY, MOST = 0.005, 0.05, 0.5
"""Shares of a column's cells from which it is reported, from which it may cost what is missing, and from which a 0 is
the usual value, as in the product with a column of yes and no. Conventions."""


def judge(evidence: Evidence, context: Context) -> Judgement:
    """A value is repeated outside the rest of a column, far or as nines or the one -1, or a few cells lie beyond."""
    return gravest(_marks(evidence, context), _slips(evidence), _mended(evidence))


def _mended(evidence: Evidence) -> Finding | None:
    """Numbers that were read as missing cells: told, because only the user knows where they come from."""
    mended = [column for column in evidence.data.columns if column.read_as_missing]
    if not mended:
        return None
    column = max(mended, key=lambda column: column.missing)
    others = listing([other.name for other in mended if other is not column], 3)
    return make_finding(
        "sentinel_values",
        "info",
        f"{listing(column.read_as_missing, 3)} in {column.name} was read as missing; {percent(column.missing)} of its"
        f" cells are missing{f'; likewise {others}' if others else ''}.",
        columns=[column.name for column in mended][:10],
        values=list(column.read_as_missing),
        share=column.missing,
    )


def _slips(evidence: Evidence) -> Finding | None:
    """A few cells that lie beyond a gap from all others, as those in another unit do."""
    found = {column.name: column.apart for column in evidence.data.columns if column.apart is not None}
    if not found:
        return None
    column, apart = max(found.items(), key=lambda item: item[1].gap)
    others = listing([name for name in found if name != column], 3)
    rows = listing((str(row) for row in apart.rows), 5)
    return make_finding(
        "sentinel_values",
        "warning",
        f"{apart.count} {'cell' if apart.count == 1 else 'cells'} of {column} {'lies' if apart.count == 1 else 'lie'}"
        f" {figure(apart.gap)} times as far out as all others: another unit, slips, or missing? Look at"
        f" {'row' if apart.count == 1 else 'rows'} {rows}{f'; likewise {others}' if others else ''}.",
        columns=list(found)[:10],
        count=apart.count,
        share=apart.share,
        gap=apart.gap,
        rows=apart.rows,
    )


def _marks(evidence: Evidence, context: Context) -> Finding | None:
    """A value that is repeated."""
    marked = {column.name: far for column in evidence.data.columns if (far := _mark(column)) is not None}
    if not marked:
        return None
    column, far = max(marked.items(), key=lambda item: item[1].share)
    others = listing([name for name in marked if name != column], 3)
    least = APART if far.value == 0 else 0.0
    # references do without the same cells, so that no lead shows what they cost
    sure = context.wanting or far.coded or (far.value == 0 and far.share < MOST)
    return make_finding(
        "sentinel_values",
        "warning" if far.share >= MANY and far.gap >= least and sure else "info",
        f"In {percent(far.share)} of its cells {column} is {figure(far.value)}, {figure(far.gap)} times as far from its"
        f" other values as these span{f'; likewise {others}' if others else ''}.",
        overrides=_named(evidence, marked.values()),
        columns=list(marked)[:10],
        values=[far.value for far in marked.values()][:10],
        shares=[far.share for far in marked.values()][:10],
        gap=far.gap,
    )


def _named(evidence: Evidence, marks: Iterable[FarValue]) -> tuple[str, ...]:
    """The override by which a table's cells with these values count as missing; a table from Python has none.

    It is of all columns, so that a 0, which is an amount in others, is not named in it.
    """
    values = sorted({f"{mark.value:.15g}" for mark in marks if mark.value})
    if evidence.settings.data.path is None or not values:
        return ()
    return (union(evidence, "data.missing_values", values),)


def _mark(column: Column) -> FarValue | None:
    far = column.far
    if far is None or column.kind != "number" or far.share < SOME:
        return None
    measured = far.others >= FEWEST_OTHERS
    if far.value == 0:
        return far if far.gap >= FAR_ZERO and measured else None
    if far.coded:
        near = NEARLY if not measured else 0.0 if far.alone else APART_AS_CODE
        return far if far.gap >= near and far.others >= FEWEST_CODES else None
    return far if far.gap >= APART and measured and _digits(far.value) <= MOST_DIGITS else None


def _digits(value: float) -> int:
    """Significant digits, as a number with up to 15 of them is written."""
    return len(f"{abs(value):.14e}".partition("e")[0].replace(".", "").strip("0"))


SENTINEL_VALUES = Diagnosis(
    name="sentinel_values",
    stage=69,
    about="data",
    headline="numbers in a column may be no measurements",
    explains=("label_noise",),
    leaves_doubt=True,
    remedy="leaving the cells empty that hold no measurement, or writing them in the unit of the others",
    says="a number such as -999 stands for missing cells, or a few cells lie far beyond all others",
    suggests="`data.missing_values=[-999]`",
    judge=judge,
)
