"""A column gives the answer away, alone or with others."""

from collections.abc import Sequence

from litmus.evidence import ClassLeak, Evidence, FeatureLeak, FollowUp, JointLeak, RowFormula
from litmus.statistics import wilson
from litmus.verdict import quantities
from litmus.verdict.context import Context, Judgement, gravest, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import union
from litmus.verdict.verdict import Severity
from litmus.verdict.wording import columns as named_columns
from litmus.verdict.wording import listing, metric, name_from_data, percent, points

ALONE = 0.95
"""How far on the way from chance to perfection one column must lead by itself to be called a leak."""
ALONE_NUMBER = 0.97
"""The same of R2: what physics makes depend on one quantity above all reaches .95 often enough."""
SURELY = 0.85
"""How far it must be for sure, on so many rows."""
FAR_AHEAD = 0.4
"""How far it must be ahead of the next best column where nothing else tells; half of it where a model collapses."""
COLLAPSE = 0.4
"""From this fall without it on, a column that tells classes is a leak on a little less evidence."""
EASED = 0.05
"""How much less evidence that is, on the same way."""
ASKED = 0.9
"""How far a column must lead to a class by itself to be asked about, where it is not called a leak."""
DECISIVE = 0.3
"""How far ahead of the rest a column must be to be asked about, and how much a reference must lose without it."""
BLANK_SURELY, BLANK_FALL = 0.35, 0.15
"""How far which cells are missing must lead for sure, and what a reference must lose without the column; untried, how
far ahead of the best other column it must be."""
EXACT = 0.9999
"""R2 from which a formula of several columns is no measurement but an identity."""
SOME, LITTLE = 0.05, 0.02
"""What a reference must leave unexplained without the columns; the second where nothing else is near them."""
FOLLOWED = 0.03
"""What a reference must lose without how long rows were followed, for that to be asked about. Little is enough: names
and values tell already what such columns are. A convention."""
MANY_TIMES = 5.0
"""How many times as much a reference must err without a leaking column, where it does well all the same."""


def judge(evidence: Evidence, _context: Context) -> Judgement:
    """Columns nearly give the target, far above the rest, and a reference collapses without them."""
    leaks = sorted(
        (leak for leak in evidence.data.leaks if not _is_series(evidence, leak)), key=lambda leak: -leak.score
    )
    names = _leaking(evidence, leaks)
    if (not names or _is_end(evidence, leaks, names)) and (other := _together(evidence)) is not None:
        return other
    leaks = [leak for leak in leaks if not leak.blank or leak.column in names]
    return _alarm(evidence, leaks, names) if names else _strong(evidence, leaks)


def _alarm(evidence: Evidence, leaks: Sequence[FeatureLeak], names: list[str]) -> Judgement:
    """Columns each of which gives the target; those of a formula that gives it too go with them."""
    leak = next((leak for leak in leaks if leak.column in names and _is_leak(evidence, leak)), leaks[0])
    gives = f"{named_columns(names)} alone gives" if len(names) == 1 else f"each of {listing(names)} alone gives"
    if leak.blank:
        cells = [other.column for other in leaks if other.blank and other.column in names]
        gives = f"which cells of {listing(cells, 4)} are missing gives by itself"
    name = evidence.task.primary
    them = "it" if len(leak.together or names) == 1 else "them"
    without = f", without {them} a reference has {points(name, leak.without)}" if leak.without is not None else ""
    formula = evidence.data.formula
    also = "" if formula is None else f"; it is {_words(formula)} as well"
    parts = () if formula is None else (*formula.columns, *formula.also)
    decided = [column for other in leaks if other.column in names for column in other.decides if column not in names]
    if decided:
        also += f"; {listing(decided, 4)} {'follows' if len(decided) == 1 else 'follow'} from it"
    text = f"{gives} {metric(name)} {points(name, leak.score)}, {_rest(evidence, leak)}{without}{also}."
    columns = list(dict.fromkeys((*names, *decided, *parts)))
    return _finding(leak, "error", text, columns, overrides=(union(evidence, "data.drop_columns", columns),))


