"""Generators of labelled tables about people and traffic: categories, dates, codes, counts and missing cells."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from cases.third.classes import chosen, empty, yes

START = date(2021, 1, 4)


def dates(days: np.ndarray) -> list[date]:
    """Calendar days from numbers."""
    return [START + timedelta(days=int(one)) for one in days]


def passengers(n: int, seed: int, *, sharp: float = 1.0) -> pl.DataFrame:
    """Who was saved, by cabin class, sex, age and fare; ages and decks are often missing."""
    rng = np.random.default_rng(seed)
    cabin, sex = rng.choice(3, size=n, p=[0.24, 0.21, 0.55]), rng.choice(2, size=n, p=[0.64, 0.36])
    age = np.clip(rng.normal(40 - 5 * cabin, 13), 1, 80)
    fare = np.exp(rng.normal(np.array([4.0, 2.9, 2.3])[cabin], 0.5))
    family = rng.poisson(0.8, n)
    logit = sharp * (2.9 * sex - 1.1 * (cabin - 1) - 0.035 * (age - 30) - 0.3 * family - 1.1 + 1.2 * (age < 12))
    made = pl.DataFrame(
        {
            "cabin": np.array(["first", "second", "third"])[cabin],
            "sex": np.array(["male", "female"])[sex],
            "age": age.round(),
            "fare": fare.round(2),
            "family": family,
            "port": np.array(["S", "C", "Q"])[rng.choice(3, size=n, p=[0.7, 0.2, 0.1])],
            "y": yes(rng, logit),
        }
    )
    return empty(made, ("age", "port"), 0.12, seed)


def census(n: int, seed: int) -> pl.DataFrame:
    """Who earns more than the limit: a quarter, by schooling, hours, age, work, and gains that most have not."""
    rng = np.random.default_rng(seed)
    school, age, hours = rng.integers(6, 17, n), rng.integers(18, 75, n), np.clip(rng.normal(40, 11, n), 5, 90)
    work, married = rng.integers(9, size=n), rng.random(n) < 0.47
    gain = np.where(rng.random(n) < 0.08, np.exp(rng.normal(8, 1, n)), 0)
    effect = np.random.default_rng(321).normal(scale=0.8, size=9)
    logit = 0.5 * (school - 10) + 0.05 * (hours - 40) - 0.003 * (age - 48) ** 2 + 2.4 * married + effect[work] - 2.4
    jobs = ["clerk", "sales", "craft", "service", "manager", "farm", "tech", "driver", "guard"]
    made = pl.DataFrame(
        {
            "age": age,
            "schooling": school,
            "hours": hours.round(),
            "job": np.array(jobs)[work],
            "married": married,
            "gain": gain.round(),
            "y": np.array(["<=50K", ">50K"])[yes(rng, logit + 2.5 * (gain > 0))],
        }
    )
    return empty(made, ("job",), 0.05, seed)


def readmitted(n: int, seed: int, *, sharp: float = 1.2) -> pl.DataFrame:
    """Patients who came back within a month: ward, insurer, day of discharge, laboratory values with tails."""
    rng = np.random.default_rng(seed)
    stays, age, creatinine = rng.poisson(1.2, n), rng.normal(62, 14, n), np.exp(rng.normal(0, 0.45, n))
    ward, day = rng.integers(5, size=n), rng.integers(0, 700, n)
    effect = np.array([0.8, -0.6, 0.2, 1.0, -1.2])
    logit = 0.7 * (stays - 1.2) + 0.04 * (age - 62) + 1.5 * np.log(creatinine) + effect[ward] - 0.5
    made = pl.DataFrame(
        {
            "discharged": dates(day),
            "ward": np.array(["cardiac", "surgery", "general", "renal", "eye"])[ward],
            "insurer": np.array(["state", "private", "none"])[rng.choice(3, size=n, p=[0.7, 0.25, 0.05])],
            "earlier_stays": stays,
            "age": age.round(),
            "creatinine": creatinine.round(2),
            "y": np.array(["no", "yes"])[yes(rng, sharp * logit)],
        }
    )
    return empty(made, ("creatinine", "insurer"), 0.07, seed)


def postcodes(n: int, seed: int, *, codes: int = 40) -> pl.DataFrame:
    """Who answers a letter: mostly by where they live, a code with many levels, and a little by age and income."""
    rule, rng = np.random.default_rng(323), np.random.default_rng(seed)
    effect = rule.normal(scale=2.2, size=codes)
    code, age, income = rng.integers(codes, size=n), rng.integers(20, 80, n), rng.gamma(4, 9, n)
    logit = effect[code] + 0.04 * (age - 50) + 0.03 * (income - 36)
    columns = {"postcode": [f"P{10 + 3 * one}" for one in code], "age": age, "income": income.round(1)}
    return pl.DataFrame({**columns, "y": np.array(["silent", "answered"])[yes(rng, logit)]})


def flights(n: int, seed: int) -> pl.DataFrame:
    """Late or on time by hour, carrier, airport and day of the year."""
    rule, rng = np.random.default_rng(324), np.random.default_rng(seed)
    lines, ports = rule.normal(scale=0.9, size=12), rule.normal(scale=0.8, size=20)
    line, port, hour, day = (
        rng.integers(12, size=n),
        rng.integers(20, size=n),
        rng.integers(5, 24, n),
        rng.integers(0, 365, n),
    )
    wind = rng.gamma(3, 5, n)
    logit = lines[line] + ports[port] + 0.22 * (hour - 14) + 0.09 * (wind - 15)
    return pl.DataFrame(
        {
            "day": dates(day),
            "hour": hour,
            "carrier": [f"{chr(65 + one)}X" for one in line],
            "airport": [f"{chr(65 + one)}{chr(70 + one)}O" for one in port],
            "wind": wind.round(1),
            "miles": np.exp(rng.normal(6.5, 0.6, n)).round(),
            "y": np.array(["ontime", "late"])[yes(rng, 1.4 * logit)],
        }
    )


def ballots(n: int, seed: int, *, kinds: int = 4, items: int = 12, clear: float = 1.0) -> pl.DataFrame:
    """Answers from 1 to 5 to a dozen questions, and the party of whoever gave them."""
    rule, rng = np.random.default_rng(325), np.random.default_rng(seed)
    views = rule.normal(scale=0.9 * clear, size=(kinds, items))
    party = rng.integers(kinds, size=n)
    x = np.clip(np.round(3 + views[party] + rng.normal(scale=1.0, size=(n, items))), 1, 5).astype(int)
    parties = np.array(["green", "red", "blue", "grey", "pink"])
    return pl.DataFrame({**{f"q{i + 1}": x[:, i] for i in range(items)}, "y": parties[party]})


def campaign(n: int, seed: int, *, share: float = 0.1, sharp: float = 2.0) -> pl.DataFrame:
    """Calls of a bank, few of which end in a deposit."""
    rng = np.random.default_rng(seed)
    seconds, age, earlier = np.exp(rng.normal(5.2, 0.8, n)), rng.integers(18, 90, n), rng.poisson(0.5, n)
    job, month = rng.integers(6, size=n), rng.integers(12, size=n)
    effect = np.array([0.6, -0.5, 0.2, -0.8, 0.9, 0.0])
    logit = 1.6 * (np.log(seconds) - 5.2) + 0.7 * earlier + effect[job] + 0.5 * np.cos(month / 12 * 2 * np.pi)
    logit = sharp * (logit - np.quantile(logit, 1 - share))
    months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    return pl.DataFrame(
        {
            "age": age,
            "job": np.array(["student", "worker", "admin", "services", "retired", "other"])[job],
            "month": np.array(months)[month],
            "seconds": seconds.round(),
            "earlier": earlier,
            "y": np.array(["no", "yes"])[yes(rng, logit)],
        }
    )


def trips(n: int, seed: int, *, drivers: int = 80, own: float = 0.4) -> pl.DataFrame:
    """Trips of drivers, many of each, who differ a little: whether a trip was eco, normal or sporty."""
    rng = np.random.default_rng(seed)
    driver = rng.integers(drivers, size=n)
    habit = rng.normal(scale=own, size=(drivers, 5))
    style = rng.integers(3, size=n)
    centre = np.array([[-1, -0.8, 0.6, 0, -0.5], [0, 0, 0, 0, 0], [1.2, 1, -0.6, 0, 0.8]])
    x = 1.3 * centre[style] + habit[driver] + rng.normal(scale=0.7, size=(n, 5))
    columns = dict(zip(("rpm", "braking", "coasting", "load", "speed"), x.T.round(3), strict=True))
    return pl.DataFrame({"driver": driver + 3000, **columns, "y": np.array(["eco", "normal", "sporty"])[style]})


def grid(n: int, seed: int, *, drift: float = 0.2) -> pl.DataFrame:
    """Hours of a power grid in order: whether the price goes up in the next, with a slow drift of demand."""
    rng = np.random.default_rng(seed)
    hour = np.arange(n)
    demand = np.sin(hour / 24 * 2 * np.pi) + drift * hour / n + rng.normal(scale=0.5, size=n)
    wind, gas = rng.gamma(2, 1, n), 1 + np.cumsum(rng.normal(scale=0.01, size=n))
    up = yes(rng, 2.2 * (demand - 0.5 * (wind - 2)))
    columns = {"hour": hour, "demand": demand.round(3), "wind": wind.round(3), "gas": gas.round(3)}
    return pl.DataFrame({**columns, "y": np.array(["down", "up"])[up]})


def triage(n: int, seed: int, *, blur: float = 0.5) -> pl.DataFrame:
    """Five levels of urgency by vital signs, a complaint and the way of arrival."""
    rng = np.random.default_rng(seed)
    pulse, oxygen, pain, age = (
        rng.normal(85, 18, n),
        100 - rng.gamma(2, 2, n),
        rng.integers(0, 11, n),
        rng.integers(1, 95, n),
    )
    complaint = rng.integers(10, size=n)
    effect = np.random.default_rng(329).normal(scale=1.2, size=10)
    score = 0.05 * np.abs(pulse - 75) - 0.3 * (oxygen - 96) + 0.2 * pain + 0.01 * age + effect[complaint]
    score += rng.normal(scale=blur, size=n)
    level = np.digitize(score, [0.6, 1.8, 3.0, 4.4])
    return pl.DataFrame(
        {
            "pulse": pulse.round(),
            "oxygen": oxygen.round(1),
            "pain": pain,
            "age": age,
            "complaint": [f"code_{one}" for one in complaint],
            "ambulance": rng.random(n) < 0.3,
            "y": [f"level_{one + 1}" for one in level],
        }
    )


def hints(n: int, seed: int, *, sharp: float = 0.8) -> pl.DataFrame:
    """Buyers whom the known facts hardly tell: nobody gets far above chance, but surely above it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6))
    visits, device = rng.poisson(3, n), rng.integers(3, size=n)
    logit = sharp * (x[:, 0] - 0.7 * x[:, 1] + 0.25 * (visits - 3) + 0.4 * (device == 1))
    columns = {f"score_{i}": x[:, i].round(3) for i in range(6)}
    columns |= {"visits": visits, "device": np.array(["phone", "desktop", "tablet"])[device]}
    return pl.DataFrame({**columns, "y": np.array(["left", "bought"])[yes(rng, logit)]})


def wards(n: int, seed: int) -> pl.DataFrame:
    """Which of seven shops a customer goes to: by distance, budget and taste, in unequal shares."""
    rule, rng = np.random.default_rng(331), np.random.default_rng(seed)
    x, taste = rng.normal(size=(n, 4)), rng.integers(5, size=n)
    scores = 2.5 * (x @ rule.normal(size=(4, 7)) + rule.normal(size=(5, 7))[taste]) + [1, 0.5, 0, 0, 0, -0.5, -0.5]
    columns = {
        "east": x[:, 0],
        "north": x[:, 1],
        "budget": np.exp(3 + 0.5 * x[:, 2]).round(2),
        "age": 45 + 12 * x[:, 3],
    }
    tastes = np.array(["cheap", "organic", "quick", "local", "any"])[taste]
    return pl.DataFrame({**columns, "taste": tastes, "y": np.array(list("ABCDEFG"))[chosen(rng, scores)]})
