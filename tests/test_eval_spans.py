"""Rankings and citations by their places: by hand, and as trec_eval counts."""

from __future__ import annotations

import math
from collections import Counter
from io import StringIO

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG

from eval.cases.cases import Area, Case
from eval.formats.exports import Material, qrels, trec_run
from eval.measuring.spans import (
    characters,
    citation_precision,
    citation_recall,
    found_facts,
    harmonic,
    ndcg,
    quote_hit,
    recall_at,
    reciprocal_rank,
)
from eval.running.record import Result
from index.documents import Document, Span


def at(start: int, end: int, document: str = "d") -> Span:
    return Span(document, start, end)


FACTS = ((at(10, 20), at(50, 60)), (at(30, 40),))


def test_a_fact_counts_once_and_a_quote_for_one() -> None:
    quotes = [at(0, 5), at(45, 65), at(5, 45), at(25, 45), at(10, 20, "e")]
    assert found_facts(quotes, FACTS) == [None, 0, 1, None, None]
    assert reciprocal_rank(quotes, FACTS) == 0.5
    assert recall_at(quotes, FACTS, 2) == 0.5
    assert recall_at(quotes, FACTS, 3) == 1.0
    best = 1 + 1 / math.log2(3)
    assert ndcg(quotes, FACTS, 5) == pytest.approx((1 / math.log2(3) + 1 / 2) / best)
    assert ndcg(quotes, FACTS, 1) == 0.0
    assert ndcg(quotes, (), 5) is reciprocal_rank(quotes, ()) is recall_at(quotes, (), 5) is None


SPANS = st.builds(
    lambda start, size: at(start, start + size), st.integers(0, 60), st.integers(1, 30)
)


@given(
    st.lists(st.lists(st.lists(SPANS, min_size=1, max_size=2), max_size=3), min_size=1, max_size=4),
    st.lists(st.lists(SPANS, max_size=8, unique=True), min_size=4, max_size=4),
)
def test_trec_eval_counts_the_same(told: list[list[list[Span]]], quoted: list[list[Span]]) -> None:
    cases = [Case(f"case {n}", "?") for n in range(len(told))]
    facts = {case.id: tuple(map(tuple, each)) for case, each in zip(cases, told, strict=True)}
    results = {
        case.id: Result(case.id, {}, {"quotes": [vars_of(each) for each in quotes]})
        for case, quotes in zip(cases, quoted, strict=False)
    }
    material = Material(cases, facts, {}, results)
    judged = list(ir_measures.read_trec_qrels(StringIO(qrels(material)[0])))
    ranked = list(ir_measures.read_trec_run(StringIO(trec_run(material)[0])))
    theirs = {
        (each.query_id, str(each.measure)): each.value
        for each in ir_measures.iter_calc([RR, nDCG @ 5, R @ 5], judged, ranked)
    }
    for case, quotes in zip(cases, quoted, strict=False):
        if not facts[case.id] or not quotes:
            continue
        name = case.id.replace(" ", "_")
        assert theirs[name, "RR"] == pytest.approx(reciprocal_rank(quotes, facts[case.id]))
        assert theirs[name, "nDCG@5"] == pytest.approx(ndcg(quotes, facts[case.id], 5))
        once = sum(each is not None for each in found_facts(quotes[:5], facts[case.id]))
        assert theirs[name, "R@5"] == pytest.approx(once / len(facts[case.id]))


def vars_of(span: Span) -> dict[str, object]:
    return {"document_id": span.document_id, "start": span.start, "end": span.end}


def test_characters_against_sets_of_them() -> None:
    # |C| = 20, the evidence 10-20 and 30-40: 5 + 5 characters of it are cited.
    assert characters([at(5, 15), at(35, 45)], FACTS) == pytest.approx((0.5, 0.5, 10 / 30))
    assert characters([at(48, 62)], FACTS[:1]) == pytest.approx((10 / 14, 1.0, 10 / 14))
    assert characters([], FACTS) == (0.0, 0.0, 0.0)
    assert characters([at(10, 20, "e")], FACTS) == (0.0, 0.0, 0.0)
    assert characters([at(0, 5)], ()) is None


def test_citations() -> None:
    cited = [at(5, 25), at(32, 35), at(70, 80)]
    assert citation_precision(cited, FACTS) == pytest.approx(2 / 3)
    assert citation_recall(cited, FACTS) == 0.5
    assert harmonic(2 / 3, 0.5) == pytest.approx(4 / 7)
    assert harmonic(None, 0.0) == 0.0
    assert harmonic(None, None) is None


def test_names_without_blanks_stay_apart() -> None:
    cases = [Case("a b", "?"), Case("a_b", "?")]
    document = Document.of("x", title="t", source="s")
    facts = {each.id: ((Span(document.id, 0, 1),),) for each in cases}
    text, lost = qrels(Material(cases, facts, {document.id: document}))
    assert Counter(line.split()[0] for line in text.splitlines()) == {"a_b": 1, "a_b_": 1}
    assert not lost


def test_an_area_is_found_by_what_lies_in_it() -> None:
    area = ((Area("doc", 10, 50),),)
    inside, around, beside = Span("doc", 12, 20), Span("doc", 5, 60), Span("doc", 45, 55)
    assert quote_hit([inside], area, 1)
    assert not quote_hit([around], area, 1)
    assert not quote_hit([beside], area, 1)
    assert citation_recall([inside, beside], area) == 1.0
    assert citation_precision([inside, beside], area) == 0.5
    assert found_facts([beside, inside], area) == [None, 0]
