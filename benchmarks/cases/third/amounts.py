"""Generators of tables whose target is a number: `(rows, seed, ...)` to a frame whose target is `y`."""

import numpy as np
import polars as pl
from sklearn import datasets

from cases.third.classes import empty, named
from cases.third.people import dates


def motor(n: int, seed: int, *, blur: float = 0.25) -> pl.DataFrame:
    """The temperature of a motor, above the usual in tens of degrees, by load, speed and surroundings."""
    rng = np.random.default_rng(seed)
    torque, speed, around, fan = (rng.uniform(-1, 1, n) for _ in range(4))
    y = 1.2 * torque * speed + 0.9 * torque**2 + 0.6 * around - 0.7 * np.tanh(3 * fan) * (speed > -0.3)
    columns = {"torque": 120 + 80 * torque, "rpm": 3000 + 2000 * speed, "ambient": 22 + 12 * around, "fan": fan}
    return pl.DataFrame({**columns, "y": y + rng.normal(scale=blur, size=n)})


def salaries(n: int, seed: int, *, cities: int = 25, blur: float = 0.16, logged: bool = True) -> pl.DataFrame:
    """Pay by years, degree, city of many, and grade; logged, or as it is paid."""
    rule, rng = np.random.default_rng(402), np.random.default_rng(seed)
    place, city = rule.normal(scale=0.25, size=cities), rng.integers(cities, size=n)
    years, degree, grade = rng.gamma(2, 5, n), rng.integers(4, size=n), rng.integers(1, 8, n)
    y = 10.2 + 0.02 * years + 0.14 * degree + 0.1 * grade + place[city] + rng.normal(scale=blur, size=n)
    made = pl.DataFrame(
        {
            "years": years.round(1),
            "degree": np.array(["none", "school", "bachelor", "master"])[degree],
            "grade": grade,
            "city": [f"city_{one:02d}" for one in city],
            "y": y if logged else np.exp(y).round(),
        }
    )
    return empty(made, ("years", "degree"), 0.05, seed)


def fares(n: int, seed: int, *, blur: float = 1.2) -> pl.DataFrame:
    """What a taxi costs: linear in distance and minutes, more at night, and a fee by zone."""
    rng = np.random.default_rng(seed)
    miles = rng.gamma(2, 2, n)
    minutes, night, zone = 4 * miles + rng.gamma(3, 2, n), rng.random(n) < 0.25, rng.integers(5, size=n)
    y = (
        3
        + 1.8 * miles
        + 0.35 * minutes
        + 2.5 * night
        + np.array([0, 1, 0, 4, 2])[zone]
        + rng.normal(scale=blur, size=n)
    )
    columns = {"miles": miles.round(2), "minutes": minutes.round(), "night": night, "zone": [f"z{one}" for one in zone]}
    return pl.DataFrame({**columns, "y": y.round(2)})


def arrivals(n: int, seed: int, *, level: float = 1.2) -> pl.DataFrame:
    """Counts of patients an hour: Poisson in time of day, weekday and weather."""
    rng = np.random.default_rng(seed)
    hour, weekday, warm = rng.integers(24, size=n), rng.integers(7, size=n), rng.normal(size=n)
    x = {"sin_hour": np.sin(hour / 12 * np.pi), "cos_hour": np.cos(hour / 12 * np.pi)}
    rate = np.exp(level - 0.7 * x["cos_hour"] - 0.5 * x["sin_hour"] + 0.3 * warm + 0.4 * (weekday > 4))
    days = np.array(["mo", "tu", "we", "th", "fr", "sa", "su"])[weekday]
    return pl.DataFrame({**x, "weekday": days, "warm": warm.round(2), "y": rng.poisson(rate)})