def _strong(evidence: Evidence, leaks: list[FeatureLeak]) -> Judgement:
    """Columns that tell much of the target and are no plain leaks: a question, or a remark where there are others."""
    if not leaks or len(evidence.data.columns) == 1:
        return None
    leak, name = leaks[0], evidence.task.primary
    if asked := _asked(evidence, leaks):
        return _question(evidence, asked, next(entry for entry in leaks if entry.column == asked[0]))
    if (_way(evidence, leak.score) or 0.0) < _alone(evidence):
        return None
    if (same := _exact(evidence, leaks)) and not _is_few(evidence):
        gives = "alone gives" if len(same) == 1 else "each give"
        text = f"{named_columns(same)} {gives} {metric(name)} {points(name, leak.score)}"
        return _known(evidence, same, text, score=leak.score, full=leak.full)
    columns, value = [entry.column for entry in leaks], points(name, leak.score)
    reach = f"alone reaches {metric(name)} {value}" if len(leaks) == 1 else f"alone reach {metric(name)} up to {value}"
    rest = "" if leak.next_column in columns else f", {_rest(evidence, leak)}"
    return _finding(leak, "info", f"{named_columns(columns)} {reach}{rest}.", columns[:10])


def _exact(evidence: Evidence, leaks: list[FeatureLeak]) -> list[str]:
    """Columns of which the target is a function, whatever others tell; what counts rows or time aside.

    A number may lie on either side of a threshold by nature: of classes only a category, finer than they are, is one.
    """
    kind = "number" if quantities.is_regression(evidence) else "category"
    kinds = {column.name: column.kind for column in evidence.data.columns}
    return [leak.column for leak in leaks if leak.score >= EXACT and kinds.get(leak.column) == kind]


def _rest(evidence: Evidence, leak: FeatureLeak) -> str:
    return f"{leak.next_column or 'the next best column'} {points(evidence.task.primary, leak.next_best)}"


def _finding(
    leak: FeatureLeak, severity: Severity, text: str, columns: list[str], *, overrides: tuple[str, ...] = ()
) -> Judgement:
    return make_finding(
        "target_leakage",
        severity,
        text,
        overrides=overrides,
        columns=columns,
        score=leak.score,
        next_best=leak.next_best,
        next_column=leak.next_column,
        without=leak.without,
        full=leak.full,
    )


def _together(evidence: Evidence) -> Judgement:
    """What several columns give together, or what only the user can know of some."""
    data = evidence.data
    formula, joint = _formula(evidence, data.formula), _joint(evidence, data.joint_leak)
    if (found := gravest(formula, joint, _between(evidence, data.between))) is not None:
        return found
    questions = (
        _of_class(evidence, data.class_leak),
        _followed(evidence, data.follow_up),
        _followed(evidence, data.pieces),
    )
    return next((question for question in questions if question is not None), None)


def _is_series(evidence: Evidence, leak: FeatureLeak) -> bool:
    """Whether it is the date of a number: what lies between its neighbours in time is a series, not given away."""
    dates = {column.name for column in evidence.data.columns if column.kind == "date"}
    return leak.column in dates and quantities.is_regression(evidence)


def _asked(evidence: Evidence, leaks: list[FeatureLeak]) -> list[str]:
    """Columns without which little is left and which are no plain leaks: only the user knows when they are known."""
    if _is_few(evidence):
        return []
    if quantities.is_regression(evidence):
        return [leak.column for leak in leaks if _completes(evidence, leak)]
    return [
        leak.column
        for leak in leaks
        if _surely(evidence, leak) >= ASKED - 3 * EASED
        and (way := _way(evidence, leak.score) or 0.0) >= ASKED
        and way - (_way(evidence, leak.next_best) or 0.0) >= DECISIVE
        and leak.without is not None
        and _fall(evidence, leak) >= DECISIVE
    ]


def _completes(evidence: Evidence, leak: FeatureLeak) -> bool:
    """Whether next to all of a number is told with a column, far ahead of others, and many times less without it.

    In nature one quantity decides many another, but hardly ever so nearly once others are added. Of 3687 numbers in
    packaged tables 46 have such a column; some forty of these are of one account with it, or the same in another scale.
    """
    known = any(column.name == leak.column and column.kind == "number" for column in evidence.data.columns)
    ahead = leak.score - leak.next_best >= FAR_AHEAD / 2
    return known and ahead and _with_it(leak) >= ALONE_NUMBER and _errs_more(evidence, leak, least=SOME)


