"""Texts as people have them, the tokenizer, and every way in which texts can be unfit to train on."""

import gzip
import json
import shutil

import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.data.encoding.tokens import TextPreprocess
from litmus.data.files.text_files import TextColumns
from litmus.data.module import DataModule
from litmus.data.sources.texts import Text
from litmus.errors import DataError

pytest.importorskip("tokenizers")

GOOD = ["a good film, good fun", "good acting and a good end", "what a good day", "good, really good"]
BAD = ["a bad film, bad jokes", "bad acting and a bad end", "what a bad day", "bad, really bad"]


@pytest.fixture
def table(tmp_path):
    """A CSV of 24 reviews."""
    file = tmp_path / "reviews.csv"
    rows = [
        (text, label, number) for label, texts in (("pos", GOOD), ("neg", BAD)) for number, text in enumerate(texts * 3)
    ]
    pl.DataFrame(rows, schema=["review", "label", "number"], orient="row").write_csv(file)
    return file


@pytest.fixture
def folder(tmp_path):
    """Class folders of eight texts."""
    root = tmp_path / "mail"
    for label, texts in (("ham", GOOD), ("spam", BAD)):
        (root / label).mkdir(parents=True)
        for number, text in enumerate(texts):
            (root / label / f"{number}.txt").write_text(text)
    return root


def read(path, **options):
    return Text(path=str(path), **options).read()


def fitted(texts, **options):
    defaults = {"max_tokens": 16, "vocab_size": 100, "min_count": 1, "lowercase": True}
    return TextPreprocess.fit(texts, columns=TextColumns(), **{**defaults, **options})


def encoded(preprocess, texts, tmp_path):
    file = tmp_path / "new.csv"
    pl.DataFrame({"text": texts}).write_csv(file, quote_style="always")
    return preprocess.encode(preprocess.read(str(file), labelled=False))


def test_a_column_of_a_table_is_read_with_its_target(table):
    rows = read(table, text="review", target="label")
    assert rows.inputs[:4] == GOOD
    assert rows.target.to_list() == ["pos"] * 12 + ["neg"] * 12
    assert rows.target.name == "label"
    assert rows.numbers.tolist() == list(range(24))
    assert rows.notes == ()


def test_without_a_name_the_column_with_the_most_words_is_taken_and_named(table):
    rows = read(table, target="label")
    assert rows.inputs[:4] == GOOD
    assert rows.notes == (
        "texts: column 'review', the only one with several words a cell; data.text=... names another",
    )


def test_other_columns_of_texts_are_named_with_the_override_that_takes_one(table):
    frame = pl.read_csv(table)
    frame = frame.with_columns(
        pl.lit("two words").alias("sub ject"), pl.lit("one").alias("tag"), pl.lit("2024-05-01 12:30").alias("when")
    )
    frame.write_csv(table)
    (note,) = read(table, target="label").notes
    assert note == (
        "texts: column 'review', the one with the most words; others: 'sub ject'; to take one: 'data.text=sub ject'"
    )


@pytest.mark.parametrize("suffix", ["parquet", "csv.gz", "tsv"])
def test_other_kinds_of_tables_are_read_alike(table, tmp_path, suffix):
    frame, file = pl.read_csv(table), tmp_path / f"other.{suffix}"
    if suffix == "parquet":
        frame.write_parquet(file)
    elif suffix == "tsv":
        frame.write_csv(file, separator="\t")
    else:
        file.write_bytes(gzip.compress(table.read_bytes()))
    assert read(file, text="review", target="label").inputs == read(table, text="review", target="label").inputs


def test_quoted_line_breaks_commas_and_any_script_stay_in_the_text(tmp_path):
    texts = ["eins,\nzwei", 'sie sagte "nein"', "你好 世界", "naïve café 🎉"]
    file = tmp_path / "t.csv"
    pl.DataFrame({"text": texts, "y": ["a", "b", "a", "b"]}).write_csv(file)
    assert read(file, text="text", target="y").inputs == texts


def test_numbers_as_targets_are_a_regression(tmp_path):
    file = tmp_path / "t.csv"
    pl.DataFrame({"text": GOOD * 8, "score": [i / 7 for i in range(32)]}).write_csv(file)
    data = DataModule(Text(path=str(file), text="text", target="score"), seed=0)
    data.setup()
    assert data.spec.numeric