def marks(n: int, seed: int, *, blur: float = 0.7) -> pl.DataFrame:
    """Reviewers' marks from 1 to 10: whole numbers that are amounts."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5))
    y = 5.5 + x @ [1.2, -0.8, 0.6, 0.4, 0] + 0.6 * x[:, 0] * x[:, 1] + rng.normal(scale=blur, size=n)
    return pl.DataFrame({**named("trait_", x), "y": np.clip(np.round(y), 1, 10).astype(int)})


def rain(n: int, seed: int, *, blur: float = 0.35) -> pl.DataFrame:
    """River flow after rain: positive, with a heavy tail on both sides."""
    rng = np.random.default_rng(seed)
    fell, soaked, slope = rng.gamma(1.2, 12, n), rng.beta(2, 2, n), rng.gamma(3, 2, n)
    season = rng.integers(4, size=n)
    flow = 0.25 * fell * (0.3 + soaked) + 0.4 * slope + np.array([2, 0.5, 0, 1])[season]
    y = flow * np.exp(rng.normal(scale=blur, size=n))
    columns = {"rain_mm": fell.round(1), "soil": soaked.round(3), "slope": slope.round(2)}
    return pl.DataFrame(
        {**columns, "season": np.array(["winter", "spring", "summer", "autumn"])[season], "y": y.round(2)}
    )


def orchard_days(n: int, seed: int) -> pl.DataFrame:
    """Daily yields in order of date, with a season and weather."""
    rng = np.random.default_rng(seed)
    day = np.arange(n)
    sun, water = rng.gamma(3, 2, n), rng.normal(size=n)
    season = np.sin(2 * np.pi * day / 90)
    y = 12 + 3 * season + 0.8 * sun + 1.5 * water + 0.3 * water * season + rng.normal(scale=0.8, size=n)
    columns = {"date": dates(day), "phase": season.round(3), "sun": sun.round(2), "water": water.round(2)}
    return pl.DataFrame({**columns, "y": y.round(2)})


def solar(n: int, seed: int, *, blur: float = 0.12) -> pl.DataFrame:
    """Power of a roof by hour, cloud, season and tilt: never below zero, nil at night."""
    rng = np.random.default_rng(seed)
    hour, cloud, day, heat = rng.uniform(5, 20, n), rng.beta(1, 1.5, n), rng.integers(0, 365, n), rng.normal(18, 7, n)
    light = np.clip(np.sin((hour - 6) / 13 * np.pi), 0, None) * (1 + 0.35 * np.sin((day - 80) / 365 * 2 * np.pi))
    y = np.clip(4 * light * (1 - 0.75 * cloud**1.5) + rng.normal(scale=blur, size=n), 0, None)
    columns = {"hour": hour.round(2), "cloud": cloud.round(2), "day": day, "celsius": heat.round(1)}
    return pl.DataFrame({**columns, "y": y.round(3)})


def batteries(n: int, seed: int, *, cells: int = 90, own: float = 1.0) -> pl.DataFrame:
    """Capacity of cells that are measured many times, and differ a little."""
    rng = np.random.default_rng(seed)
    cell = rng.integers(cells, size=n)
    habit = rng.normal(scale=own, size=cells)
    cycles, heat, depth = rng.uniform(0, 1000, n), rng.normal(25, 8, n), rng.uniform(0.2, 1, n)
    y = 100 - 0.018 * cycles * depth - 0.00001 * cycles**2 - 0.08 * np.abs(heat - 25) + habit[cell]
    columns = {"cell": [f"C-{700 + one}" for one in cell], "cycles": cycles.round(), "celsius": heat.round(1)}
    return pl.DataFrame({**columns, "depth": depth.round(2), "y": (y + rng.normal(scale=0.8, size=n)).round(2)})


def wages(n: int, seed: int, *, blur: float = 1.5) -> pl.DataFrame:
    """What little is known of a wage explains a quarter to a third of it, and no more."""
    rng = np.random.default_rng(seed)
    x, sector = rng.normal(size=(n, 5)), rng.integers(6, size=n)
    y = x @ [0.6, 0.4, -0.4, 0, 0] + np.array([0.6, 0, -0.6, 0.3, 0, -0.3])[sector] + rng.normal(scale=blur, size=n)
    return pl.DataFrame({**named("x", x), "sector": [f"s{one}" for one in sector], "y": y})


def alloy(n: int, seed: int, *, blur: float = 3.0) -> pl.DataFrame:
    """Hardness of an alloy by shares of metals that interact; the noise grows with the hardness."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet([6, 2, 1.5, 1], n)
    quench = rng.uniform(600, 1000, n)
    y = 150 + 260 * shares[:, 1] + 500 * shares[:, 1] * shares[:, 2] - 130 * shares[:, 3] + 0.12 * (quench - 800)
    y += rng.normal(size=n) * blur * y / 150
    columns = dict(zip(("Fe", "Cr", "Ni", "Mn"), (100 * shares).T.round(2), strict=True))
    return pl.DataFrame({**columns, "quench": quench.round(), "y": y.round(1)})


