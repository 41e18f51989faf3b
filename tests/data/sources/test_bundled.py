"""The tables that scikit-learn ships, under the names and with the classes that people expect."""

import pytest

from litmus.data.preparation import prepare
from litmus.data.sources.bundled import BreastCancer, Diabetes, Iris, NamedTable, Wine


@pytest.mark.parametrize(
    ("table", "target", "classes", "rows", "features"),
    [
        (BreastCancer(), "diagnosis", ("benign", "malignant"), 569, 30),
        (Iris(), "species", ("setosa", "versicolor", "virginica"), 150, 4),
        (Wine(), "class", ("class_0", "class_1", "class_2"), 178, 13),
        (Diabetes(), "progression", (), 442, 10),
    ],
    ids=["breast_cancer", "iris", "wine", "diabetes"],
)
def test_bundled_tables(table: NamedTable, target: str, classes: tuple[str, ...], rows: int, features: int) -> None:
    data = prepare(table)
    assert (data.spec.target, data.spec.classes) == (target, classes)
    assert len(data.rows) == rows == sum(data.spec.sizes.values())
    assert data.spec.in_shape == (features,)
    assert len(data.rows.origin.sha256) == 64


def test_columns_of_a_bundled_table_can_be_left_out() -> None:
    data = prepare(Iris(drop_columns=("petal width (cm)",), max_rows=90))
    assert "petal width (cm)" not in data.spec.features
    assert data.class_counts["train"] == [18, 18, 18]
