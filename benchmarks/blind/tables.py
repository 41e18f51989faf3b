"""Which real tables the blind half uses, and what each of them predicts.

The rule, fixed before any run: of the CSVs that `make bench-tables` lists by name, those that it does not use itself
(the first and third of every three) with 400 rows or more. Each of them is either a table here, with a target and the
reason for it, or is left out with a reason. Columns that tell the target by how the table was made are dropped; tables
with several rows a person, firm or place are split by that column. Tables of more than 3,000 rows are sampled.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from real_tables import selection as packaged

ROWS = 400
MOST_ROWS = 3000


@dataclass(frozen=True)
class Table:
    """A real table and what it predicts.

    Args:
        name: In the package's folder.
        target: The column to predict.
        classes: Whether the target is one of classes; else it is a number.
        why: Why this target.
        drop: Columns that no model may see.
        group: Column of whose equal values rows belong together; None: rows are independent.
        true: Names of findings that are true of the table as it is.
    """

    name: str
    target: str
    classes: bool
    why: str
    drop: tuple[str, ...] = ()
    group: str | None = None
    true: tuple[str, ...] = ()

    def frame(self) -> pd.DataFrame:
        """The rows that have a target, at most 3,000 (whole groups), in the file's order."""
        frame = candidates()[self.name].drop(columns=list(self.drop))
        frame = frame[frame[self.target].notna()].reset_index(drop=True)
        if len(frame) <= MOST_ROWS:
            return frame
        rng = np.random.default_rng(0)
        if self.group is None:
            keep = np.sort(rng.choice(len(frame), MOST_ROWS, replace=False))
            return frame.iloc[keep].reset_index(drop=True)
        order = rng.permutation(frame[self.group].unique())
        sizes = frame[self.group].value_counts().loc[order].cumsum()
        return frame[frame[self.group].isin(sizes.index[sizes <= MOST_ROWS])].reset_index(drop=True)


@cache
def candidates() -> dict[str, pd.DataFrame]:
    """The tables that the rule names."""
    every = packaged.candidates()
    used = set(list(every)[1::3])
    return {name: table for name, table in every.items() if name not in used and len(table) >= ROWS}


def classes(name: str, target: str, why: str, *, drop: tuple[str, ...] = (), group: str | None = None) -> Table:
    return Table(name, target, classes=True, why=why, drop=drop, group=group)


def numbers(name: str, target: str, why: str, *, drop: tuple[str, ...] = (), group: str | None = None) -> Table:
    return Table(name, target, classes=False, why=why, drop=drop, group=group)