def spectra(n: int, seed: int, *, columns: int = 110, blur: float = 0.2) -> pl.DataFrame:
    """Fat in meat by absorption at many neighbouring wavelengths, which say much the same."""
    rule, rng = np.random.default_rng(412), np.random.default_rng(seed)
    place = np.linspace(0, 1, columns)
    peaks = np.exp(-((place - rule.uniform(size=(6, 1))) ** 2) / 0.01)
    amounts = rng.gamma(3, 0.5, (n, 6))
    x = amounts @ peaks + rng.normal(scale=0.05, size=(n, columns))
    y = amounts @ [1.5, -0.8, 0.5, 0, 0, 0.6] + rng.normal(scale=blur, size=n)
    return pl.DataFrame({**named("nm_", x, 4), "y": y.round(3)})


def charges(n: int, seed: int, *, blur: float = 2500.0) -> pl.DataFrame:
    """Yearly medical charges: smokers who are heavy cost far more; children and regions matter little."""
    rng = np.random.default_rng(seed)
    age, bmi, smoker = rng.integers(18, 65, n), rng.normal(30, 6, n), rng.random(n) < 0.22
    children, region = rng.poisson(1.1, n), rng.integers(4, size=n)
    y = 240 * (age - 18) + 2500 + 450 * children + smoker * (12000 + 17000 * (bmi > 30) + 400 * (bmi - 30))
    columns = {"age": age, "bmi": bmi.round(1), "smoker": smoker, "children": children}
    regions = np.array(["north", "south", "east", "west"])[region]
    return pl.DataFrame({**columns, "region": regions, "y": (y + rng.normal(scale=blur, size=n)).round(2)})


def clicks(n: int, seed: int, *, blur: float = 1.2) -> pl.DataFrame:
    """Seconds on a page in standard units: many rows, many weak effects, all of them significant."""
    rule, rng = np.random.default_rng(414), np.random.default_rng(seed)
    x, kind = rng.normal(size=(n, 12)), rng.integers(8, size=n)
    y = x @ rule.normal(scale=0.3, size=12) + rule.normal(scale=0.5, size=8)[kind] + 0.3 * np.abs(x[:, 0])
    return pl.DataFrame(
        {**named("f", x), "page": [f"page_{one}" for one in kind], "y": y + rng.normal(scale=blur, size=n)}
    )


def reaction(n: int, seed: int, *, blur: float = 0.15) -> pl.DataFrame:
    """The logarithm of a rate: Arrhenius in temperature, powers of concentrations, a catalyst."""
    rng = np.random.default_rng(seed)
    kelvin, first, second = rng.uniform(280, 380, n), rng.uniform(0.1, 2, n), rng.uniform(0.1, 2, n)
    catalyst = rng.integers(3, size=n)
    barrier = np.array([5.0, 3.8, 3.0])[catalyst]
    y = 14 - barrier * 1000 / kelvin + np.log(first) + 0.5 * np.log(second) + rng.normal(scale=blur, size=n)
    columns = {"kelvin": kelvin.round(1), "first": first.round(3), "second": second.round(3)}
    return pl.DataFrame({**columns, "catalyst": np.array(["none", "Pd", "Pt"])[catalyst], "y": y})


def petals(n: int, seed: int) -> pl.DataFrame:
    """How wide a petal is, by the other measures of the same flower."""
    x, kind = datasets.load_iris(return_X_y=True)
    names = ("sepal_length", "sepal_width", "petal_length")
    made = pl.DataFrame(
        {**dict(zip(names, x[:, :3].T, strict=True)), "kind": [f"k{one}" for one in kind], "y": x[:, 3]}
    )
    return made.sample(n, shuffle=True, seed=seed % 1000)


def heating(n: int, seed: int, *, blur: float = 0.9) -> pl.DataFrame:
    """Heating load of buildings on a grid of designs, so that many rows agree in every input."""
    rng = np.random.default_rng(seed)
    shape, height, glass, side = (
        rng.integers(6, size=n),
        rng.integers(2, size=n),
        rng.integers(4, size=n),
        rng.integers(4, size=n),
    )
    y = 8 + 10 * height + 1.5 * shape * (1 + height) + 2.5 * glass + 0.5 * (side == 2) + rng.normal(scale=blur, size=n)
    columns = {"compactness": 0.62 + 0.06 * shape, "height": 3.5 + 3.5 * height, "glazing": glass * 0.1}
    return pl.DataFrame({**columns, "side": np.array(["n", "e", "s", "w"])[side], "y": y.round(2)})