def _question(evidence: Evidence, columns: list[str], leak: FeatureLeak | JointLeak | FollowUp) -> Judgement:
    """What only the user can know, with both answers."""
    name = evidence.task.primary
    without = max(leak.without or 0.0, quantities.chance(evidence))
    lower, higher = (points(name, value) for value in (without, _with_it(leak)))
    drop, accept = _answers(evidence, columns)
    it, is_it, raises = ("it", "is it", "raises") if len(columns) == 1 else ("them", "are they", "raise")
    if all(evidence.answers.get(f"target_leakage:{column}") == "dropped" for column in columns):
        text = (
            f"{named_columns(columns, 4)}, not known when you predict by your own answer, {raises} {metric(name)} from"
            f" {lower} to {higher}"
        )
        return make_finding("target_leakage", "error", f"{text}.", overrides=(drop,), columns=columns, full=leak.full)
    return make_finding(
        "target_leakage",
        "question",
        f"{metric(name)} is {higher} with {named_columns(columns, 4)}, {lower} without {it}: {is_it} known when you"
        " predict?",
        choices=((drop,), (accept,)),
        columns=columns,
        score=None if isinstance(leak, FollowUp) else leak.score,
        without=leak.without,
        full=leak.full,
    )


def _followed(evidence: Evidence, follow: FollowUp | None) -> Judgement:
    """How long somebody was followed, and pieces of the target, are asked about where a reference lives on them."""
    if follow is None or follow.without is None or _fall(evidence, follow) < FOLLOWED:
        return None
    return _question(evidence, list(follow.columns), follow)


def _answers(evidence: Evidence, columns: list[str]) -> tuple[str, str]:
    """The override that drops the columns, and the one that accepts them."""
    accepted = [f"target_leakage:{column}" for column in columns]
    return union(evidence, "data.drop_columns", columns), union(evidence, "verdict.accept", accepted)


def _joint(evidence: Evidence, leak: JointLeak | None) -> Judgement:
    """A formula of a few columns that gives the target: an error where it is exact or numbers cancel, else a question.

    That columns which cancel each other decide a class may be what is asked: whether a price rose, both prices known.
    """
    if leak is None or leak.without is None or _is_few(evidence):
        return None
    exact = quantities.is_regression(evidence) and leak.score >= EXACT
    collapses = _fall(evidence, leak) >= DECISIVE
    if not collapses and not (
        quantities.is_regression(evidence) and _errs_more(evidence, leak, least=LITTLE if exact else SOME)
    ):
        return None
    columns, name = list(leak.columns), evidence.task.primary
    if leak.equal:
        same, without = (points(name, value) for value in (leak.score, leak.without))
        some = "" if len(columns) == 2 else "two of "
        text = (
            f"Whether {some}{listing(columns, 4)} hold the same number gives {metric(name)} {same}; without them a"
            f" reference has {without}"
        )
        return _known(evidence, columns, text, score=leak.score, full=leak.full)
    opposed = leak.opposed and quantities.is_regression(evidence)
    if not exact and not opposed:
        return _question(evidence, columns, leak)
    kind = "product or quotient" if leak.product else "weighted sum or difference"
    of = "what are logarithms in " if leak.exponential else ""
    alone = f", the best of them alone has {points(name, leak.alone)}" if opposed else ""
    return make_finding(
        "target_leakage",
        "error",
        f"The target follows from a {kind} of {of}{listing(columns, 4)}: {metric(name)} {points(name, leak.score)}"
        f"{alone}; "
        f"without them a reference has {points(name, leak.without)}.",
        overrides=(_answers(evidence, columns)[0],),
        columns=columns,
        score=leak.score,
        alone=leak.alone,
        without=leak.without,
        full=leak.full,
    )


