"""What is learned of follow-ups: what people put in is looked up where it was said."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from eval.cases.cases import SETS
from eval.lab.bench import measured_set
from eval.lab.bench.talks import chatty, several
from eval.lab.bench.talks.dialogues import NOTHING, load_dialogues, mixed
from eval.lab.training.follow_ups.__main__ import describe, first_questions, to_learn
from eval.lab.training.follow_ups.examples import (
    CONVERSATIONS,
    Example,
    FollowUp,
    Label,
    labels,
    load_follow_ups,
)
from index.errors import UserError
from index.loading.load import load
from rag.answerability.reader import Reader
from rag.asking.rewrite import (
    HOWS,
    NEEDED,
    Put,
    Turn,
    context_of,
    edited,
    linked,
    places,
    rewritten,
)
from rag.languages.english_words import LINKS, OWNING

HISTORY: tuple[Turn, ...] = (
    ("user", "Who built the Alder Bridge?"),
    ("assistant", "Tore Vik's firm built it for the town of Tolm in 1911."),
)
CONTEXT = context_of(HISTORY)


def puts(message: str, made: Sequence[Label], context: str) -> list[Put]:
    """Return what the labels of a message do to it."""
    done = []
    for (start, end), each in zip(places(message), made, strict=True):
        words = context[slice(*each.place)] if each.place else ""
        put = linked(LINKS[each.link], words, OWNING if each.owns else "") if words else ""
        if HOWS[each.how] != "keep":
            done.append(Put(start, end, HOWS[each.how], put))
    return done


@pytest.mark.parametrize(
    ("message", "alone"),
    [
        ("How long is it?", "How long is the Alder Bridge?"),
        ("What was his name?", "What was Tore Vik's name?"),
        ("how high?", "how high the Alder Bridge?"),
        ("ok, and how old is the town", "how old is the town of Tolm"),
        ("Who is the mayor of Esker?", "Who is the mayor of Esker?"),
    ],
)
def test_labels_say_what_people_did(message: str, alone: str) -> None:
    assert edited(message, puts(message, labels(message, alone, CONTEXT), CONTEXT)) == alone


def test_what_was_not_said_before_is_left_as_the_message_has_it() -> None:
    example = Example.of("How long is it?", "How long is the Rowan Viaduct?", CONTEXT)
    assert {HOWS[each.how] for each in example.labels} == {"keep"}
    assert not example.needs


def test_each_form_of_file_is_read(tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    turn = {"user": "Who built it?", "alone": "Who built it?", "assistant": "Vik."}
    asks = {"user": "when", "alone": "when did Vik build it", "assistant": "In 1911."}
    own.write_text(json.dumps({"turns": [turn, asks]}))
    canard = tmp_path / "canard.json.gz"
    said = {"History": ["Vik", "Life", "Who?", "He."], "QuAC_dialog_id": "C_1"}
    said |= {"Question": "Why?", "Rewrite": "Why Vik?"}
    canard.write_bytes(gzip.compress(json.dumps([said]).encode()))
    mtrag = tmp_path / "mtrag.jsonl"
    mtrag.write_text(json.dumps({"id": "a<::>2", "questions": ["Who?", "Why?"], "rewrite": "Why?"}))
    first, second, third = load_follow_ups(own, canard, mtrag)
    assert (first.message, first.alone) == ("when", "when did Vik build it")
    assert first.history == (("user", "Who built it?"), ("assistant", "Vik."))
    assert second.history[0] == ("user", "Vik, Life")
    assert (third.conversation, third.history) == ("a", (("user", "Who?"),))
    assert first_questions([own]) == {"Who built it?"}


def test_another_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text('{"turns": 5}')
    with pytest.raises(UserError, match=r"other\.jsonl holds no follow-ups"):
        load_follow_ups(path)


def test_the_conversations_are_well_formed_and_learned_from() -> None:
    all_of_them = load_follow_ups(CONVERSATIONS)
    assert len(all_of_them) >= 4_000
    assert 0.1 < sum(each.held_out for each in all_of_them) / len(all_of_them) < 0.2
    whole = [each for each in all_of_them if each.alone == each.message]
    assert 0.25 < len(whole) / len(all_of_them) < 0.45
    examples = list(to_learn(all_of_them[:200]))
    assert examples == list(to_learn(all_of_them[:200])), "drawn with a fixed seed"
    assert Counter(each.context == "" for each in examples)[True] >= 50
    assert any(each.needs for each in examples if not each.context)
    for each in examples:
        assert each.needs or not any(label.place for label in each.labels)


def test_the_figures_count_what_is_put_in_and_what_is_changed_without_need() -> None:
    needs = FollowUp("a", "1", HISTORY, "How long is it?", "How long is the Alder Bridge?")
    stands = FollowUp("a", "1", HISTORY, "Who is she?", "Who is she?")
    [line] = describe([needs, stands], lambda *_: (0.0, []))
    assert line == (
        "a: 1 that need something: seen 0.000, of the words put in precision 0.000, recall 0.000; "
        "1 that need nothing: changed 0.000"
    )


@pytest.fixture
def texts(tmp_path: Path) -> tuple[Path, Path]:
    """Dialogues about two texts, in a file, and the texts in SQuAD's form."""
    squad, dialogues = tmp_path / "squad.json", tmp_path / "dialogues.jsonl"
    articles = {"Alder_Bridge": "It is long. Vik built it.", "Tolm": "It is old. It is small."}
    data = [
        {"title": title, "paragraphs": [{"context": "Nothing."}, {"context": text, "qas": []}]}
        for title, text in articles.items()
    ]
    squad.write_text(json.dumps({"data": data}))
    bridge = [
        {"user": "who built the bridge?", "places": [[0, 12, 25]]},
        {"user": "thanks", "kind": "talk"},
        {"user": "when?", "alone": "when was it built?", "places": []},
        {"user": "how long is the bridge?", "places": [[0, 0, 11]]},
    ]
    town = [{"user": "how old is Tolm?", "places": [[0, 0, 10]]}]
    lines = [
        {"article": "Alder Bridge", "paragraphs": [1], "turns": bridge},
        {"article": "Alder Bridge", "paragraphs": [1], "turns": []},
        {"article": "Tolm", "paragraphs": [1], "turns": []},
        {"article": "Tolm", "paragraphs": [1], "turns": town},
    ]
    dialogues.write_text("\n".join(map(json.dumps, lines)))
    return dialogues, squad


