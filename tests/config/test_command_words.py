"""The words of a command line as Hydra's overrides."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from litmus.config import conf_dir
from litmus.config.command_words import INTERPOLATION, Library, source_of, translate
from litmus.config.keys import PLACE_KEYS
from litmus.errors import ConfigError

LIBRARY = Library((conf_dir(),))
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: text.strip() and text != "null"
)


def value(word: str, *, sweep: bool = False):
    return translate([word], LIBRARY, sweep=sweep).parsed[-1].value()


def test_a_path_too_long_for_a_name_is_text_like_any_other():
    assert value(f"data.path={'a' * 300}") == "a" * 300
    with pytest.raises(ConfigError):
        value("a" * 300)


@settings(deadline=None, max_examples=50)
@given(TEXTS)
def test_paths_columns_and_labels_are_text_whatever_they_hold(text):
    for key in ("data.path", "data.target", "task.positive", "output_dir", "resume"):
        if key in PLACE_KEYS and INTERPOLATION.search(text):  # the name of another key, or of a variable
            continue
        assert str(value(f"{key}={text}")).replace(r"\${", "${") in {text, text.replace(r"\${", "${")}


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("data.path=my data (1).csv", "my data (1).csv"),
        ("data.path=C:\\data\\x.csv", "C:\\data\\x.csv"),
        ("data.target=Survived (yes/no)", "Survived (yes/no)"),
        ("data.target=Unnamed: 0", "Unnamed: 0"),
        ("data.target=2024", "2024"),
        ("data.target=a=b", "a=b"),
        ("data.target=a,b", "a,b"),
        ("data.group=null", None),
        ("task.positive=1", "1"),
        ("task.positive=no", "no"),
        ("task.positive=true", "true"),
        ("name=2024", "2024"),
        ("data.drop_columns=[petal width (cm),b]", ["petal width (cm)", "b"]),
        ("data.drop_columns=id", ["id"]),
        ("data.drop_columns=[2024, 'x,y']", ["2024", "x,y"]),
        ("data.drop_columns=[]", []),
        ("data.features=10", 10),
        ("verdict.accept=[target_leakage:petal width (cm)]", ["target_leakage:petal width (cm)"]),
        ("optimizer.lr=1e-3", 1e-3),
        ("optimizer.lr=.1", 0.1),
        ("model.hidden=[64,64]", [64, 64]),
        ("task.threshold_goal=recall@.95", "recall@.95"),
        ("task.threshold_goal=cost@10:1", "cost@10:1"),
        ("monitor=val/f1", "val/f1"),
        ("data.path='my data (1).csv'", "my data (1).csv"),
        ('data.target="it\'s"', "it's"),
        ("data.target=''quoted''", "'quoted'"),
        ("data.target='null'", "null"),
        ("verdict.probes=off", "off"),
        ("test=false", False),
    ],
)
def test_what_a_word_means(word, meant):
    got = value(word)
    assert got == meant
    assert type(got) is type(meant)


@pytest.mark.parametrize("prefix", ["", "+", "++"])
def test_keys_are_forced_in_whether_listed_or_not(prefix):
    assert translate([f"{prefix}model.norm=batch"], LIBRARY).all == ["++model.norm=batch"]


@pytest.mark.parametrize("prefix", ["", "+"])
def test_group_choices_stay_choices(prefix):
    assert translate([f"{prefix}model=linear"], LIBRARY).all == ["model=linear"]


def test_an_option_that_does_not_exist_names_the_nearest_and_all():
    with pytest.raises(
        ConfigError, match=r"model: must be cnn, linear, mlp or text, not 'mpl'; did you mean model=mlp\?"
    ):
        translate(["model=mpl"], LIBRARY)


def test_every_bad_word_is_reported_at_once():
    with pytest.raises(ConfigError) as caught:
        translate(["model=mpl", "optimizer=adm", "epochs", "data.path="], LIBRARY)
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("epochs", "'epochs' is not key=value|is not key=value"),
        ("=3", "is not key=value"),
        ("a b=3", "is not key=value"),
        ("model.hidden=[64,64", r"model\.hidden: cannot read '\[64,64'"),
        ("optimizer.lr=(", "if it is meant as text, quote it"),
        ("data.target=", "data.target: is empty"),
        ("optimizer.lr=.1,.01", "is several values; a sweep needs -m"),
        ("model=mlp,linear", "is several values; a sweep needs -m"),
        ("model.dropout=choice(0,.5)", "is several values; a sweep needs -m"),
    ],
)
def test_a_word_that_cannot_be_read_says_what_to_do(word, message):
    with pytest.raises(ConfigError, match=message):
        translate([word], LIBRARY)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["optimizer.lr=.1,.01"], [0.1, 0.01]),
        (["model.hidden=[8],[32,32]"], [[8], [32, 32]]),
        (["model=mlp,linear"], ["mlp", "linear"]),
        (["data.target=choice(a b,c (x),2024)"], ["a b", "c (x)", "2024"]),
        (["data.target=a,b"], []),
        (["data.drop_columns=[a],[b]"], [["a"], ["b"]]),
    ],
)
def test_in_a_sweep_values_vary_and_text_only_by_choice(words, values):
    found = translate(words, LIBRARY, sweep=True).swept
    parse = OverridesParser.create().parse_override
    assert [parse(f"x={text}").value() for each in found for text in each.sweep_string_iterator()] == values


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("scheduler=null", "scheduler=none"),
        ("callback=null", "++callback.early_stopping=null"),
        ("logger=null", "~logger"),
        ("early_stopping=null", "++callback.early_stopping=null"),
    ],
)
def test_null_leaves_a_group_out_as_far_as_a_run_can_do_without_it(word, meant):
    assert translate([word], LIBRARY).all == [meant]


@pytest.mark.parametrize(
    ("words", "implied"),
    [
        (["data.path=x.csv"], ["data=csv"]),
        (["data.path=x.tsv"], ["data=csv"]),
        (["data.path=x.parquet"], ["data=parquet"]),
        (["data.path=x.csv", "data=text"], ["model=text"]),
        (["data.path=x.csv", "data=text", "model=linear"], []),
        (["data=mnist"], ["model=cnn"]),
        (["data=notes"], ["model=text"]),
        (["data=iris"], []),
    ],
)
def test_a_path_implies_what_reads_it_and_data_imply_a_model_that_can(words, implied):
    assert translate(words, LIBRARY).all[: len(implied)] == implied
    assert len(translate(words, LIBRARY).all) == len(words) + len(implied)


def test_a_folder_of_pictures_and_one_of_texts_are_told_apart(tmp_path: Path):
    for name, write in (("pictures", lambda file: Image.new("L", (2, 2)).save(file)), ("texts", Path.touch)):
        file = tmp_path / name / "cat" / ("1.png" if name == "pictures" else "1.txt")
        file.parent.mkdir(parents=True)
        write(file)
    assert source_of(str(tmp_path / "pictures")) == "image_folder"
    assert source_of(str(tmp_path / "texts")) == "text"


def test_an_experiments_own_source_is_kept(tmp_path: Path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "reviews.yaml").write_text("# @package _global_\ndefaults:\n  - override /data: text\n")
    library = Library((conf_dir(), tmp_path))
    assert "data=csv" not in translate(["experiment=reviews", "data.path=x.csv"], library).all
    assert "data=csv" in translate(["experiment=none", "data.path=x.csv"], Library((conf_dir(), _other(tmp_path)))).all


def _other(folder: Path) -> Path:
    (folder / "other" / "experiment").mkdir(parents=True)
    (folder / "other" / "experiment" / "none.yaml").write_text("# @package _global_\n")
    return folder / "other"