def _formula(evidence: Evidence, leak: RowFormula | None) -> Judgement:
    """A formula of two columns that next to all rows meet: an error where little is left without them."""
    if leak is None or _is_few(evidence):
        return None
    columns, left = [*leak.columns, *leak.also], max(1 - leak.met, 1e-3)
    also = f", and likewise from {listing(list(leak.also), 4)}" if leak.also else ""
    text = f"The target is {_words(leak)} in {percent(leak.met)} of the rows{also}"
    if (
        leak.kind == "total"
        or leak.without is None
        or 1 - leak.without < LITTLE
        or 1 - leak.without < MANY_TIMES * left
    ):
        return _known(evidence, columns, text, met=leak.met, full=leak.full)
    name = evidence.task.primary
    return make_finding(
        "target_leakage",
        "error",
        f"{text}; without {listing(columns, 4) if leak.beside else 'them'} a reference has {metric(name)}"
        f" {points(name, leak.without)}.",
        overrides=(_answers(evidence, columns)[0],),
        columns=columns,
        met=leak.met,
        without=leak.without,
        full=leak.full,
    )


def _words(leak: RowFormula) -> str:
    names, beside = listing(list(leak.columns), 4), listing(list(leak.beside), 4)
    plain = {
        "rest": f"{names} less {beside}",
        "rescaled": f"{names} times a factor for each {beside}",
        "total": f"a plain sum or difference of {names}",
    }
    return plain.get(leak.kind, f"a {leak.kind} of {names}")


def _between(evidence: Evidence, leak: RowFormula | None) -> Judgement:
    """A target that lies between two columns in next to every row, as a day's close between its low and its high."""
    if leak is None or _is_few(evidence):
        return None
    text = f"The target lies between {listing(list(leak.columns))} in {percent(leak.met)} of the rows"
    return _known(evidence, list(leak.columns), text, met=leak.met, full=leak.full)


def _of_class(evidence: Evidence, leak: ClassLeak | None) -> Judgement:
    """A column that tells one class from all others as no other does, where a reference loses much without it.

    All that a class known for sure adds to guesses among k of them is 1/(k - 1) of the way.
    """
    if leak is None or leak.without is None or leak.full is None or _is_few(evidence):
        return None
    worth = 1 / max(len(evidence.task.classes) - 1, 1)
    lost = (_way(evidence, leak.full) or 0.0) - (_way(evidence, leak.without) or 0.0)
    if lost < DECISIVE * worth:
        return None
    sure, rest = (points("balanced_accuracy", value) for value in (leak.score, leak.next_best))
    name = evidence.task.primary
    text = (
        f"{named_columns(list(leak.columns))} alone tells class {name_from_data(leak.label)} from all others (balanced"
        f" accuracy {sure}; the next best column, {leak.next_column}, {rest}); without it a reference has"
        f" {metric(name)} {points(name, leak.without)} in place of {points(name, leak.full)}"
    )
    return _known(evidence, list(leak.columns), text, score=leak.score, full=leak.full)


def _is_end(evidence: Evidence, leaks: Sequence[FeatureLeak], names: list[str]) -> bool:
    """Whether what nearly gives the target is an end of where it lies in next to every row, as a mean of two is.

    All rows show that; how nearly one end alone gives it, only the split's, so that the seed would decide the word.
    """
    between, exact = evidence.data.between, _exact(evidence, list(leaks))
    return between is not None and set(names) <= set(between.columns) - set(exact)


def _known(
    evidence: Evidence,
    columns: list[str],
    text: str,
    *,
    score: float | None = None,
    met: float | None = None,
    full: float | None,
) -> Judgement:
    """Whether columns are known when one predicts, of which the rows themselves show what they are to the target."""
    drop, accept = _answers(evidence, columns)
    dropped = all(evidence.answers.get(f"target_leakage:{column}") == "dropped" for column in columns)
    it = "is it" if len(columns) == 1 else "are they"
    known = ", not known when you predict by your own answer." if dropped else f": {it} known when you predict?"
    return make_finding(
        "target_leakage",
        "error" if dropped else "question",
        f"{text}{known}",
        overrides=(drop,) if dropped else (),
        choices=() if dropped else ((drop,), (accept,)),
        columns=columns,
        score=score,
        met=met,
        full=full,
    )


