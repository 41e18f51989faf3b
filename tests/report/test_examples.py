import base64
import csv
import io
import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from PIL import Image

from litmus.data.rows import Origin, Rows
from litmus.evidence import Estimate, LabelNoise
from litmus.report.examples import GAP, Example, doubtful, gallery, picture, sheet
from litmus.report.html import render
from litmus.report.mistakes import Choice


def rows_of(inputs, n: int, names=None) -> Rows:
    target = pl.Series("churn", ["no", "yes"] * (n // 2))
    origin = Origin(path="x", sha256="", rows=n)
    return Rows(inputs=inputs, target=target, numbers=np.arange(n), origin=origin, names=names)


@pytest.fixture
def table(scenes):
    scene = scenes["table"]
    noise = LabelNoise(share=Estimate(value=0.1), n=100, rows=(5, 8))
    evidence = replace(scene.evidence, data=replace(scene.evidence.data, noise=noise))
    return replace(scene, evidence=evidence, examples=scene.rows["test"])


def page(scene, verdict, **changes):
    return render(
        verdict, replace(scene.evidence, **changes), title="t", gallery=gallery(scene), doubtful=doubtful(scene)
    )


def test_a_row_of_a_table_shows_the_columns_that_matter_beside_the_training_rows(table):
    (title, examples), *_ = gallery(table)
    assert " taken for " in title
    cells = examples[0].cells
    assert cells[0][0] == "age"
    assert re.fullmatch(r"P\d+", cells[0][2])
    assert {name for name, _, _ in cells} == {"age", "calls", "plan", "vip", "empty"}
    standing = {name: (value, where) for name, value, where in cells}
    assert standing["empty"] == ("missing", "")
    assert re.fullmatch(r"\d+ % of train", standing["plan"][1])
    assert standing["vip"][0] in {"yes", "no"}


def test_the_page_says_how_many_rows_of_the_data_it_holds_and_how_to_leave_them_out(table, make_verdict):
    text = page(table, make_verdict())
    shown = {int(row) for row in re.findall(r", row (\d+)", text)}
    assert f"This page holds {len(shown)} rows of the data; <code>report.rows=false</code>" in text
    bare = replace(table, examples=None)
    assert "This page holds no row of the data." in page(bare, make_verdict())


def test_without_rows_the_worst_ones_are_left_out_too(table, make_verdict):
    worst = ({"row": 77, "target": "no", "pred": "yes", "prob": 0.125},)
    bare = replace(table, examples=None)
    assert "0.125" in page(bare, make_verdict(), worst_rows=worst)
    assert "0.125" not in page(bare, make_verdict(), worst_rows=worst, config={"report": {"rows": False}})


def test_labels_in_doubt_can_be_saved_as_csv(table, make_verdict):
    examples, text = doubtful(table)
    assert [one.choice.row for one in examples] == [5, 8]
    (_, *lines) = csv.reader(io.StringIO(text))
    assert [line[0] for line in lines] == ["5", "8"]
    link = re.search(r'href="data:text/csv;base64,([^"]+)" download="label_errors.csv"', page(table, make_verdict()))
    assert base64.b64decode(link[1]).decode() == text


def test_an_image_of_any_range_is_a_picture_large_enough_to_be_seen(scenes, make_verdict):
    images = np.random.default_rng(0).normal(size=(200, 1, 8, 8)).astype(np.float32)
    scene = replace(scenes["binary"], examples=rows_of(images, 200, tuple(f"f/{i}.png" for i in range(200))))
    example = gallery(scene)[0][1][0]
    content = Image.open(io.BytesIO(base64.b64decode(example.image.partition(",")[2])))
    assert content.size == (96, 96)
    assert example.name == f"f/{example.choice.row}.png"
    assert '<img src="data:image/png;base64,' in page(scene, make_verdict())
    colours = picture(np.zeros((3, 500, 250), dtype=np.uint8))
    assert Image.open(io.BytesIO(base64.b64decode(colours.partition(",")[2]))).size == (96, 192)


def test_the_words_that_weigh_most_are_marked_and_none_of_a_text_is_markup(scenes, make_verdict):
    texts = ["<b>bad</b> film bad " + "so " * 300] * 200
    scene = replace(scenes["binary"], examples=rows_of(texts, 200))
    row = gallery(scene)[0][1][0].choice.row
    text = page(replace(scene, marks={row: ["bad"]}), make_verdict())
    assert "&lt;b&gt;bad&lt;/b&gt; film <mark>bad</mark> so" in text
    assert "… (919 characters)" in text


def test_the_pictures_of_several_rows_make_one_sheet():
    shades = [np.full((1, 8, 8), shade, dtype=np.uint8) for shade in (0, 200)]
    examples = [Example(Choice(0, "typical", "a", "b"), image=picture(one)) for one in shades]
    image = Image.open(io.BytesIO(sheet(examples)))
    assert image.size == (2 * (96 + GAP), 96)
    assert image.getpixel((10, 10)) == (0, 0, 0)
    assert image.getpixel((96 + GAP + 10, 10)) == (200, 200, 200)
    assert sheet([Example(Choice(0, "typical", "a", "b"))]) is None
