"""litmus check: what the data are taken for, before anything is trained; nothing is written."""

from pathlib import Path

import pytest

from litmus.cli import main
from litmus.commands.check import _duration


def check(*words: str) -> int:
    return main(["check", *words])


def test_every_column_is_shown_with_its_kind_and_use(shop, capsys):
    text = shop.read_text().splitlines()
    extra = [f"{line},{i},same,{i % 7}" for i, line in enumerate(text[1:])]
    Path("wide.csv").write_text("\n".join([f"{text[0]},customer_id,constant,shop", *extra, ""]))
    words = ["data.path=wide.csv", "data.target=bought", "data.drop_columns=[shop]"]
    assert check(*words) == 0
    told = capsys.readouterr().out
    lines = {line.split()[0]: line for line in told.splitlines() if line}
    assert "number" in lines["x"]
    assert "6%" in lines["x"]
    assert "standardised" in lines["x"]
    assert "4 levels, one-hot" in lines["colour"]
    assert "date parts" in lines["day"]
    assert "not used" in lines["customer_id"]
    assert "not used" in lines["constant"]
    assert "data.drop_columns" in lines["shop"]
    assert "target" in lines["bought"]
    assert "positive class 'yes'" in told
    assert lines["train"].split()[1] == "180"
    assert "26,628 parameters" in told  # of four networks, which see three numbers in nine bins
    assert "expected time: about" in told
    assert [path.name for path in Path().iterdir()] == ["wide.csv"]


def test_a_column_that_gives_the_target_is_named(shop, capsys):
    text = shop.read_text().splitlines()
    leak = [f"{line},{1 if line.endswith('yes') else 0}.{i % 9}" for i, line in enumerate(text[1:])]
    Path("leak.csv").write_text("\n".join([f"{text[0]},refund", *leak, ""]))
    assert check("data.path=leak.csv", "data.target=bought") == 0
    told = capsys.readouterr().out
    assert "error: target_leakage" in told
    assert "refund" in told.partition("target_leakage")[2]
    assert check("data.path=leak.csv", "data.target=bought", "data.checks=off") == 0
    assert "target_leakage" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["data=diabetes"], ["-> regression", "target's", "mean", "SD"]),
        (["data=digits", "model=cnn"], ["images: 8 x 8, 1 channel", "CNN"]),
        (["data=notes", "model=text"], ["texts: at most", "Text"]),
    ],
)
def test_numbers_images_and_texts_are_described(capsys, words, shown):
    assert check(*words) == 0
    told = capsys.readouterr().out
    assert all(word in told for word in shown)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["data.path=none.csv", "data.target=y"], "no such file"),
        (["data=iris", "model.hiden=[3]"], "did you mean model.hidden"),
        (["data=iris", "model=text"], "text"),
    ],
)
def test_what_training_would_refuse_is_refused(capsys, words, reason):
    assert check(*words) == 2
    assert reason in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_durations_are_rounded_to_what_is_worth_saying():
    assert [_duration(s) for s in (0.0001, 0.25, 12.4, 600, 9000)] == ["1 ms", "250 ms", "12 s", "10 min", "2.5 h"]
