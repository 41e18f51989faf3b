"""The small set of texts made here."""

import pytest
import torch

from litmus.data.module import DataModule
from litmus.data.sources.notes import SENTENCES, WORDS, Notes
from litmus.loss import auto
from litmus.model.text import Text


def test_the_notes_are_the_same_each_time_and_each_is_written_once():
    one, two = Notes().read(), Notes().read()
    assert one.inputs == two.inputs
    assert one.origin == two.origin
    assert len(set(one.inputs)) == len(one) == 1200
    assert one.target.value_counts()["count"].to_list() == [400] * 3


def test_every_slot_is_filled():
    assert not any("{" in text or "}" in text for text in Notes().read().inputs)
    assert all(f"{{{name}}}" in str(SENTENCES) for name in ("sky", "food", "team"))
    assert all(len(set(words)) == len(words) for words in WORDS.values())


def test_another_size_gives_so_many():
    assert len(Notes(size=31).read()) == 31


@pytest.mark.parametrize(("ambiguous", "low", "high"), [(0.0, 0.98, 1.0), (0.6, 0.55, 0.85)])
def test_a_bag_of_words_tells_all_but_about_half_of_the_ambiguous_notes(ambiguous, low, high):
    pytest.importorskip("tokenizers")
    data = DataModule(Notes(ambiguous=ambiguous), seed=42)
    data.setup()
    torch.manual_seed(0)
    model, loss = Text(vocab_size=data.spec.vocab_size, out_features=3), auto(spec=data.spec)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(8):
        for batch in data.train_dataloader():
            optimizer.zero_grad()
            loss(model(batch.x), batch.y).backward()
            optimizer.step()
    test = data.splits["test"]
    assert low <= (model.eval()(test.x).argmax(1) == test.y).float().mean() <= high