TABLES = (
    classes("Aids2", "status", "dead or alive at the end of the study", drop=("death",)),
    classes("Benefits", "ui", "who applies for unemployment benefits"),
    classes("CNES", "MBSA2", "one answer of a survey from the three others"),
    classes("Catsup", "choice", "the brand that is bought", group="id"),
    classes("Cowles", "volunteer", "who volunteers for research"),
    classes("Fishing", "mode", "the way of fishing", drop=("price", "catch")),  # price and catch of the chosen mode
    classes("Hdma", "deny", "whether a mortgage is denied"),
    classes("Mathlevel", "major", "the subject of study"),
    classes("Mode", "choice", "the means of transport"),
    classes("OFP", "privins", "who has private insurance"),
    classes("Train", "choice", "which of two trains is chosen", drop=("choiceid",), group="id"),
    classes("Treatment", "treat", "who took part in a training programme"),
    classes("UnempDur", "ui", "who claimed unemployment insurance"),
    classes("VerbAgg", "r2", "yes or no to an item", drop=("resp",), group="id"),  # resp is r2 in three steps
    classes("Workinghours", "owned", "who owns a home", drop=("mortgage",)),  # only owners have one
    classes("Yogurt", "choice", "the brand that is bought", group="id"),
    classes("ability", "letter.58", "whether one item is solved, from the others"),
    classes("azcabgptca", "procedure", "bypass or angioplasty"),
    classes("azprocedure", "procedure", "bypass or angioplasty, in several hospitals"),
    classes("bfeed", "smoke", "who smokes"),
    classes("biopsy", "class", "benign or malignant", drop=("ID",)),
    classes("flchain", "death", "who died", drop=("futime", "chapter")),  # time and cause of death
    classes("logan", "occupation", "a son's occupation"),
    classes("mexico", "vote88", "the party that is voted for"),
    classes("midwest", "inmetro", "whether a county is urban", drop=("category",)),  # its last letter is the target
    classes("nwtco", "rel", "relapse of a tumour", drop=("seqno", "edrel", "in.subcohort")),  # sampled by the target
    classes("pbc", "status", "alive, transplanted or dead", drop=("id", "time")),
    classes("rwm1984", "outwork", "who is out of work"),
    classes("sat.act", "gender", "gender, from scores of tests"),
    classes("titanic", "survived", "who survived"),
    classes("turnout", "vote", "who voted"),
    classes("vote92", "vote", "the candidate that is voted for"),
    classes("voteincome", "vote", "who voted", drop=("year",)),
    numbers("BudgetItaly", "wfood", "share of food in spending", drop=("whouse", "wmisc")),  # the shares sum to one
    numbers(
        "BudgetUK", "wfood", "share of food in spending", drop=("wfuel", "wcloth", "walc", "wtrans", "wother")
    ),  # the same
    numbers("Bwages", "wage", "hourly wages", drop=("sex",)),  # read as empty
    numbers("Caschool", "testscr", "a school's score", drop=("readscr", "mathscr", "distcod", "district")),
    numbers("Computers", "price", "price of a computer"),
    numbers("Crime", "crmrte", "crimes a head in a county", group="county"),
    numbers("EmplUK", "emp", "employment of a firm", group="firm"),
    numbers("Forbes2000", "marketvalue", "a company's value", drop=("rank", "name")),  # rank is made from it
    numbers("Griliches", "lw", "logarithm of a wage", drop=("lw80",)),
    numbers("Housing", "price", "price of a house"),
    numbers("LaborSupply", "lnhr", "logarithm of hours worked", group="id"),
    numbers("Males", "wage", "logarithm of a wage", group="nr"),
    numbers("MunExp", "expend", "a town's spending", group="id"),
    numbers("NOxEmissions", "LNOx", "nitrogen oxides in the air, by the hour", group="julday"),
    Table(
        "PSID",
        "earnings",
        classes=False,
        why="yearly earnings",
        drop=("intnum", "persnum"),
        true=("sentinel_values",),  # 98 and 99 years of school, 98 and 99 children
    ),
    numbers("Produc", "gsp", "product of a state", group="state"),
    numbers("SLID", "wages", "hourly wages"),
    numbers("Sitka89", "size", "size of a tree", group="tree"),
    numbers("Somerville", "visits", "visits to a lake"),
    numbers("UKHouseOfCommons", "v1", "share of votes", drop=("y1", "y2", "v2", "v3", "constituency")),  # made from v1
    numbers("VietNamH", "lntotal", "logarithm of a household's spending"),
    numbers("Wages1", "wage", "hourly wages"),
    numbers("dietox", "Weight", "weight of a pig", group="Pig"),
    numbers("mfblong", "bwt", "weight at birth", group="familyid"),
    numbers("nlschools", "lang", "a pupil's score of language", group="class"),
    numbers("quakes", "stations", "how many stations noticed an earthquake"),
    numbers("seals", "delta_long", "movement of seals on a grid"),
    numbers("solder", "skips", "faults of soldering"),
)

LEFT_OUT = {
    "Blackmoor": "the interesting column is one a person",
    "Cigar": "a panel whose states are to be known again",
    "Cigarette": "the same",
    "DM": "a market without predictable columns",
    "Doctor": "a weak count",
    "Fair": "the same survey as another one in bench-tables",
    "Garch": "a market without predictable columns",
    "Hedonic": "the rows of Boston, which bench-tables uses",
    "Ketchup": "nearly the columns of Catsup",
    "ModeChoice": "four rows a person, and no column says which",
    "OME": "trials of a binomial count",
    "PD": "genotypes, mostly missing",
    "PatentsHGH": "lags of one panel",
    "PatentsRD": "a panel of three hundred series",
    "Prostitutes": "one series in time",
    "Snow.streets": "points of a map",
    "SumHes": "a panel of series",
    "airports": "names and places",
    "amis": "speeds without predictable columns",
    "azdrg112": "three yes-no columns",
    "bioChemists": "a weak count",
    "breast_cancer": "Litmus ships it, and its rules were built on it",
    "california_like_diabetes": "the same",
    "datasets": "a list of tables",
    "epi": "57 items of one questionnaire",
    "fair": "a weak, heavy-tailed number with thousands of equal rows",
    "free1": "vignettes",
    "french_fries": "tastes, repeated by person and week",
    "fsnps": "genotypes",
    "grouseticks": "counts, repeated by brood",
    "immi1": "imputations of a table that bench-tables uses",
    "immi2": "the same",
    "immi4": "the same",
    "immi5": "the same",
    "iqitems": "answers that are letters in numbers",
    "kidtran": "censored times",
    "loomis": "indicators of the same columns, and few rows",
    "mdvis": "a weak count",
    "nep499": "genotypes",
    "pneumon": "censored times, and 2 % positive",
    "presidentialElections": "a panel of states",
    "respiratory": "four visits a person, few persons",
    "sitka89": "the rows of Sitka89",
    "std": "censored times",
}
