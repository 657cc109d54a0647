"""Tables: rows that are found by their cells, and what is computed over them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

import pytest

from index.documents import Document
from index.loading.load import load_bytes
from index.split import split
from index.storage.store import searchable_text
from index.table_heads import head_above
from rag.answer import Answer
from rag.answering.tables.cells import amount, period
from rag.answering.tables.columns import sheets
from rag.answering.tables.plan import Plan, plan
from rag.answering.tables.results import results
from rag.assistant import Assistant
from rag.languages import bounds
from tests.asking import Knowing, answered

SALES = """Region,Year,Product,Revenue,Units sold,Growth
Asia,2019,Kettle,$1.5m,120,4.5%
Asia,2020,Kettle,$2.0m,140,-3.0%
Asia,2020,Oven,n/a,80,(2.5%)
Europe,2019,Kettle,$3.2m,"1,310",1.0%
Europe,2020,Oven,$900k,75,12%
Europe,2021,Oven,$1.1m,90,0%
Africa,2021,Kettle,$0.4m,33,9.5%
Total,,,$9.1m,"1,848",
"""


def sales() -> Document:
    return load_bytes(SALES.encode(), "sales.csv")


# --- what cells say


@pytest.mark.parametrize(
    ("cell", "value", "unit"),
    [
        ("1,234.5", "1234.5", ""),
        ("1 234 567", "1234567", ""),
        ("12%", "12", "%"),
        ("12 per cent", "12", "%"),
        ("$3m", "3000000", "$"),
        ("€1.5bn", "1500000000", "€"),
        ("3 million", "3000000", ""),
        ("(5)", "-5", ""),
        ("(1,200)", "-1200", ""),
        ("−4", "-4", ""),
        ("20 km", "20", "km"),
    ],
)
def test_amounts_are_read_as_people_write_them(cell: str, value: str, unit: str) -> None:
    assert amount(cell) == (Decimal(value), unit)


@pytest.mark.parametrize("cell", ["A5", "12 of 20", "2012-01-01", "about", "F-16", "3-1", ""])
def test_what_is_more_than_an_amount_is_none(cell: str) -> None:
    assert amount(cell) is None


def test_times_are_read_with_their_days() -> None:
    days = {text: period(text) for text in ("2012/02", "Jan 1 2000", "March 2012", "Q1 2012")}
    assert [each and tuple(map(str, each)) for each in days.values()] == [
        ("2012-02-01", "2012-02-29"),
        ("2000-01-01", "2000-01-01"),
        ("2012-03-01", "2012-03-31"),
        None,
    ]


@pytest.mark.parametrize(
    ("text", "sense", "value", "words"),
    [
        ("countries above 80 years", "more", 80, "above 80"),
        ("older than 60", "more", 60, "than 60"),
        ("fewer than 1,000 units", "less", 1000, "fewer than 1,000"),
        ("at least $3m", "least", 3_000_000, "at least $3m"),
        ("5 or more rings", "least", 5, "5 or more"),
        ("a change below -500", "less", -500, "below -500"),
        ("was the change negative", "less", 0, "negative"),
    ],
)
def test_bounds_are_told_with_their_words(text: str, sense: str, value: int, words: str) -> None:
    [found] = bounds(text)
    assert (found.sense, found.value, text[found.start : found.end]) == (sense, value, words)


def test_a_range_has_two_bounds_and_a_plain_number_has_none() -> None:
    assert [(each.sense, each.value) for each in bounds("between 10 and 20 kg")] == [
        ("least", 10),
        ("most", 20),
    ]
    assert bounds("the 20 best of 1999") == ()


def test_columns_are_of_amounts_times_or_words() -> None:
    [sheet] = sheets(sales())
    kinds = ["amounts" if c.amounts else "times" if c.periods else "words" for c in sheet.columns]
    assert kinds == ["words", "times", "words", "amounts", "amounts", "amounts"]
    assert len(sheet.rows) == 7, "the row of sums is none of the others"
    assert sheet.columns[3].amounts[1:3] == [Decimal(2_000_000), None]


def test_a_column_that_numbers_the_rows_is_none_of_amounts() -> None:
    made = "No,Year,Wins\n" + "\n".join(f"{at + 1},{2001 + at},{at * 3}" for at in range(5))
    [sheet] = sheets(load_bytes(made.encode(), "wins.csv"))
    number, year, wins = sheet.columns
    assert number.numbers_rows
    assert not number.amounts
    assert year.periods
    assert wins.amounts


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        (("03/05/2014", "28/02/2015"), ["2014-05-03", "2015-02-28"]),
        (("03/05/2014", "02/28/2015"), ["2014-03-05", "2015-02-28"]),
        (("3.5.2014", "28.2.2015"), ["2014-05-03", "2015-02-28"]),
        (("03/05/2014", "02/08/2015"), []),
        (("13/05/2014", "05/13/2014"), []),
    ],
)
def test_all_dates_of_a_column_tell_whether_the_day_comes_first(
    dates: Sequence[str], days: list[str]
) -> None:
    made = "Date,Wind\n" + "\n".join(f"{each},{at * 3}" for at, each in enumerate(dates))
    [sheet] = sheets(load_bytes(made.encode(), "wind.csv"))
    assert [str(each[0]) for each in sheet.columns[0].periods if each] == days


def test_a_comma_may_stand_before_the_fraction() -> None:
    made = 'Name,Price\nA,"1.234,5"\nB,"1.250"\nC,"12,50"\nD,n/a'
    [sheet] = sheets(load_bytes(made.encode(), "prices.csv"))
    assert sheet.columns[1].amounts == [Decimal("1234.5"), 1250, Decimal("12.50"), None]
    made = 'Name,Price\nA,"1,234"\nB,"1,250,000"\nC,12.5'
    [sheet] = sheets(load_bytes(made.encode(), "prices.csv"))
    assert sheet.columns[1].amounts == [1234, 1_250_000, Decimal("12.5")]


def test_a_row_of_sums_is_none_of_the_rows_whatever_it_is_called() -> None:
    rows = "".join(f"Town {at},{at * 37 + 5},{at}\n" for at in range(1, 8))
    total = sum(at * 37 + 5 for at in range(1, 8))
    [sheet] = sheets(load_bytes(f"Town,People,Parks\n{rows}Kreis,{total},\n".encode(), "t.csv"))
    assert len(sheet.rows) == 7
    [sheet] = sheets(load_bytes(f"Town,People,Parks\n{rows}Kreis,{total + 1},\n".encode(), "t.csv"))
    assert len(sheet.rows) == 8


def test_columns_tell_whether_something_is_so() -> None:
    made = "Name,Paid,Sold,Rank\nA,yes,1,1\nB,no,0,2\nC,,1,1"
    [sheet] = sheets(load_bytes(made.encode(), "paid.csv"))
    assert [sorted(each.whether) for each in sheet.columns] == [[], [0], [0, 2], []]


# --- what is asked


def test_a_time_that_cannot_be_read_is_the_last_group() -> None:
    times = ["later", *["June 2020", "May 2020"] * 10]
    rows = [f"{place},{when}" for place, when in enumerate(times)]
    [sheet] = sheets(load_bytes("\n".join(["Place,When", *rows]).encode(), "t.csv"))
    [_, when] = sheet.columns
    assert when.periods
    assert list(when.groups) == ["May 2020", "June 2020", "later"]


def planned(question: str, how: str, document: Document) -> list[Plan | None]:
    """Read a question against each of the tables, as if no two words meant the same."""
    nothing_alike = lambda some, others: [[0.0] * len(others) for _ in some]  # noqa: E731
    return [plan(question, {how: 1.0}, sheet, nothing_alike) for sheet in sheets(document)]


@pytest.mark.parametrize(
    ("question", "how", "column", "rows"),
    [
        ("What was the total revenue in Asia?", "sum", "Revenue", [0, 1, 2]),
        ("total revenue of Asia and Africa", "sum", "Revenue", [0, 1, 2, 6]),
        ("What was the mean growth of kettles in 2019?", "mean", "Growth", [0, 3]),
        ("the highest growth since 2020", "highest", "Growth", [1, 2, 4, 5, 6]),
        ("the lowest growth between 2019 and 2020", "lowest", "Growth", [0, 1, 2, 3, 4]),
        ("How many regions are in the table?", "count", "Region", [0, 1, 2, 3, 4, 5, 6]),
        ("In how many regions was the growth negative?", "count", "Region", [1, 2]),
        ("number of regions with more than 100 units sold", "count", "Region", [0, 1, 3]),
    ],
)
def test_a_question_names_a_column_and_rows(
    question: str, how: str, column: str, rows: list[int]
) -> None:
    [found] = planned(question, how, sales())
    assert found is not None
    assert found.column is not None
    assert (found.column.head, list(found.rows)) == (column, rows)


@pytest.mark.parametrize(
    ("question", "how"),
    [
        ("What was the total revenue in Bavaria?", "sum"),
        ("What was the total revenue in 1998?", "sum"),
        ("total cost in Asia", "sum"),
        ("What was the average growth for each seller?", "mean"),
        ("total revenue per year and region", "sum"),
        ("average growth of the region of the north", "mean"),
        ("How many kettles were not sold in Asia or before 2020?", "count"),
        ("How many ships passed the strait?", "count"),
        ("How many units were sold?", "count"),
        ("What is the average number of employees in Asia?", "mean"),
        ("Which kettle of Siemens had the highest growth?", "highest"),
    ],
)
def test_what_the_table_does_not_tell_is_not_computed(question: str, how: str) -> None:
    assert planned(question, how, sales()) == [None]


WORKERS = """Name,Team,Office,Salary,Age,Remote
Ada,Sales,Oslo,52000,31,yes
Ben,Sales,Bergen,48000,45,no
Cleo,Design,Oslo,61000,29,yes
Dan,Design,Bergen,57000,52,no
Eva,Support,Oslo,39000,38,yes
Finn,Support,Oslo,41000,24,yes
Gro,Sales,Oslo,50000,60,no
"""


@pytest.mark.parametrize(
    ("question", "how", "told"),
    [
        ("median salary", "median", "50,000, the median of the column “Salary” over all 7 rows."),
        (
            "the three highest salaries",
            "highest",
            "the 3 highest values of the column “Salary”, out of all 7 rows: Cleo, 61,000; "
            "Dan, 57,000; Ada, 52,000.",
        ),
        (
            "top 2 by age in the Oslo office",
            "highest",
            "the 2 highest values of the column “Age”, out of the 5 rows where “Office” is “Oslo”: "
            "Gro, 60; Eva, 38.",
        ),
        (
            "Who has the second lowest salary?",
            "lowest",
            "Finn, with 41,000 in the column “Salary”, the 2nd lowest of all 7 rows.",
        ),
        (
            "average salary per team",
            "mean",
            "the mean of the column “Salary” for each “Team”, over all 7 rows: Sales: 50,000; "
            "Design: 59,000; Support: 40,000.",
        ),
        (
            "how many workers in each office",
            "count",
            "the number of rows for each “Office”, over all 7 rows: Oslo: 5; Bergen: 2.",
        ),
        (
            "Which team has the highest average age?",
            "highest",
            "the mean of the column “Age” for each “Team”, over all 7 rows; the highest: Sales, "
            "with 45.33.",
        ),
        (
            "Which office has the highest total salary?",
            "highest",
            "the sum of the column “Salary” for each “Office”, over all 7 rows; the highest: "
            "Oslo, with 243,000.",
        ),
        (
            "Which team has the most workers?",
            "highest",
            "the number of rows for each “Team”, over all 7 rows; the highest: Sales, with 3.",
        ),
        (
            "What percentage of the workers is in Bergen?",
            "share",
            "28.57%, 2 of 7 rows, those where “Office” is “Bergen”, out of all 7 rows.",
        ),
        (
            "what share of the workers in Sales is remote",
            "share",
            "33.33%, 1 of 3 rows, those where “Remote” is “yes”, out of the 3 rows where “Team” "
            "is “Sales”.",
        ),
        (
            "How many workers are not remote?",
            "count",
            "there are 3 rows where “Remote” is not “yes”.",
        ),
        (
            "How much more is the salary of Ada than that of Ben?",
            "difference",
            "4,000, the difference in the column “Salary” between 52,000 for “Ada” and 48,000 for "
            "“Ben”.",
        ),
        (
            "difference of the average age between Design and Support",
            "difference",
            "9.5, the difference in the mean of the column “Age” between 40.5 for “Design” over 2 "
            "rows and 31 for “Support” over 2 rows.",
        ),
        (
            "difference between the highest and the lowest salary",
            "difference",
            "22,000, the difference between the lowest value, 39,000, and the highest, 61,000, of "
            "the column “Salary” over all 7 rows.",
        ),
        (
            "Which office has the second highest average salary?",
            "highest",
            "the mean of the column “Salary” for each “Office”, over all 7 rows; the 2nd highest: "
            "Oslo, with 48,600.",
        ),
        (
            "share of the salary per team",
            "share",
            "the share of the column “Salary” for each “Team”, out of all 7 rows: Sales: 43.10%, "
            "150,000 of 348,000; Design: 33.91%, 118,000 of 348,000; Support: 22.99%, 80,000 of "
            "348,000.",
        ),
        (
            "average salary of workers older than 40",
            "mean",
            "51,666.67, the mean of the column “Salary” over the 3 rows where “Age” is more than "
            "40.",
        ),
    ],
)
def test_what_is_computed_is_said_with_its_rows(question: str, how: str, told: str) -> None:
    document = load_bytes(WORKERS.encode(), "workers.csv")
    [sheet] = sheets(document)

    def alike(some: Sequence[str], others: Sequence[str]) -> list[list[float]]:
        return [[float("old" in one and "Age" in other) for other in others] for one in some]

    found = plan(question, {how: 1.0}, sheet, alike)
    assert found is not None
    assert " ".join(text for text, _ in results(found)) == f"Computed: {told}"


@pytest.mark.parametrize(
    ("question", "how"),
    [
        ("How many workers are in Sales or remote?", "count"),
        ("average salary in team nine", "mean"),
        ("top 3 of the offices by salary", "highest"),
        ("Which team has the most salary?", "highest"),
        ("average salary per team and office", "mean"),
        ("How many workers have more than 3 children?", "count"),
        ("difference between Ada and Ben", "difference"),
        ("What percentage of the workers is in Bergen and remote?", "share"),
        ("the highest average", "highest"),
    ],
)
def test_what_may_mean_more_than_one_thing_is_not_computed(question: str, how: str) -> None:
    assert planned(question, how, load_bytes(WORKERS.encode(), "workers.csv")) == [None]


def test_a_superlative_of_one_thing_is_not_the_most_things() -> None:
    """“The loudest unit” is none of how many units there are."""
    sheet = load_bytes(b"Treatment,Units,Before\nMoved,5,43.5\nScreen,9,41\nLined,3,40\n", "t.csv")
    assert planned("which was the loudest unit", "highest", sheet) == [None]
    [most] = planned("which treatment has the most units", "highest", sheet)
    assert most
    assert most.column
    assert most.column.head == "Units"


# --- answers


@pytest.fixture
def ask(knowing: Knowing) -> Assistant:
    prose = load_bytes(
        b"The kettle was invented in Asia. Twelve soldiers took part in the landing of 1944.",
        "prose.txt",
    )
    return knowing(sales(), prose)


def computed(assistant: Assistant, question: str, how: str) -> Answer:
    answer = answered(assistant, question, f"compute/{how}")
    assert answer is not None
    assert answer.sentences[0].citations
    for quote in answer.citations:
        assert quote.document.text[quote.start : quote.end] == quote.text
    return answer


def test_a_sum_says_how_it_was_computed_and_cites_the_rows(ask: Assistant) -> None:
    answer = computed(ask, "What was the total revenue in Asia?", "sum")
    assert answer.sentences[0].text == (
        "Computed: $3,500,000, the sum of the column “Revenue” over the 3 rows where “Region” is "
        "“Asia”, leaving out 1 row without a value."
    )
    [rows] = answer.citations
    assert rows.text.splitlines()[0] == "Asia | 2019 | Kettle | $1.5m | 120 | 4.5%"
    assert rows.words == "$1.5m … $2.0m"


def test_the_highest_names_its_row_and_marks_its_cell(ask: Assistant) -> None:
    answer = computed(ask, "Which product had the highest growth in Europe?", "highest")
    assert answer.sentences[0].text == (
        "Computed: Oven, with 12% in the column “Growth”, the highest of the 3 rows where “Region” "
        "is “Europe”."
    )
    [row] = answer.citations
    assert row.words == "12%"
    assert row.cell is not None
    assert (row.cell.row, row.cell.column) == ("Europe, 2020", "Growth")


def test_the_only_cell_that_is_meant_is_quoted_and_not_computed(ask: Assistant) -> None:
    answer = ask.ask("What were the units sold of ovens in Europe in 2021?", use_llm=False)
    assert answer.way == "compute"
    assert answer.text == (
        "90 (Region: Europe; Year: 2021; Product: Oven; Revenue: $1.1m; Units sold: 90; "
        "Growth: 0%).[1]"
    )
    [quote] = answer.citations
    assert quote.words == "90"


def test_means_and_counts(ask: Assistant) -> None:
    mean = computed(ask, "What is the average growth in 2020?", "mean")
    assert mean.text.startswith("Computed: 2.167%, the mean of the column “Growth” over the 3 rows")
    count = computed(ask, "How many regions are in the table?", "count")
    assert count.text.startswith("Computed: there are 3 different values in the column")


def test_many_rows_are_cited_by_the_first_and_their_number(knowing: Knowing) -> None:
    rows = "\n".join(f"Buoy {at},{at % 7}" for at in range(40))
    answer = computed(
        knowing(f"Buoy,Waves\n{rows}", "buoys.csv"), "What is the sum of the waves?", "sum"
    )
    assert sum(quote.text.count("Buoy") for quote in answer.citations) == 10
    assert answer.message == "The footnotes show the first 10 of 40 rows."


def test_two_tables_that_fit_alike_are_not_computed_from(knowing: Knowing) -> None:
    other = load_bytes(SALES.replace("120", "121").encode(), "other.csv")
    assert (
        answered(knowing(sales(), other), "What was the total revenue in Asia?", "compute/sum")
        is None
    )


def test_without_a_table_that_fits_evidence_is_asked(ask: Assistant) -> None:
    answer = ask.ask("How many soldiers took part in the landing?", use_llm=False)
    assert answer.way == "evidence"
    assert "Twelve soldiers" in answer.text


def test_a_question_is_routed_to_a_computation(ask: Assistant) -> None:
    answer = ask.ask("What was the total revenue in Europe?", use_llm=False)
    assert answer.way == "compute"
    assert answer.text.startswith("Computed: $5,200,000,")


WAGES = """Name,Sex,Town,Wage
Ada,female,Ost,31
Ben,male,Ost,24
Cleo,female,West,35
Dan,male,West,28
"""


def test_a_word_that_means_a_value_is_no_name_of_all_rows(knowing: Knowing) -> None:
    assistant = knowing(WAGES, "wages.csv")
    assert assistant.ask("What is the average wage of the women?", use_llm=False).way == "evidence"
    answer = assistant.ask("What is the average wage of the female?", use_llm=False)
    assert answer.text.startswith("Computed: 33,")


# --- rows of long tables


def long_sheet(rows: int = 2000) -> tuple[Document, dict[tuple[str, int], int]]:
    """Return a sheet of similar rows, with the revenue of each region and year."""
    rng = random.Random(7)
    regions = ("Asia", "Europe", "Africa", "North America", "South America")
    lines, known = ["Region,Country,Year,Revenue,Costs"], {}
    for at in range(rows):
        region, year = regions[at % 5], 1622 + at // 5
        known[region, year] = rng.randrange(10_000, 99_999)
        lines.append(f"{region},All,{year},{known[region, year]},{rng.randrange(10_000, 99_999)}")
    return load_bytes("\n".join(lines).encode(), "sheet.csv"), known


def test_a_passage_below_the_head_of_its_table_is_found_by_it_too() -> None:
    document, _ = long_sheet(100)
    passages = split(document)
    assert len(passages) > 2
    head = "Region | Country | Year | Revenue | Costs"
    assert [searchable_text(document, each).count(head) for each in passages] == [1] * len(passages)
    markdown = "# A\n\n| Strait | Width |\n|---|---|\n| Osumi | 32 km |\n\nText: a | b."
    assert head_above(markdown, markdown.index("| Osumi")) == "| Strait | Width |"
    assert head_above(markdown, markdown.index("Text")) == ""


def test_a_row_of_two_thousand_is_found_by_its_cells(knowing: Knowing) -> None:
    document, known = long_sheet()
    assistant = knowing(document)
    for region, year in (("Asia", 2021), ("Africa", 1745)):
        answer = assistant.ask(f"What was the revenue of {year} in {region}?", use_llm=False)
        [first, *_] = answer.citations
        assert first.words == str(known[region, year])
        assert first.cell is not None
        assert first.cell.column == "Revenue"
        assert first.cell.row == f"{region}, {year}"


def test_two_thousand_rows_are_computed_over_all() -> None:
    document, known = long_sheet()
    [found] = planned("total revenue in Asia", "sum", document)
    assert found is not None
    [(text, rows)] = results(found)
    total = sum(value for (region, _), value in known.items() if region == "Asia")
    assert f"{total:,}" in text
    assert len(rows) == 400


def test_of_several_tables_of_a_document_the_one_that_fits_is_computed_from() -> None:
    made = "# A\n\n| Town | Rain |\n|---|---|\n| Ost | 3 |\n| West | 5 |\n\n# B\n\n"
    made += "| Town | Wind |\n|---|---|\n| Ost | 7 |\n| West | 9 |\n"
    plans = planned("average wind", "mean", load_bytes(made.encode(), "weather.md"))
    assert [bool(each) for each in plans] == [False, True]