def test_class_folders_are_read_in_the_order_of_their_names(folder):
    rows = read(folder)
    assert rows.inputs == GOOD + BAD
    assert rows.target.to_list() == ["ham"] * 4 + ["spam"] * 4
    assert rows.names[4] == "spam/0.txt"


def test_a_byte_order_mark_is_no_part_of_the_text(folder):
    (folder / "ham" / "0.txt").write_bytes(b"\xef\xbb\xbf" + "schöner Tag".encode())
    assert read(folder).inputs[0] == "schöner Tag"


def test_official_splits_of_folders_are_kept(folder, tmp_path):
    for split in ("train", "test"):
        for label in ("ham", "spam"):
            home = tmp_path / "both" / split / label
            home.mkdir(parents=True)
            for number in range(8):
                (home / f"{number}.txt").write_text(f"{label} {number}")
    rows = read(tmp_path / "both")
    assert sorted(set(rows.split)) == ["", "test"]
    assert all(
        (split == "test") == name.startswith("test/") for split, name in zip(rows.split, rows.names, strict=True)
    )


def test_a_second_table_is_the_test_split(table, tmp_path):
    later = tmp_path / "later.csv"
    pl.DataFrame({"review": ["good again", "bad again"], "label": ["pos", "neg"]}).write_csv(later)
    rows = read(table, text="review", target="label", test_path=str(later))
    assert rows.split.tolist() == [""] * 24 + ["test"] * 2
    assert rows.inputs[-1] == "bad again"
    assert rows.numbers.tolist()[-2:] == [0, 1]


def test_columns_of_groups_times_weights_and_splits_are_read_as_in_tables(tmp_path):
    file = tmp_path / "t.csv"
    columns = {"text": GOOD[:2] + BAD[:2], "y": ["a", "a", "b", "b"], "who": ["u", "v", "u", "v"], "when": [3, 1, 2, 4]}
    pl.DataFrame({**columns, "w": [1.0, 0.5, 2.0, 0.0], "part": ["train", "train", "val", "test"]}).write_csv(file)
    rows = read(file, target="y", group="who", time="when", weight="w", split="column", split_column="part")
    assert rows.group.to_list() == ["u", "v", "u", "v"]
    assert rows.time.to_list() == [3, 1, 2, 4]
    assert rows.weight.tolist() == [1.0, 0.5, 2.0, 0.0]
    assert rows.split.tolist() == ["train", "train", "val", "test"]


def test_texts_train_through_the_data_module(table):
    data = DataModule(Text(path=str(table), text="review", target="label"), seed=0)
    data.setup()
    spec = data.spec
    assert (spec.input, spec.task) == ("text", "binary")
    assert spec.in_shape == (data.preprocess.max_tokens,)
    assert spec.vocab_size == data.preprocess.vocab_size
    x = data.splits["train"].x
    assert x.dtype == torch.int64
    assert 0 <= x.min() <= x.max() < spec.vocab_size


def test_words_come_from_the_training_texts_alone(tmp_path):
    file = tmp_path / "t.csv"
    pl.DataFrame({"text": [f"common word{number}" for number in range(40)], "y": ["a", "b"] * 20}).write_csv(file)
    data = DataModule(Text(path=str(file), text="text", target="y", min_count=1), seed=0)
    data.setup()
    known = json.loads(data.preprocess.tokenizer)["model"]["vocab"]
    in_train = {data.rows.inputs[i].split()[1] for i, code in enumerate(data.assignment) if code == 0}
    assert set(known) == {"[PAD]", "[UNK]", "common"} | in_train
    assert (data.splits["val"].x == 1).any(dim=1).all()


def test_texts_are_padded_with_zero_and_cut_at_the_end(tmp_path):
    preprocess = fitted(["one two three four five"], max_tokens=3)
    ids = json.loads(preprocess.tokenizer)["model"]["vocab"]
    x = encoded(preprocess, ["one two", "five four three two one"], tmp_path)
    assert x.tolist() == [[ids["one"], ids["two"], 0], [ids["five"], ids["four"], ids["three"]]]


def test_rows_are_no_longer_than_the_longest_training_text():
    assert fitted(["one two", "three"], max_tokens=128).max_tokens == 2


def test_unknown_words_are_all_one_and_case_counts_where_it_is_asked_for(tmp_path):
    assert encoded(fitted(["good day"]), ["GOOD xyz", "zzz Day"], tmp_path).eq(1).tolist() == [
        [False, True],
        [True, False],
    ]
    assert encoded(fitted(["good day"], lowercase=False), ["GOOD day"], tmp_path).eq(1).tolist() == [[True, False]]


