"""Writes the tables of the demo: a real one, visits of customers who come more than once, and payments with some fraud.

The real one has 442 patients and how far their diabetes went within a year. Source: Efron et al. (2004), Least angle
regression, as scikit-learn ships it.
"""

import csv
import math
import random
from pathlib import Path
from typing import Any

from sklearn.datasets import load_diabetes

CUSTOMERS = 300
PAYMENTS = 12_000
FRAUD = 0.02


def patients() -> list[dict[str, Any]]:
    """The real table, in the units of its source."""
    table = load_diabetes(scaled=False)
    names = [*table.feature_names, "progression"]
    return [dict(zip(names, [*row, goal], strict=True)) for row, goal in zip(table.data, table.target, strict=True)]


def visits(dice: random.Random) -> list[dict[str, Any]]:
    """Whether a visit ends in a purchase: by its minutes, and by a habit of the customer that no column tells."""
    rows = []
    for number in range(CUSTOMERS):
        age, income = round(dice.uniform(18, 80), 1), round(dice.lognormvariate(10, 0.4), 2)
        habit = dice.gauss(0, 5)
        for _ in range(dice.randint(2, 7)):
            minutes = round(dice.gammavariate(2, 4), 2)
            leaning = habit + 0.8 * (minutes - 8) + 0.02 * (age - 45)
            buys = dice.random() < 1 / (1 + math.exp(-leaning))
            row = {"customer_id": f"C{number:04}", "age": age, "income": income, "minutes": minutes}
            rows.append(row | {"bought": "yes" if buys else "no"})
    dice.shuffle(rows)
    return rows


def payments(dice: random.Random) -> list[dict[str, Any]]:
    """Fraud is rare, somewhat dearer, somewhat later in the day, and more often abroad."""
    rows = []
    for _ in range(PAYMENTS):
        fraud = dice.random() < FRAUD
        country = dice.choices(("home", "near", "far"), (5, 3, 2) if fraud else (80, 15, 5))[0]
        rows.append(
            {
                "amount": round(dice.lognormvariate(4.2 if fraud else 3.5, 1), 2),
                "hour": int(dice.gauss(17 if fraud else 14, 4)) % 24,
                "country": country,
                "risk": round(dice.gauss(1 if fraud else 0, 1), 3),
                "payment": "fraud" if fraud else "genuine",
            }
        )
    return rows


def write(path: str, rows: list[dict[str, Any]]) -> None:
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    write("patients.csv", patients())
    write("visits.csv", visits(random.Random(1)))
    write("payments.csv", payments(random.Random(2)))
