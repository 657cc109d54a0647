"""Sets are read strictly, and their evidence is found where they say or not at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eval.cases.cases import SETS, Case, add_case, find_set, load_set, read_set, write_set
from eval.cases.evidence import find_all, fits, pinned, resolve
from eval.cases.propose import accept, reject
from index.documents import Document, Span
from index.errors import UserError
from index.library import Library

TEXT = "The pact was signed on June 28.\nIt binds. It binds.\n"
PACT = Document.of(TEXT, title="The pact", source="/papers/pact.txt")


class Shelf(Library):
    """A library without a folder: documents are found by the real code, none can be searched."""

    def __init__(self, *documents: Document) -> None:
        self.folder = self.place = Path("/shelf")
        self.shelf = {document.id: document for document in documents}

    def entries(self) -> list[Any]:
        return [
            SimpleNamespace(id=each.id, sha256=each.sha256, source=each.source, title=each.title)
            for each in self.shelf.values()
        ]

    def document(self, document_id: str) -> Document:
        return self.shelf[document_id]


def write(folder: Path, *cases: dict[str, Any] | str) -> Path:
    path = folder / "set.jsonl"
    lines = [each if isinstance(each, str) else json.dumps(each) for each in cases]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def case(**given: Any) -> dict[str, Any]:
    return {"id": "one", "question": "When?", **given}


def place(**given: Any) -> dict[str, Any]:
    return case(evidence=[{"document": "pact.txt", **given}])


def test_only_id_and_question_are_required(tmp_path: Path) -> None:
    path = write(tmp_path, {"id": "one", "question": "When?"})
    loaded = load_set(path)
    assert loaded.cases == (Case("one", "When?"),)
    assert loaded.name == "set"
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    only = loaded.cases[0]
    assert (only.answers, only.answer_type, only.evidence, only.history) == ((), "text", (), ())
    assert not only.unanswerable
    assert not only.must_pass


def test_all_that_the_contract_shows_is_read(tmp_path: Path) -> None:
    history = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Yes?"}]
    given = place(sha256=PACT.sha256, start=23, end=30, quote="June 28", fact=2) | {
        "answers": ["June 28"],
        "answer_type": "date",
        "must_pass": True,
        "history": history,
        "tags": ["date"],
    }
    [read] = load_set(write(tmp_path, given)).cases
    assert read.written == [("user", "Hello"), ("assistant", "Yes?")]
    assert read.evidence[0].fact == 2
    assert read.must_pass


def test_a_line_separator_in_a_string_ends_no_line(tmp_path: Path) -> None:
    path = write(tmp_path, '{"id": "one", "question": "When\u2028then?"}', "", case(id="two"))
    loaded = load_set(path)
    assert loaded.cases[0].question == "When\u2028then?"
    assert loaded.lines == (1, 3)


FERRY: dict[str, Any] = {
    "id": "ferry",
    "tags": ["talk"],
    "turns": [
        {"question": "When does it leave?", "answers": ["nine"], "tags": ["first"]},
        {"question": "and on Sundays?", "unanswerable": True},
        {"question": "thanks", "way": "conversation"},
    ],
}


def test_a_dialogue_is_a_case_for_each_turn(tmp_path: Path) -> None:
    loaded = load_set(write(tmp_path, case(), FERRY, case(id="two")))
    assert [each.id for each in loaded.cases] == ["one", "ferry/1", "ferry/2", "ferry/3", "two"]
    assert loaded.lines == (1, 2, 2, 2, 3)
    first, second, third = loaded.cases[1:4]
    assert (first.after, second.after, third.after) == ("", "ferry/1", "ferry/2")
    assert (first.tags, second.tags) == (("first", "talk"), ("talk",))
    assert loaded.before(third) == [first, second]
    assert loaded.before(loaded.cases[0]) == []


def test_a_dialogue_is_written_as_cases_that_say_the_same(tmp_path: Path) -> None:
    loaded = load_set(write(tmp_path, FERRY))
    again = tmp_path / "again.jsonl"
    write_set(again, loaded.cases)
    assert load_set(again).cases == loaded.cases


def test_what_is_asked_behind_a_draft_is_left_aside_with_it(tmp_path: Path) -> None:
    first, *others = FERRY["turns"]
    draft = FERRY | {"turns": [first | {"draft": True}, *others]}
    loaded = load_set(write(tmp_path, case(), draft))
    assert ([each.id for each in loaded.cases], loaded.drafts) == (["one"], 3)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Invalid JSON"),
        ("[]", "object"),
        ('{"id": "two"}', "question"),
        (case(id=2), "id: "),
        (case(after="two"), "its “after” names “two”, and no such question"),
        (case(way="song"), "no way “song”: give one of evidence, claim"),
        (case(after="zero", history=[{"role": "user", "content": ""}]), "no history of its own"),
        (case(way="time", unanswerable=True), "cannot have a way"),
        (FERRY | {"turns": []}, "turns: "),
        (FERRY | {"turns": [{"question": "When?", "tags": 5}]}, "tags"),
        (FERRY | {"turns": "none"}, "turns: "),
        ("[" * 9_000, "JSON"),
        (FERRY | {"turns": [{"id": "a", "question": "When?"}]}, "turn 1 of a dialogue has no id"),
        (FERRY | {"turns": [{"question": "When?"}, {"answers": ["9"]}]}, "question"),
        (FERRY | {"question": "When?"}, "question: Unexpected"),
        (case(question=" "), "question"),
        (case(answer="June"), "answer: Unexpected"),
        (case(answers="June"), "answers"),
        (case(answers=["June", 28]), "answers.1"),
        (case(answers=["the"]), "“the” has a part without words"),
        (case(answers=["June;"], answer_type="list"), "“June;” has a part without words"),
        (case(answer_type="maybe"), "answer_type"),
        (case(must_pass="yes"), "must_pass"),
        (case(history=[{"role": "system", "content": ""}]), "history.0.role"),
        (case(unanswerable=True, answers=["June"]), "neither evidence nor answers"),
        (place(start=3, end=5) | {"unanswerable": True}, "neither evidence nor answers"),
        (place(), "evidence.0: start and end, or a quote"),
        (place(start=3), "given together"),
        (place(start=5, end=5), "start (5) must be less than end (5)"),
        (place(start=-1, end=5), "evidence.0.start"),
        (place(start=True, end=5), "evidence.0.start"),
        (place(start=3, end=5, page=1), "evidence.0.page"),
        (place(start=3, end=5, sha256="310546"), "evidence.0.sha256"),
        (place(start=3, end=5, fact="1"), "evidence.0.fact"),
        (case(id="first"), "the id “first” is taken by line 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, line: dict[str, Any] | str, said: str
) -> None:
    path = write(tmp_path, case(id="first"), line)
    with pytest.raises(UserError) as error:
        load_set(path)
    assert str(error.value).startswith("set.jsonl, line 2: ")
    assert said in str(error.value)
    assert "Value error" not in str(error.value)


def test_no_file_no_case_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        load_set(tmp_path / "none.jsonl")
    with pytest.raises(UserError, match="holds no case"):
        load_set(write(tmp_path, "", ""))
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xe9"}')
    with pytest.raises(UserError, match="not UTF-8"):
        load_set(tmp_path / "latin.jsonl")


def test_a_set_is_found_by_its_path_or_its_shipped_name(tmp_path: Path) -> None:
    path = write(tmp_path, case())
    assert find_set(str(path)) == path
    assert find_set("briefing") == SETS / "briefing.jsonl"
    with pytest.raises(UserError, match="one of: briefing, briefing-talks, heat-pumps"):
        find_set("nothing")


def test_evidence_is_found_by_offsets_by_quote_and_by_hash(tmp_path: Path) -> None:
    evidence = [
        {"document": "pact.txt", "start": 23, "end": 30, "fact": 2},
        {"document": PACT.id, "quote": "was signed", "fact": 1},
        {"document": "renamed.txt", "sha256": PACT.sha256, "start": 0, "end": 8, "fact": 2},
    ]
    loaded = load_set(write(tmp_path, case(evidence=evidence), case(id="two")))
    found, _ = resolve(loaded, Shelf(PACT))
    signed, june, pact = Span(PACT.id, 9, 19), Span(PACT.id, 23, 30), Span(PACT.id, 0, 8)
    assert found == {"one": ((signed,), (june, pact)), "two": ()}


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ({"start": 23, "end": 99}, "23-99 is outside of pact.txt, which has 52 characters"),
        (
            {"start": 0, "end": 8, "quote": "The deal"},
            "evidence 0-8 of pact.txt says “The pact”, not “The deal”; the nearest",
        ),
        ({"quote": "May 28"}, "nothing in pact.txt reads “May 28”"),
        ({"start": 4, "end": 9, "quote": "June 28"}, "; the nearest match is 23-30."),
        (
            {"quote": "It binds."},
            "2 places in pact.txt read “It binds.” (32-41, 42-51)",
        ),
        ({"start": 0, "end": 8, "sha256": "0" * 64}, "the document pact.txt changed"),
        ({"start": 0, "end": 8, "document": "no.txt"}, "“no.txt”"),
        ({"start": 0, "end": 8, "document": "no.txt"}, "`footnoted add no.txt --library /shelf`"),
    ],
)
def test_evidence_that_is_not_there_is_told(
    tmp_path: Path, evidence: dict[str, Any], said: str
) -> None:
    loaded = load_set(write(tmp_path, case(id="first"), place(**evidence)))
    with pytest.raises(UserError) as error:
        resolve(loaded, Shelf(PACT))
    assert str(error.value).startswith("set.jsonl, line 2: ")
    assert said in str(error.value)


def test_overlapping_places_of_a_quote_are_more_than_one(tmp_path: Path) -> None:
    document = Document.of("anana", title="x", source="pact.txt")
    with pytest.raises(UserError, match="2 places in"):
        resolve(load_set(write(tmp_path, place(quote="ana"))), Shelf(document))


def test_a_set_fits_a_library_that_has_all_its_documents(tmp_path: Path) -> None:
    told = place(quote="June 28")["evidence"]
    loaded = load_set(write(tmp_path, case(evidence=told), case(id="two", unanswerable=True)))
    other = Document.of("Something else.", title="Else", source="/papers/else.txt")
    assert fits(loaded, Shelf(other, PACT).entries())
    assert not fits(loaded, Shelf(other).entries())
    renamed = Document.of(TEXT, title="x", source="/y.txt")
    by_hash = load_set(write(tmp_path, place(sha256=PACT.sha256, start=0, end=3)))
    assert fits(by_hash, Shelf(renamed).entries()), "the text is there, whatever it is called"
    assert not fits(loaded, Shelf(renamed).entries())


def test_a_case_is_added_to_a_set(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mine.jsonl"
    one = Case("one", "Who?", answers=("Ada",), tags=("person",))
    add_case(path, one)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))  # As an editor may leave it.
    add_case(path, Case("two", "Why?", unanswerable=True))
    assert [case.id for case in load_set(path).cases] == ["one", "two"]
    assert load_set(path).cases[0] == one
    before = path.read_bytes()
    with pytest.raises(UserError, match="has a case “two” already"):
        add_case(path, Case("two", "When?"))
    assert path.read_bytes() == before


# --- documents that change


CHANGED = Document.of(
    "A new first line.\nThe pact was signed on June 28.\nIt binds. It binds.\n",
    title="The pact",
    source="/papers/pact.txt",
)


def test_evidence_is_found_again_by_its_words(tmp_path: Path) -> None:
    told = place(sha256=PACT.sha256, start=23, end=30, quote="June 28")
    loaded = load_set(write(tmp_path, told))
    facts, moved = resolve(loaded, Shelf(CHANGED))
    assert moved == ("one",)
    [[span]] = facts["one"]
    assert CHANGED.text[span.start : span.end] == "June 28"
    assert resolve(loaded, Shelf(PACT))[1] == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"start": 23, "end": 30}, "cannot be found again without its words"),
        ({"quote": "It binds."}, "2 places in pact.txt read"),
        (
            {"quote": "on July 28"},
            "nothing in pact.txt reads “on July 28”; the nearest match is 38-",
        ),
        ({"quote": "Zzz qqq xxx"}, "nor anything like it"),
    ],
)
def test_what_is_not_unambiguous_is_an_error(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    loaded = load_set(write(tmp_path, place(sha256=PACT.sha256, **given)))
    with pytest.raises(UserError) as error:
        resolve(loaded, Shelf(CHANGED))
    assert said in str(error.value)


def test_all_problems_are_found_and_the_new_places_written(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        place(sha256=PACT.sha256, start=23, end=30, quote="June 28"),
        case(id="two", answer="June"),
        place(quote="no such words at all") | {"id": "three"},
        case(id="one"),
    )
    case_set, problems = read_set(path)
    assert [(each.line, each.message[:12]) for each in problems] == [
        (2, "answer: Unex"),
        (4, "the id “one”"),
    ]
    with pytest.raises(UserError, match=r"line 2: answer.*\(1 more: `footnoted eval check"):
        load_set(path)
    found, missing = find_all(case_set, Shelf(CHANGED))
    assert [each.line for each in missing] == [3]
    told, places = found["one"]
    kept = pinned(told, places)
    write_set(tmp_path / "new.jsonl", [kept])
    [read] = load_set(tmp_path / "new.jsonl").cases
    assert read == kept
    [evidence] = read.evidence
    assert (evidence.sha256, evidence.quote) == (CHANGED.sha256, "June 28")
    assert resolve(load_set(tmp_path / "new.jsonl"), Shelf(CHANGED))[1] == ()


# --- YAML


def test_yaml_is_read_as_strictly(tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(
        "- id: one\n  question: Was it so?\n  answers: [no, 2021-12-15, '1700']\n"
        "  answer_type: yesno\n  must_pass: true\n"
        "- id: two\n  question: Who?\n  unanswerable: true\n",
        "utf-8",
    )
    (tmp_path / "SET.YAML").write_text(
        "- id: one\n  question: How wide?\n  answer_type: number\n  tolerance: 0.5\n", "utf-8"
    )
    assert load_set(tmp_path / "SET.YAML").cases[0].tolerance == 0.5
    loaded = load_set(path)
    assert loaded.lines == (1, 6)
    assert loaded.cases[0].answers == ("no", "2021-12-15", "1700")
    assert loaded.cases[0].must_pass
    assert loaded.cases[1].unanswerable


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "- id: one\n  question: Who?\n- id: two\n",
            "line 3: either a question or a claim must be given",
        ),
        ("- id: one\n  question: Who?\n  answers: [1700]\n", "line 1: answers.0: Input should be"),
        ("id: one\n", "line 1: not YAML: a set is a list of cases"),
        ("- id: 'one\n", "not YAML"),
        ("- !!python/object/apply:os.system [true]\n", "not YAML"),
        ("", "holds no case"),
        ("- id: \x01\n", "not YAML"),
    ],
)
def test_what_is_wrong_in_yaml_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "set.yml"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError) as error:
        load_set(path)
    assert said in str(error.value)


# --- drafts


def test_drafts_do_not_count_until_they_are_accepted(tmp_path: Path) -> None:
    path = write(tmp_path, case(draft=True), case(id="two"), case(id="three", draft=True))
    loaded = load_set(path)
    assert [each.id for each in loaded.cases] == ["two"]
    assert loaded.drafts == 2
    assert loaded.lines == (2,)
    every, _ = read_set(path)
    write_set(path, reject(accept(every.cases, ["one"]), ["three"]))
    assert [each.id for each in load_set(path).cases] == ["one", "two"]
    assert load_set(path).drafts == 0
    with pytest.raises(UserError, match="All 1 cases of"):
        load_set(write(tmp_path, case(draft=True)))


def test_what_is_asked_behind_a_rejected_draft_goes_with_it(tmp_path: Path) -> None:
    first, second, _ = FERRY["turns"]
    draft = FERRY | {"turns": [first, second | {"draft": True}, {"question": "Why?"}]}
    path = write(tmp_path, draft, case())
    every, _ = read_set(path)
    write_set(path, reject(every.cases, ["ferry/2"]))
    assert [each.id for each in load_set(path).cases] == ["ferry/1", "one"]


def test_a_set_of_yaml_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Sets are written as JSON Lines"):
        write_set(tmp_path / "set.yaml", [Case("one", "When?")])
