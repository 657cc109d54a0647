"""Tables asked in other words than their own: what a head or a value means."""

from __future__ import annotations

from collections.abc import Sequence

from index.documents import Document
from index.loading.load import load_bytes
from rag.answering.tables.columns import sheets
from rag.answering.tables.plan import plan
from rag.answering.tables.results import results
from tests.conftest import LibraryOf

DEPARTMENTS = ("Sales", "Engineering", "Finance")
DAYS = ("Sat", "Sun", "Mon", "Tue")


def staff() -> Document:
    rows = ["Code,Employee name,Department,Gender,Hired,Salary,Horsepower of car,Day off"]
    for at in range(24):
        gender = "Female" if at % 4 == 0 else "Male"
        rows.append(
            f"SEA{at},Person {at},{DEPARTMENTS[at % 3]},{gender},{2010 + at % 6}-03-{at + 1:02},"
            f"{3000 + 100 * at},{60 + 5 * at},{DAYS[at % 4]}"
        )
    return load_bytes("\n".join(rows).encode(), "staff.csv")


ASKED = {
    ("How many women are in sales?", "count"): (
        "2, the number of rows whose “Department” is “Sales” and “Gender” is “Female”."
    ),
    ("What is the average pay of the men?", "mean"): (
        "4,200, the mean of the column “Salary” over the 18 rows whose “Gender” is “Male”."
    ),
    ("How many engineers were hired in 2011?", "count"): (
        "4, the number of rows whose “Department” is “Engineering” and “Hired” is in 2011."
    ),
    ("How many employees from 2011 have a car with more than 100 hp?", "count"): None,
    ("How many people are off on Sundays?", "count"): (
        "6, the number of rows whose “Day off” is “Sun”."
    ),
    ("What is the median pay of people with Sunday as day off?", "median"): (
        "4,100, the median of the column “Salary” over the 6 rows whose “Day off” is “Sun”."
    ),
    ("How many nurses are there?", "count"): None,
    ("How many women by the sea are there?", "count"): None,
    ("How many people were fired in 2011?", "count"): None,
    ("What is the average pay of the unmarried?", "mean"): None,
    ("What is the average height of the women?", "mean"): None,
}


def test_words_mean_heads_and_values_only_where_that_is_clear(library_of: LibraryOf) -> None:
    document = staff()
    [sheet] = sheets(document)
    library = library_of(document)

    def alike(some: Sequence[str], others: Sequence[str]) -> list[list[float]]:
        found: list[list[float]] = (
            library.embed(tuple(some)) @ library.embed(tuple(others)).T
        ).tolist()
        return found

    told = {}
    for question, how in ASKED:
        found = plan(question, {how: 1.0}, sheet, alike)
        texts = [text for text, _ in results(found)] if found else []
        told[question, how] = " ".join(texts).removeprefix("Computed: ") if found else None
    assert told == ASKED