def test_dialogues_are_mixed_and_what_depends_on_a_message_stays_behind_it(
    texts: tuple[Path, Path],
) -> None:
    assert len(load_dialogues(*texts, held_out=False)) == 2
    held_out = load_dialogues(*texts, held_out=True)
    told = [(dialogue.title, said.user, said.answer) for dialogue, said in mixed(held_out)]
    assert told == [
        ("Alder Bridge", "who built the bridge?", "Vik built it."),
        ("Alder Bridge", "when?", NOTHING),
        ("Tolm", "how old is Tolm?", "It is old."),
        ("Alder Bridge", "how long is the bridge?", "It is long."),
    ]


def test_dialogues_about_other_texts_are_told(texts: tuple[Path, Path]) -> None:
    dialogues, squad = texts
    squad.write_text('{"data": []}')
    with pytest.raises(UserError, match=r"dialogues\.jsonl holds no dialogues about these texts"):
        load_dialogues(dialogues, squad, held_out=True)


def test_conversations_about_several_documents_name_places_that_there_are() -> None:
    documents = {name: load(SETS / name) for name in several.NAMES}
    lines = several.MESSAGES.read_text("utf-8").splitlines()
    talks = [list(several.messages(json.loads(line)["turns"], documents)) for line in lines]
    assert sum(map(len, talks)) == 160
    for first, *others in talks:
        assert not first.history
        assert all(each.history[-2][0] == "user" for each in others)
    asked = [each for each in talks[0] if each.user == "did they measure indoors?"]
    assert asked[0].history[-1][1].startswith("The streets were not chosen at random")


def test_what_becomes_of_messages_is_counted_by_kind() -> None:
    told = {"kind": "other", "user": "a", "alone": "a", "read_as": "a", "answerable": True}
    told |= {"right": True, "as_people": True}
    other = told | {"kind": "follow-up", "alone": "a b", "read_as": "a b", "right": False}
    unknown = told | {"answerable": False, "read_as": "a b"}
    rows = {row.measure: row.metric for row in several.figures([told, other, unknown])}
    assert (rows["other: as read"].value, rows["other: as read"].n) == (1.0, 1)
    assert (rows["all: as read"].value, rows["all: as people wrote"].value) == (0.5, 1.0)
    assert rows["not in the texts: as read"].n == 1
    assert rows["stands alone: something put in"].value == 0.5
    assert rows["needs something: something put in"].value == 1.0


FOLLOW_UPS = measured_set("followups").cases


@pytest.mark.weights
def test_follow_ups_are_told_from_unrelated_questions(reader: Reader) -> None:
    needs = {
        case: rewritten(case.question, case.written, reader.edits).need >= NEEDED
        for case in FOLLOW_UPS
    }
    unrelated = [needs[case] for case in FOLLOW_UPS if "unrelated" in case.tags]
    follow_ups = [needs[case] for case in FOLLOW_UPS if "follow-up" in case.tags]
    print(f"seen: {sum(follow_ups)}/{len(follow_ups)}; falsely: {sum(unrelated)}/{len(unrelated)}")  # noqa: T201
    assert sum(follow_ups) >= 0.9 * len(follow_ups)
    assert sum(unrelated) <= 0.1 * len(unrelated)


@pytest.mark.weights
def test_nothing_is_put_in_that_was_not_said(reader: Reader) -> None:
    def words(text: str) -> set[str]:
        return set(re.findall(r"\w+", text.casefold()))

    for case in FOLLOW_UPS:
        told = " ".join([case.question, *(text for _, text in case.written), *LINKS, "s"])
        for made, _ in rewritten(case.question, case.written, reader.edits).texts:
            assert words(made) <= words(told), made


def test_chatty_conversations_name_places_of_their_documents(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in chatty.TALKS.read_text("utf-8").splitlines()]
    named = [each["document"] for each in lines]
    shipped = {name: load(SETS / name) for name in several.NAMES}
    asked = [turn for each in lines for turn in each["turns"] if "places" in turn]
    assert len(asked) >= 80
    assert all(turn["alone"] and (turn["places"] or turn["answer"]) for turn in asked)
    for each in lines:
        if document := shipped.get(each["document"]):
            assert sha256(document.text.encode()).hexdigest() == each["sha256"]
            for turn in each["turns"]:
                for start, end in turn.get("places", ()):
                    assert document.text[start:end].strip()
    other = tmp_path / "squad.json"
    paragraph = {"context": "Tolm lies there.", "qas": []}
    other.write_text(json.dumps({"data": [{"title": "Tolm", "paragraphs": [paragraph]}]}))
    talks = chatty.talks(other)
    for expected in named[: named.index(next(name for name in named if name not in shipped))]:
        name, document, messages = next(talks)
        assert (name, document.text) == (expected, shipped[name].text)
        assert messages
    with pytest.raises(UserError, match="Name SQuAD's development set"):
        next(talks)
