"""Tiny files of every name that the documentation's commands read: `python files.py <folder>`."""

import csv
import random
import sys
from pathlib import Path

from PIL import Image

ROWS = 150
WORDS = {
    "spam": ["prize", "winner", "click", "free", "cash"],
    "ham": ["meeting", "lunch", "report", "thanks", "monday"],
}


def customers(dice: random.Random, rows: int = ROWS) -> list[dict[str, object]]:
    """People with what the pages ask of a table: targets of several kinds, a date, groups, a split, ids."""
    made: list[dict[str, object]] = []
    for number in range(rows):
        age, income = round(dice.uniform(18, 80), 1), round(dice.lognormvariate(10, 0.4), 2)
        leaning = (age - 49) / 15 + dice.gauss(0, 0.7)
        made.append(
            {
                "id": f"i{number:05}",
                "name": f"person {number}",
                "customer_id": f"C{dice.randrange(rows // 3):04}",
                "age": age,
                "income": income,
                "zip": dice.choice([10115, 20095, 50667, 80331]),
                "colour": dice.choice(["red", "green", "blue"]),
                "date": f"2025-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}",
                "split": ("train", "train", "train", "val", "test")[number % 5],
                "bought": "yes" if leaning > 0 else "no",
                "state": dice.choice(["kept", "kept", "lost"]),
                "price": round(100 + 2 * age + dice.gauss(0, 10), 2),
                "y": int(leaning + dice.gauss(0, 0.5) > 0),
            }
        )
    return made


def write(folder: Path) -> None:
    """All of them."""
    dice = random.Random(0)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("my", ROWS), ("train", ROWS), ("test", 60), ("new", 40), ("labelled", 60)):
        table(folder / f"{name}.csv", customers(dice, rows))
    predicted = [{"y": dice.choice("ab"), "s": dice.random()} for _ in range(200)]
    table(folder / "preds.csv", [one | {"p": one["y"] if dice.random() < 0.9 else "a"} for one in predicted])
    table(folder / "mails.csv", [{"body": text(dice, label), "label": label} for label in WORDS for _ in range(40)])
    table(folder / "payments.csv", payments(dice))
    table(folder / "visits.csv", visits(dice))
    table(folder / "patients.csv", patients(dice))
    measured = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
    table(folder / "iris.csv", [{name: round(dice.uniform(0.2, 6), 1) for name in measured} for _ in range(10)])
    big(folder)
    for label in WORDS:
        for number in range(15):
            file = folder / "mails" / label / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text(dice, label), encoding="utf-8")
    for code, label in enumerate(("cat", "dog")):
        for number in range(15):
            picture(folder / "photos" / label / f"{number}.png", code, dice)


def patients(dice: random.Random) -> list[dict[str, object]]:
    """As the demo's: a number to predict."""
    rows = [{"age": dice.randint(19, 79), "bmi": round(dice.gauss(26, 4), 1)} for _ in range(ROWS)]
    return [row | {"progression": round(5 * row["bmi"] + dice.gauss(20, 30))} for row in rows]


def visits(dice: random.Random) -> list[dict[str, object]]:
    """As the demo's: customers who come more than once."""
    rows = [
        {"customer_id": f"C{dice.randrange(60):04}", "minutes": round(dice.gammavariate(2, 4), 2)} for _ in range(200)
    ]
    return [row | {"bought": dice.choice(["yes", "no"])} for row in rows]


def payments(dice: random.Random) -> list[dict[str, object]]:
    """As the demo's: few of many are fraud."""
    labels = ["fraud" if number % 20 == 0 else "genuine" for number in range(300)]
    return [
        {"amount": round(dice.lognormvariate(3.5, 1), 2), "risk": dice.gauss(0, 1), "payment": one} for one in labels
    ]


def big(folder: Path) -> None:
    """A table in Parquet."""
    import polars as pl

    dice = random.Random(1)
    pl.DataFrame(
        {"x": [dice.gauss(0, 1) for _ in range(200)], "y": [number % 2 for number in range(200)]}
    ).write_parquet(folder / "big.parquet")


def text(dice: random.Random, label: str) -> str:
    """A short mail."""
    return " ".join([*dice.choices(WORDS[label], k=3), *dice.choices(["the", "a", "you", "and", "of", "to"], k=6)])


def picture(path: Path, code: int, dice: random.Random) -> None:
    """A bar that lies or stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("L", (10, 10))
    image.putdata([dice.randrange(100) + 150 * ((i % 10 if code else i // 10) in {4, 5}) for i in range(100)])
    image.save(path)


def table(path: Path, rows: list[dict[str, object]]) -> None:
    """A CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