def _is_few(evidence: Evidence) -> bool:
    """Whether there are but one or two columns: one that gives the target is the problem itself then."""
    inputs = [column for column in evidence.data.columns if column.kind not in {"constant", "dropped"}]
    return bool(inputs) and len(inputs) < 3


def _leaking(evidence: Evidence, leaks: list[FeatureLeak]) -> list[str]:
    """Columns that leak; ids and row numbers on less evidence, because they should say nothing at all."""
    if _is_few(evidence):
        return []
    return list(dict.fromkeys(leak.column for leak in leaks if _is_leak(evidence, leak)))


def _is_leak(evidence: Evidence, leak: FeatureLeak) -> bool:
    kind = next((column.kind for column in evidence.data.columns if column.name == leak.column), "")
    way, after = _way(evidence, leak.score) or 0.0, _way(evidence, leak.next_best) or 0.0
    if leak.blank:
        lost = way - after if leak.without is None or leak.full is None else _fall(evidence, leak)
        return _surely(evidence, leak) >= BLANK_SURELY and lost >= BLANK_FALL
    if kind in {"id", "id-like", "row", "row_number", "index"}:
        return way >= 0.5 and way - after >= 0.15
    collapses = leak.without is not None and leak.full is not None and _fall(evidence, leak) >= COLLAPSE
    eased = EASED if collapses and not quantities.is_regression(evidence) else 0.0
    if way < _alone(evidence) - eased or _surely(evidence, leak) < SURELY - eased:
        return False
    if leak.without is None or leak.full is None:
        return way - after >= FAR_AHEAD  # whether a reference collapses without it was not tried
    least = LITTLE if way - after >= FAR_AHEAD else SOME
    return way - after >= FAR_AHEAD / 2 and (
        _fall(evidence, leak) >= 0.1 or (quantities.is_regression(evidence) and _errs_more(evidence, leak, least=least))
    )


def _alone(evidence: Evidence) -> float:
    return ALONE_NUMBER if quantities.is_regression(evidence) else ALONE


def _errs_more(evidence: Evidence, leak: FeatureLeak | JointLeak, *, least: float) -> bool:
    """Whether a reference leaves many times as much unexplained without the column: near 1 a small fall is large."""
    if leak.without is None:
        return False
    left, missing = (1 - (_way(evidence, value) or 0.0) for value in (_with_it(leak), leak.without))
    return missing >= least and missing >= MANY_TIMES * max(left, 1e-3)


def _surely(evidence: Evidence, leak: FeatureLeak) -> float:
    """The lower bound of how far a one-column model leads on the rows that it was scored on; of R2, how far it does."""
    score, n = leak.score, leak.rows or evidence.data.sizes.get("val", 0)
    way = _way(evidence, score) or 0.0
    if quantities.is_regression(evidence) or not n:
        return way
    if evidence.task.primary == "average_precision":  # close to 1 for every column where the positive class is common
        return _way(evidence, wilson(min(max(score, 0.0), 1.0) * n, n).low) or 0.0
    return wilson(min(max(way, 0.0), 1.0) * n, n).low


def _fall(evidence: Evidence, leak: FeatureLeak | JointLeak | FollowUp) -> float:
    return (_way(evidence, _with_it(leak)) or 0.0) - (_way(evidence, leak.without) or 0.0)


def _with_it(leak: FeatureLeak | JointLeak | FollowUp) -> float:
    """The best that is known with the column: trees do not see every formula that a column's own model does."""
    return leak.full or 0.0 if isinstance(leak, FollowUp) else max(leak.full or 0.0, leak.score)


def _way(evidence: Evidence, value: float | None) -> float | None:
    return quantities.share_of_way(evidence, value)


TARGET_LEAKAGE = Diagnosis(
    name="target_leakage",
    stage=21,
    about="data",
    headline="a column gives the answer away",
    remedy="answering whether the columns are known when you predict: the finding holds an override for each answer",
    leaves_doubt=True,
    says="one column alone, or a sum or product of a few, nearly gives the target; asked where only you can know",
    suggests="`data.drop_columns=[...]`",
    judge=judge,
)