def test_rare_words_are_unknown_and_so_is_what_exceeds_the_vocabulary():
    assert fitted(["a a a b b c"], min_count=2).vocab_size == 4
    assert fitted(["a a a b b c"], vocab_size=3).vocab_size == 3


def test_scripts_without_spaces_are_split_into_characters(tmp_path):
    assert (encoded(fitted(["你好世界"]), ["世界你好"], tmp_path) > 1).sum() == 4


@settings(max_examples=20)
@given(
    st.lists(
        st.text(min_size=1, max_size=40).filter(lambda text: any(c.isalpha() for c in text)), min_size=1, max_size=8
    )
)
def test_state_is_plain_and_restores_an_equal_object(texts):
    preprocess = fitted(["some words", *texts])
    state = json.loads(json.dumps(preprocess.state()))
    assert state["kind"] == "text"
    restored = TextPreprocess.restore(state)
    assert restored == preprocess
    assert restored.vocab_size == preprocess.vocab_size


def test_the_same_texts_give_the_same_tokenizer():
    assert fitted(GOOD + BAD).tokenizer == fitted(GOOD + BAD).tokenizer


def test_texts_that_are_cut_are_counted(table):
    notes = read(table, text="review", target="label", max_tokens=4).notes
    assert notes == ("12 of 24 texts have more than data.max_tokens=4 words: the rest is cut off",)


class TestNewTexts:
    @pytest.fixture
    def preprocess(self, table):
        source = Text(path=str(table), target="label")
        return source.fit(source.read())

    def test_a_table_is_read_by_the_column_trained_on_in_any_order_with_or_without_target(self, preprocess, tmp_path):
        file = tmp_path / "new.csv"
        pl.DataFrame({"remark": ["a very long remark of many more words"], "review": ["good"]}).write_csv(file)
        rows = preprocess.read(str(file), labelled=False)
        assert rows.inputs == ["good"]
        assert rows.target is None
        with pytest.raises(DataError, match=r"target=label: no such column"):
            preprocess.read(str(file), labelled=True)
        pl.DataFrame({"label": ["pos"], "review": ["good"]}).write_csv(file)
        assert preprocess.read(str(file), labelled=False).target.to_list() == ["pos"]
        assert preprocess.read(str(file), labelled=True).target.to_list() == ["pos"]

    def test_a_table_without_the_texts_is_refused(self, preprocess, tmp_path):
        file = tmp_path / "new.csv"
        pl.DataFrame({"reviews": ["good"]}).write_csv(file)
        with pytest.raises(DataError, match=r"data\.text=review: no such column; did you mean 'reviews'\?"):
            preprocess.read(str(file), labelled=False)

    def test_a_folder_or_one_file_is_read_without_labels(self, preprocess, tmp_path):
        (tmp_path / "new").mkdir()
        for name in ("b.txt", "a.txt"):
            (tmp_path / "new" / name).write_text(f"good {name}")
        rows = preprocess.read(str(tmp_path / "new"), labelled=False)
        assert (rows.names, rows.target) == (("a.txt", "b.txt"), None)
        assert preprocess.read(str(tmp_path / "new" / "a.txt"), labelled=False).inputs == ["good a.txt"]

    def test_class_folders_are_read_with_their_labels(self, preprocess, folder):
        assert preprocess.read(str(folder), labelled=True).target.to_list() == ["ham"] * 4 + ["spam"] * 4

    def test_a_model_of_class_folders_takes_labels_from_class_folders_alone(self, folder, table):
        preprocess = Text(path=str(folder)).fit(read(folder))
        assert preprocess.read(str(table), labelled=False).inputs[:4] == GOOD
        with pytest.raises(DataError, match="no column is known to hold the target"):
            preprocess.read(str(table), labelled=True)


