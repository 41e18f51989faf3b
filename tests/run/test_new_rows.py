"""What a checkpoint knows of its training rows."""

import polars as pl

from litmus.cli import main


def test_a_model_of_texts_in_a_table_trains_and_has_no_profile_of_columns(tmp_path):
    texts = [f"{'good' if i % 2 else 'bad'} thing number {i} of many words" for i in range(80)]
    pl.DataFrame({"text": texts, "mood": ["glad" if i % 2 else "sad" for i in range(80)]}).write_csv("moods.csv")
    words = ["data=text", "data.path=moods.csv", "data.target=mood", "model=text", "trainer.max_epochs=2"]
    assert main(["train", *words, "verdict.probes=off"]) == 0
    assert main(["predict", "checkpoint=last", "input=moods.csv", "output=said.csv"]) == 0