def hulls(n: int, seed: int, *, blur: float = 0.06) -> pl.DataFrame:
    """Drag of hulls, which the speed gives nearly alone, as physics has it; the shape refines it."""
    rng = np.random.default_rng(seed)
    speed, beam, draught = rng.uniform(0.1, 0.5, n), rng.uniform(2.5, 5.5, n), rng.uniform(2.5, 5.5, n)
    y = (speed / 0.3) ** 3 * (1 + 0.06 * (beam - 4) - 0.04 * (draught - 4)) + rng.normal(scale=blur, size=n)
    columns = {"froude": speed.round(3), "beam": beam.round(2), "draught": draught.round(2)}
    return pl.DataFrame({**columns, "prismatic": rng.uniform(0.5, 0.6, n).round(3), "y": y})


def plant(n: int, seed: int) -> pl.DataFrame:
    """Output of a power plant: nearly linear in temperature, pressure, vacuum and humidity."""
    rng = np.random.default_rng(seed)
    heat = rng.normal(20, 7, n)
    vacuum, pressure, humid = (
        54 + 1.5 * (heat - 20) + rng.normal(scale=6, size=n),
        rng.normal(1013, 6, n),
        rng.beta(4, 2, n),
    )
    y = 454 - 1.9 * (heat - 20) - 0.24 * (vacuum - 54) + 0.06 * (pressure - 1013) - 15 * (humid - 0.66)
    columns = {"celsius": heat.round(2), "vacuum": vacuum.round(2), "pressure": pressure.round(2)}
    return pl.DataFrame(
        {**columns, "humidity": (100 * humid).round(1), "y": (y + rng.normal(scale=4, size=n)).round(2)}
    )


def bikes(n: int, seed: int) -> pl.DataFrame:
    """Bicycles hired an hour: two rushes on working days, one hump at weekends, more when it is warm."""
    rng = np.random.default_rng(seed)
    hour, free, warm, wet = rng.integers(24, size=n), rng.random(n) < 0.3, rng.normal(15, 8, n), rng.random(n) < 0.2
    rush = np.exp(-((hour - 8) ** 2) / 4) + 1.2 * np.exp(-((hour - 18) ** 2) / 6)
    hump = 0.9 * np.exp(-((hour - 14) ** 2) / 20)
    rate = 40 + 250 * np.where(free, hump, rush) * (0.6 + 0.03 * warm.clip(0)) * np.where(wet, 0.5, 1)
    columns = {"hour": hour, "free_day": free, "celsius": warm.round(1), "wet": wet, "wind": rng.gamma(2, 5, n).round()}
    return pl.DataFrame({**columns, "y": rng.poisson(rate)})


def flats(n: int, seed: int, *, streets: int = 50, blur: float = 0.25) -> pl.DataFrame:
    """Rents in hundreds by size, floor, age, street of many and heating, with cells missing."""
    rule, rng = np.random.default_rng(421), np.random.default_rng(seed)
    street = rng.integers(streets, size=n)
    size, floor, built, heat = (
        rng.gamma(6, 12, n),
        rng.integers(0, 9, n),
        rng.integers(1900, 2021, n),
        rng.integers(3, size=n),
    )
    y = 2 + 0.09 * size + 0.1 * floor + 0.01 * (built - 1960) + rule.normal(scale=0.8, size=streets)[street]
    y += np.array([0, 0.4, 0.8])[heat] + rng.normal(scale=blur * 2, size=n)
    columns = {"size": size.round(), "floor": floor, "built": built, "street": [f"street {one}" for one in street]}
    made = pl.DataFrame({**columns, "heating": np.array(["coal", "gas", "district"])[heat], "y": y.round(2)})
    return empty(made, ("built", "heating"), 0.08, seed)


def laps(n: int, seed: int) -> pl.DataFrame:
    """Lap times in whole seconds by driver's form, tyres, fuel and weather."""
    rng = np.random.default_rng(seed)
    wear, fuel, heat, tyre = rng.uniform(0, 1, n), rng.uniform(5, 100, n), rng.normal(28, 8, n), rng.integers(3, size=n)
    y = 82 + 9 * wear**2 + 0.09 * fuel + np.array([0, 2, 4])[tyre] - 4 * wear * (tyre == 2) + 0.08 * np.abs(heat - 28)
    columns = {"wear": wear.round(3), "fuel": fuel.round(1), "track": heat.round(1)}
    tyres = np.array(["soft", "medium", "hard"])[tyre]
    return pl.DataFrame({**columns, "tyre": tyres, "y": np.round(y + rng.normal(scale=0.9, size=n)).astype(int)})