CSV_HEAD = "text,y\n"
BROKEN_TABLES = [
    pytest.param(b"", r"the file is empty", id="empty file"),
    pytest.param(CSV_HEAD.encode(), r"row|header|no rows", id="header only"),
    pytest.param(
        b"text,y\ngood,a\n  ,b\n", r"row 1 \(line 3\), column 'text': the text is empty; write one", id="blank text"
    ),
    pytest.param(b"text,y\ngood,a\n,b\n", r"row 1 \(line 3\), column 'text': the text is empty", id="missing text"),
    pytest.param(
        b'text,y\ngood,a\n"",b\n', r"row 1 \(line 3\), column 'text': the text is empty", id="quoted empty text"
    ),
    pytest.param(
        b"text,y\ngood,a\nbad,\n", r"row 1 \(line 3\), column 'y': the target is missing", id="missing target"
    ),
    pytest.param(b"text,y\ngood,a\nbad\n", r"line 3", id="ragged row"),
    pytest.param("text,y\ngrün,a\nbad,b\n".encode("latin-1"), r"line 2: byte 0xfc .* is not UTF-8", id="Latin-1"),
    pytest.param("text,y\ngood,a\n".encode("utf-16")[:-1], r"damaged or cut off UTF-16", id="cut off UTF-16"),
    pytest.param(b"review,y\ngood,a\n", r"data\.text=text: no such column", id="text column misspelled"),
    pytest.param(b"text,label\ngood,a\n", r"data\.target=y: no such column", id="target misspelled"),
    pytest.param(b"PK\x03\x04xxxxxx", r"an Excel workbook or zip archive", id="workbook"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN_TABLES)
def test_a_table_that_is_unfit_is_refused_with_its_place(tmp_path, content, message):
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read(file, text="text", target="y", strict=True)
    assert str(caught.value).startswith(str(file))
    assert len(str(caught.value)) <= 300


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": "review"}, r"data\.target is missing; set it to one of the columns: label, number"),
        ({"target": "label", "group": "label"}, r"data\.target and data\.group are both 'label'; name two columns"),
        ({"target": "label", "split": "group"}, r"data\.split=group needs data\.group=<column>"),
        (
            {"text": "review", "target": "label", "weight": "number", "group": "nobody"},
            r"data\.group=nobody: no such col",
        ),
        ({"text": "label", "target": "label"}, r"data\.text and data\.target are both 'label'; name two columns"),
    ],
)
def test_columns_that_are_not_named_are_asked_for(table, options, message):
    with pytest.raises(DataError, match=message):
        read(table, **options)


BROKEN_FILES = [
    pytest.param(b"", r"the text is empty; write one, or remove the file", id="zero bytes"),
    pytest.param(b" \n\t\n", r"the text is empty", id="blank"),
    pytest.param(
        "one\ntwo grün\n".encode("latin-1"), r"line 2: byte 0xfc is not UTF-8 \(Latin-1, perhaps\)", id="Latin-1"
    ),
    pytest.param("good".encode("utf-16")[:-1], r"byte 0x64 is not UTF-16; save the file as UTF-8", id="cut off UTF-16"),
    pytest.param(b"\x89PNG\r\n\0\0\0", r"not a text file \(it holds zero bytes\)", id="binary"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN_FILES)
def test_a_file_that_is_no_text_is_named(folder, content, message):
    file = folder / "spam" / "2.txt"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read(folder)
    assert str(caught.value).startswith(str(file))


def test_an_empty_class_folder_one_class_and_stray_texts_are_refused(folder):
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: the class folder holds no texts; remove it or add some"):
        read(folder)
    (folder / "empty").rmdir()
    (folder / "stray.txt").write_text("good")
    with pytest.raises(DataError, match=r"stray\.txt: the text stands beside the class folders and has no class"):
        read(folder)
    (folder / "stray.txt").unlink()
    shutil.rmtree(folder / "ham")
    with pytest.raises(DataError, match=r"only one class folder, 'spam', and two are needed"):
        read(folder)


@pytest.mark.parametrize("key", ["text", "target", "group", "time", "weight", "split_column"])
def test_columns_named_for_a_folder_are_refused(folder, key):
    with pytest.raises(DataError, match=rf"data\.{key}=y names a column, and this is a folder"):
        read(folder, **{key: "y"})


def test_a_missing_path_is_refused_with_the_nearest_name(table):
    with pytest.raises(DataError, match=r"no such file; did you mean '.*reviews\.csv'\?"):
        read(table.with_name("review.csv"), target="label")


def test_a_text_without_words_is_refused_with_its_row(tmp_path):
    with pytest.raises(DataError, match=r"new\.csv, row 1: no word in '\\u200b'; write a text"):
        encoded(fitted(["good day"]), ["good", "\u200b"], tmp_path)


def test_texts_without_a_repeated_word_ask_for_a_lower_count():
    with pytest.raises(DataError, match=r"no word occurs 2 times in the training texts; use data\.min_count=1"):
        fitted(["one two", "three"], min_count=2)
