"""Sets go out to other tools and come back; what is lost on the way is told."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from eval.cases.cases import Case, Evidence, EvidenceSpans, Message, load_set, write_set
from eval.cases.evidence import resolve
from eval.formats.exports import EXPORTS, REFUSAL, Material
from eval.formats.imports import FORMATS, documents_of, read_cases
from eval.running.record import Result
from index.documents import Document
from index.errors import UserError
from tests.test_eval_cases import Shelf
from ui.commands.evaluate import app

PACT = Document.of(
    "The pact was signed on June 28, “at last”.\n\nIt cost 1,700 euros, or 2,000 dollars.",
    title="The pact",
    source="/papers/pact.txt",
)
FLEET = Document.of("Ten ships sailed to Oslo.", title="Fleet", source="/papers/fleet.txt")
SHELF = Shelf(PACT, FLEET)


def evidence(document: Document, words: str, fact: int = 1) -> Evidence:
    start = document.text.index(words)
    end = start + len(words)
    return Evidence(document.name, document.sha256, start, end, words, fact)


CASES = (
    Case(
        "when",
        'When was "the pact" signed, and\nwhere?',
        ("June 28", "28 June"),
        "date",
        (evidence(PACT, "June 28"),),
        must_pass=True,
        tags=("date", "pact"),
        tolerance=1.0,
    ),
    Case(
        "cost",
        "What did it cost?",
        ("1,700 euros;2,000 dollars",),
        "list",
        (evidence(PACT, "1,700 euros"), evidence(PACT, "2,000 dollars", 2)),
        history=(Message("user", "Tell me, of the pact."), Message("assistant", "Yes?")),
    ),
    Case("fleet", "Where did the ships sail?", ("Oslo",), evidence=(evidence(FLEET, "Oslo"),)),
    Case("who", "Who paid, “=cmd|' /C calc'!A0”?", unanswerable=True, tags=("near-miss",)),
)


def material(results: dict[str, Result] | None = None) -> Material:
    facts: dict[str, EvidenceSpans] = {}
    for case in CASES:
        numbers = sorted({each.fact for each in case.evidence})
        facts[case.id] = tuple(
            tuple(_span(each) for each in case.evidence if each.fact == number)
            for number in numbers
        )
    documents = {each.id: each for each in (PACT, FLEET)}
    return Material(CASES, facts, documents, results)


def _span(each: Evidence) -> object:
    from eval.cases.evidence import locate

    return locate(each, PACT if each.document == PACT.name else FLEET)


def test_a_table_comes_back_whole() -> None:
    text, lost = EXPORTS["csv"](material())
    assert not lost
    back = read_cases("csv", text)
    assert tuple(back.cases) == CASES
    assert not back.lost
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[0]["answers"] == "June 28\n28 June"


@pytest.mark.parametrize(
    "case",
    [
        Case("a", "Q?", ("1",), "number", tolerance=1234567.0),
        Case("a", "Q?", ("two\nlines", "x")),
        Case("a", "Q?", ("[1] of 2",)),
        Case("a", "Q?", tags=("x", "y\r")),
    ],
)
def test_a_table_bends_nothing(case: Case) -> None:
    text, _ = EXPORTS["csv"](Material([case], {"a": ()}, {}))
    assert read_cases("csv", text).cases == [case]


def test_a_table_by_hand() -> None:
    rows = "a,Why?,x,no,me\nb,How?,,yes,\n"
    back = read_cases("csv", f"\ufeffid,question,answers,unanswerable,who\n{rows}")
    assert back.cases == [Case("a", "Why?", ("x",)), Case("b", "How?", unanswerable=True)]
    assert back.lost == {"the column who": 1}
    for wrong, said in (
        ("question\nWhy?\n", "at least id and question"),
        ("id,question,must_pass\na,b,maybe\n", "neither yes nor no"),
        ("id,question,tolerance\na,b,much\n", "could not convert"),
        ("id,question\n,b\n", "Line 2 is not a case: id"),
        ("id,question\na,b\na,c\n", "more than one case a"),
        (f"id,question\na,{'b' * 200_000}\n", "field larger than"),
    ):
        with pytest.raises(UserError, match=said):
            read_cases("csv", wrong)


def test_what_is_no_case_is_named_and_the_others_are_taken() -> None:
    rows = "id,question,must_pass\na,Why?,maybe\nb,How?,no\n"
    found = read_cases("csv", rows)
    assert [each.id for each in found.cases] == ["b"]
    assert found.bad == ["Line 2 is not a case: “maybe” is neither yes nor no."]
    with pytest.raises(UserError, match="Line 2 is not a case"):
        read_cases("csv", rows, strict=True)
    lines = '{"user_input": "Why?"}\n{\n{"reference": "x"}\n'
    told = read_cases("ragas", lines)
    assert len(told.cases) == 1
    assert [each.split(":")[0] for each in told.bad] == [
        "Line 2 is not a case",
        "Line 3 is not a case",
    ]


def test_squad_comes_back_as_its_evidence() -> None:
    text, lost = EXPORTS["squad"](material())
    told = json.loads(text)
    assert told["version"] == "v2.0"
    pact = told["data"][0]["paragraphs"][0]
    assert pact["context"] == PACT.text
    answer = pact["qas"][0]["answers"][0]
    at = answer["answer_start"]
    assert pact["context"][at : at + len(answer["text"])] == answer["text"] == "June 28"
    assert lost["accepted answers that are no words of the evidence"] == 2
    assert lost["several facts"] == 1
    assert lost["“must pass”"] == 1
    back = {each.id: each for each in read_cases("squad", text).cases}
    assert back.keys() == {each.id for each in CASES}
    assert back["who"].unanswerable
    assert back["fleet"].answers == ("Oslo",)
    documents = documents_of("squad", text)
    assert {each.text for each in documents} == {PACT.text, FLEET.text}


def test_squad_v1_brings_its_documents(tmp_path: Path) -> None:
    told = {
        "data": [
            {
                "title": "../A/Title",
                "paragraphs": [
                    {"context": "One line.", "qas": []},
                    {
                        "context": "Ada lived in Rome.",
                        "qas": [
                            {
                                "id": "q1",
                                "question": "Where did Ada live?",
                                "answers": [{"text": "Rome", "answer_start": 13}],
                            }
                        ],
                    },
                ],
            }
        ]
    }
    (tmp_path / "dev.json").write_text(json.dumps(told))
    runner, library = CliRunner(), ["--library", str(tmp_path / "library")]
    command = ["import", "squad", str(tmp_path / "dev.json"), str(tmp_path / "set.jsonl")]
    refused = runner.invoke(app, [*command, *library])
    assert "comes with 1 documents" in str(refused.exception)
    assert not (tmp_path / "set.jsonl").exists()
    done = runner.invoke(app, [*command, "--documents", str(tmp_path / "texts"), *library])
    assert done.exit_code == 0, done.output
    [document] = (tmp_path / "texts").iterdir()
    assert document.name == "_A_Title.txt"
    from index.loading.load import load

    loaded = load(document)
    facts, _ = resolve(load_set(tmp_path / "set.jsonl"), Shelf(loaded))
    assert loaded.text[facts["q1"][0][0].start : facts["q1"][0][0].end] == "Rome"
    again = runner.invoke(app, [*command, *library])
    assert "exists. Name a new file" in str(again.exception)


@pytest.mark.parametrize("form", ["llamaindex", "ragas", "deepeval"])
def test_questions_answers_and_contexts_come_back(form: str) -> None:
    text, lost = EXPORTS[form](material())
    assert lost["conversations before the question"] == 1
    back = read_cases(form, text, SHELF)
    assert not back.lost
    assert [each.question for each in back.cases] == [each.question for each in CASES]
    assert [each.unanswerable for each in back.cases] == [False, False, False, True]
    for before, after in zip(CASES, back.cases, strict=True):
        assert [(each.start, each.end, each.sha256) for each in after.evidence] == [
            (each.start, each.end, each.sha256) for each in before.evidence
        ]
    if form == "deepeval":
        assert [each.id for each in back.cases] == [each.id for each in CASES]
        assert back.cases[0].answers == CASES[0].answers
        assert back.cases[0].must_pass
        assert "ids" not in lost
    else:
        assert back.cases[0].answers == ("June 28",)
        assert lost["ids"] == 4


def test_a_long_context_is_the_place_of_its_answer() -> None:
    long = Document.of(f"{'Many words. ' * 60}Ada lived in Rome.", title="Long", source="long.txt")
    sample = {"user_input": "Where?", "reference_contexts": [long.text], "reference": "Rome"}
    other = sample | {"reference": "In the city of Rome"}
    lines = json.dumps(sample) + "\n" + json.dumps(other) + "\n"
    back = read_cases("ragas", lines, Shelf(long))
    assert back.cases[0].evidence[0].quote == "Rome"
    assert back.cases[1].evidence == ()
    assert back.lost == {"contexts that are no place in the library": 1}
    years = Document.of(f"{'Many words. ' * 60}In 2010 it was.", title="Y", source="years.txt")
    inside = {"user_input": "?", "reference_contexts": [years.text], "reference": "10"}
    assert read_cases("ragas", json.dumps(inside), Shelf(years)).cases[0].evidence == ()
    golden = [{"input": "Where?", "additional_metadata": {"answers": "Paris"}}]
    with pytest.raises(UserError, match="are not a list"):
        read_cases("deepeval", json.dumps(golden))


def test_no_document_is_written_over_another(tmp_path: Path) -> None:
    def article(title: str) -> dict[str, object]:
        answers = [{"text": "Rome", "answer_start": 13}]
        question = {"id": title, "question": "Where?", "answers": answers}
        return {
            "title": title,
            "paragraphs": [{"context": f"Ada lived in Rome, {title}.", "qas": [question]}],
        }

    (tmp_path / "dev.json").write_text(json.dumps({"data": [article("A/B"), article("A_B")]}))
    command = ["import", "squad", str(tmp_path / "dev.json"), str(tmp_path / "set.jsonl")]
    command += ["--library", str(tmp_path / "library"), "--documents", str(tmp_path / "texts")]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert {each.name for each in (tmp_path / "texts").iterdir()} == {"A_B.txt", "A_B_.txt"}
    (tmp_path / "set.jsonl").unlink()
    assert "is not empty" in str(CliRunner().invoke(app, command).exception)


def test_the_shapes_that_other_tools_read() -> None:
    quote = {"document_id": FLEET.id, "start": 0, "end": 25, "quote": FLEET.text}
    answered = Result("fleet", {}, {"answer": "Oslo.[1]", "quotes": [quote]})
    given = material({"fleet": answered})
    [*_, sample, _] = map(json.loads, EXPORTS["ragas"](given)[0].splitlines())
    assert sample == {
        "user_input": "Where did the ships sail?",
        "reference_contexts": ["Oslo"],
        "reference": "Oslo",
        "response": "Oslo.[1]",
        "retrieved_contexts": [FLEET.text],
    }
    golden = json.loads(EXPORTS["deepeval"](given)[0])[2]
    assert (golden["actual_output"], golden["retrieval_context"]) == ("Oslo.[1]", [FLEET.text])
    example = json.loads(EXPORTS["llamaindex"](given)[0])["examples"][3]
    assert example["reference_answer"] == REFUSAL
    assert example["query_by"] == {"model_name": "", "type": "human"}
    tests = yaml.safe_load(EXPORTS["promptfoo"](given)[0])
    assert tests[0]["vars"] == {"question": CASES[0].question}
    assert tests[0]["assert"] == [{"type": "icontains-any", "value": ["June 28", "28 June"]}]
    assert tests[1]["assert"][0]["type"] == "icontains-all"
    assert tests[3]["assert"][0]["value"] == [REFUSAL]
    assert EXPORTS["run"](given)[0] == "fleet Q0 fact-1 1 1.000000 footnoted\n"
    assert EXPORTS["qrels"](given)[0].splitlines()[1:3] == ["cost 0 fact-1 1", "cost 0 fact-2 1"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("text", ["", "{", "[]", "[1]", "{}", '{"data": [{}]}', "\x00"])
def test_what_is_not_in_the_format_is_told(form: str, text: str) -> None:
    with pytest.raises(UserError, match=f"not in the format {form}|holds no case"):
        read_cases(form, text)


def test_the_commands_tell_what_is_lost(tmp_path: Path) -> None:
    cases = [Case("one", "Why?", ("x", "y"), tags=("t",)), Case("two", "Who?", unanswerable=True)]
    write_set(tmp_path / "set.jsonl", cases)
    runner, library = CliRunner(), ["--library", str(tmp_path / "library")]
    done = runner.invoke(app, ["export", "ragas", str(tmp_path / "set.jsonl"), *library])
    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) == 2
    assert "further accepted answers (1), ids (2), tags (1)" in done.stderr
    unknown = runner.invoke(app, ["export", "word", str(tmp_path / "set.jsonl"), *library])
    assert "There is no format word" in str(unknown.exception)
    no_run = runner.invoke(app, ["export", "run", str(tmp_path / "set.jsonl"), *library])
    assert "--run RUN.json" in str(no_run.exception)


# --- conversations


def task(turn: int, asked: str, answerable: str, *contexts: str) -> dict[str, object]:
    said = [{"speaker": "user", "text": "hello"}, {"speaker": "agent", "text": "Hi."}]
    return {
        "conversation_id": "c",
        "task_id": f"c::{turn}",
        "turn": turn,
        "input": [*said, {"speaker": "user", "text": asked}],
        "answerability": [answerable],
        "contexts": [
            {"document_id": f"{text[:4]}-0-9", "title": text[:4], "text": text} for text in contexts
        ],
    }


def test_tasks_of_mtrag_are_asked_one_behind_the_other() -> None:
    tasks = [
        task(2, "when was it signed", "ANSWERABLE", PACT.text, FLEET.text),
        task(3, "who paid", "UNANSWERABLE"),
        task(4, "that one?", "UNDERSPECIFIED"),
        task(5, "thanks", "CONVERSATIONAL"),
        task(7, "how many ships", "PARTIAL", FLEET.text),
    ]
    text = "\n".join(map(json.dumps, tasks))
    when, who, which, thanks, ships = read_cases("mtrag", text).cases
    assert [len(each.history) for each in (when, who, ships)] == [2, 0, 2]
    assert [each.after for each in (when, who, which, thanks, ships)] == [
        "",
        "c::2",
        "c::3",
        "c::4",
        "",
    ]
    assert who.unanswerable
    assert (which.way, thanks.way, ships.way) == ("unclear", "conversation", "")
    documents = documents_of("mtrag", text)
    assert [each.text for each in documents] == [PACT.text, FLEET.text]
    [[pact, fleet]] = [when.evidence]
    assert pact.area
    assert (pact.start, pact.end, pact.fact) == (0, len(PACT.text), fleet.fact)


def test_questions_of_quac_are_asked_one_behind_the_other() -> None:
    def asked(number: int, question: str, *answers: str) -> dict[str, object]:
        text = f"{PACT.text} CANNOTANSWER"
        told = [{"text": each, "answer_start": text.index(each)} for each in answers]
        return {"id": f"q{number}", "question": question, "answers": told}

    questions = [
        asked(0, "when was it", "on June 28", "June 28"),
        asked(1, "who came", "CANNOTANSWER", "CANNOTANSWER", "June 28"),
    ]
    paragraph = {"context": f"{PACT.text} CANNOTANSWER", "qas": questions}
    article = {"title": "The pact", "section_title": "Signing", "paragraphs": [paragraph]}
    text = json.dumps({"data": [article]})
    [document] = documents_of("quac", text)
    assert (document.text, document.title) == (PACT.text, "The pact, Signing")
    when, who = read_cases("quac", text).cases
    assert [each.quote for each in when.evidence] == ["on June 28", "June 28"]
    assert (who.after, who.unanswerable, who.evidence) == ("q0", True, ())
    broken = text.replace('"answer_start": 23', '"answer_start": 24')
    assert broken != text
    with pytest.raises(UserError, match="not at its place"):
        read_cases("quac", broken)


def test_questions_of_canard_have_what_was_said_before_and_no_answers() -> None:
    told = {
        "History": ["The pact", "Signing", "when was it", "on June 28"],
        "QuAC_dialog_id": "d",
        "Question": "who came",
        "Question_no": 2,
        "Rewrite": "who came to the pact",
    }
    found = read_cases("canard", json.dumps([told]))
    [case] = found.cases
    assert (case.id, case.question) == ("d_q#2", "who came")
    assert [each.role for each in case.history] == ["user", "assistant"]
    assert found.lost == {"questions without the text that answers them": 1}
