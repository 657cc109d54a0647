"""What stands at the head of a text: heads of many layouts, some with nothing to find."""

from __future__ import annotations

import re
from typing import get_args

import fpdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.documents import Document, Properties
from index.loading.load import load_bytes
from rag.answering.front.front_matter import Matter, front_matter

PROSE = (
    "The old harbour of Tolm was rebuilt after the storm of that winter, and its new mole was made"
    " of granite from the quarry above the town. We measured how far it has sunk since, and found"
    " that the northern end lies a hand lower than it was built."
)
SENTENCES = PROSE.replace("town. ", "town.|").split("|")

Said = dict[str, list[str]]


MARK = re.compile(r"⟦\w+ (.*?)⟧", re.DOTALL)
ABSTRACT = " ".join(f"⟦abstract {each}⟧" for each in SENTENCES)

HEADS = {
    "a paper with digits": f"""# ⟦title Granite Moles after the Storm⟧

⟦author Ann Lee1,*, Bo van Ek2, and Cid J. Roe⟧1,2

⟦affiliation 1 Department of Quays, University of Tolm⟧
⟦affiliation 2 Norrvik Stone Works, Norrvik⟧
* Corresponding author: ann@tolm.example

⟦date Received 12 May 2020; accepted 3 March 2021⟧

Abstract

{ABSTRACT}

Keywords: granite, moles

## 1 Introduction

{PROSE}""",
    "a paper with an author a line": f"""⟦title Granite Moles after the Storm⟧

⟦author Ann Lee⟧
⟦affiliation University of Tolm⟧
ann@tolm.example

⟦author Bo van Ek⟧
⟦affiliation Institute of Stone, Norrvik⟧
bo@norrvik.example

Abstract—{ABSTRACT}

I. INTRODUCTION

{PROSE}""",
    "a paper whose firm is told by its mail": f"""# ⟦title Granite Moles after the Storm⟧

⟦author Ann Lee | Bo Ek | Cid Roe⟧

⟦affiliation Quarry Minds | Quarry Minds | University of Tolm⟧

ann@quarry.example | bo@quarry.example | cid@tolm.example

## Abstract

{ABSTRACT}""",
    "a paper with letters for marks, and its journal above": f"""\
Tolm Journal of Quays 12 (2021) 33-41

# ⟦title Granite moles after the storm⟧

⟦author Ann Lee a,b, Bo Ek b, Çağla Öz a⟧

⟦affiliation a School of Harbours, University of Tolm, Tolm⟧
⟦affiliation b Norrvik Institute of Stone, Norrvik⟧

A B S T R A C T

{ABSTRACT}

## 1. Introduction

{PROSE}""",
    "a paper with notes to its authors": f"""# ⟦title Granite Moles after the Storm⟧

⟦author Ann Lee, Member, and Bo Ek, Kaiming He, Cid Roe, Dana Moss⟧

ABSTRACT {ABSTRACT}

⟦affiliation A. Lee is with the Department of Quays, University of Tolm⟧.

⟦date Manuscript received March 3, 2021; revised May 5, 2021.⟧

## Introduction

{PROSE}""",
    "a paper with a stamp, one author and no mark": f"""\
⟦date arXiv:2103.01234v2 [cs.HB] 6 Mar 2021⟧

# ⟦title Granite Moles after the Storm⟧

⟦author Ann Lee⟧

Abstract. {ABSTRACT}

# 1 Introduction

{PROSE}""",
    "a paper whose abstract has no heading": f"""# ⟦title Granite Moles after the Storm⟧

⟦author Ann Lee¹ & Bo Ek⟧²

⟦affiliation ¹ Faculty of Harbours, Tolm. ² Norrvik Stone Works, Norrvik⟧.

{ABSTRACT}

## Results

{PROSE}""",
    "a paper with its institutions at the foot of the page": f"""\
# ⟦title Sinking moles: a review of harbour data⟧

⟦author Ann Lee 1 · Bo Ek 1,2 · Cid Roe⟧ 2

⟦date Received: 3 March 2020 / Accepted: 5 May 2020⟧

© The Author(s) 2020

**Abstract** {ABSTRACT}

**Keywords** Mole · Sea

## Introduction

{PROSE}

⟦affiliation 1 Department of Quays, Tolm University, Tolm⟧""",
    "a paper whose abstract is in parts": f"""# ⟦title Sinking Moles⟧

⟦author Ann Lee¹☯, Bo Ek²☯*, Cid Roe⟧¹,³

⟦affiliation 1 School of Quays, Tolm, 2 Norrvik Works, Norrvik, 3 Institute of Sea, Dale⟧

☯ These authors contributed equally to this work.

## Abstract

### Background

{ABSTRACT}

### Methods

⟦abstract We went there.⟧

## Introduction

{PROSE}""",
    "a paper with an institution below each author": f"""# ⟦title Sinking Moles at Scale⟧

⟦author Ann Lee⟧
⟦affiliation *University of Tolm⟧*

⟦author Bo Ek⟧
⟦affiliation *Quarry Minds Inc.⟧*

## Abstract

{ABSTRACT}

## 1 Introduction

{PROSE}""",
    "a paper with institutions beside its authors": f"""# ⟦title Sinking Moles⟧

⟦author ANN LEE⟧, ⟦affiliation University of Tolm, Norway⟧

⟦author BO EK and CID ROE⟧, ⟦affiliation Norrvik Labs, Sweden⟧

{ABSTRACT}

CCS Concepts: • Seas → Moles;

## 1 INTRODUCTION

{PROSE}""",
    "an article of a newspaper": f"""# ⟦title The Mole That Sinks⟧

By ⟦author Ann Lee and Bo Ek⟧

⟦date Wednesday, March 3, 2021⟧ at 14:05

{PROSE}

{PROSE}""",
    "an article with a lead above its byline": f"""# ⟦title The Mole That Sinks⟧

⟦abstract The harbour of Tolm was proud of its granite.⟧ \
⟦abstract Now the sea comes over it at every spring tide.⟧

*By ⟦author Ann Lee⟧, Tolm*

Published: ⟦date 3 March 2021⟧
⟦date Updated: 5 March 2021⟧

{PROSE}""",
    "a blog": f"""# ⟦title How I Measured a Mole⟧

⟦author Ann Lee⟧ | ⟦date 3 March 2021⟧ | 5 min read

{PROSE}

## The tools

{PROSE}""",
    "a page with its byline in one sentence": f"""# ⟦title The Mole of Tolm⟧

By ⟦author Ann Lee⟧. Published ⟦date 2 June 2019⟧, last revised 8 May 2023.

{PROSE}

## History

{PROSE}""",
    "a report of an office": f"""# ⟦title State of the Harbours⟧

Tolm Harbour Council

Annual Report

⟦date March 2021⟧

Published by: ⟦publisher Council Print Office⟧, Tolm

## Executive Summary

{ABSTRACT}

## Findings

{PROSE}""",
    "a report with its authors under a label": f"""# ⟦title State of the Harbours⟧

Authors

⟦author Ann Lee⟧
⟦author Bo Ek⟧

Date: ⟦date 2021-03-03⟧

## Findings

{PROSE}""",
    "a book": f"""# ⟦title The Keeper of the Mole⟧

a novel

by ⟦author Ann Lee⟧

First published in 1987 by ⟦publisher Harrow Press⟧, Tolm

## One

{PROSE}""",
    # --- with little or nothing to find
    "minutes": f"""# ⟦title Minutes of the Harbour Committee⟧

Present: Ann Lee, Bo Ek (chair), Cid Roe

Apologies: Dana Moss

## 1. Matters arising

{PROSE}""",
    "a manual": f"""# ⟦title Setting Up the Winch⟧

## Before You Start

{PROSE}

## Safety Notes

{PROSE}""",
    "a chronicle": f"""# ⟦title The Log of the Mole⟧

3 March 1921

{PROSE}

4 March 1921

{PROSE}

9 March 1921

{PROSE}""",
    "an encyclopedia on a style": f"""# ⟦title Abstract Expressionism⟧

Abstract Expressionism came to Tolm by sea. {PROSE}

## Ann Lee

{PROSE}""",
    "places that look like people": f"""# ⟦title By Sea and by Rail⟧

Harrow Dale and Calder Bay

Tolm Castle

{PROSE}""",
    "a person's life": f"""# ⟦title Ann Lee⟧

Ann Lee (3 March 1921 – 4 May 1999) was a keeper of the mole of Tolm, as her mother had been.

## Life

{PROSE}""",
    "a battle with its place": f"""# ⟦title The Battle of Tolm⟧

Harrow Dale, Norrvik

{PROSE}""",
    "a play with its people": f"""# ⟦title The Keeper⟧

Ann Lee, a keeper
Bo Ek, a fisher

## Act One

{PROSE}""",
    "a notice": f"""# ⟦title The Harbour Is Closed⟧

By phone: 1234

By post: Tolm Harbour, Quay Street

{PROSE}""",
    "a product and the mail of its maker": f"""# ⟦title Tolm Winch⟧

Model Numbers, Power Ratings and Safety Signs

sales@winch.example

{PROSE}""",
    "a poem": """Tolm Harbour

By night the lamp goes round,
By day the gulls,
And Ann Lee keeps the light.""",
    "only prose": f"""{PROSE} It was written by Ann Lee on 3 March 2021.

{PROSE}""",
    "a table": """Name | Born
Ann Lee | 3 March 1921
Bo Ek | 4 May 1922
Cid Roe | 5 June 1923""",
    "a letter": f"""Dear Ann Lee,

{PROSE}

Yours, Bo Ek""",
}
"""What is to be found in each stands in brackets that say what it is."""


def said(document: Document) -> Said:
    found = {matter: front_matter(document, matter) for matter in get_args(Matter)}
    return {
        matter: [document.text[start:end] for start, end in places]
        for matter, places in found.items()
        if places
    }


PDF_SAID: Said = {
    "title": ["Granite Moles: A Study of Harbours after the Storm"],
    "date": ["arXiv:2403.01234v2 [cs.HB] 6 Dec 2023"],
    "abstract": SENTENCES,
}


class Paper(fpdf.FPDF):
    """The first page of a paper, with a stamp on its margin, and a second page."""

    def __init__(self) -> None:
        super().__init__(format="letter")
        self.set_margin(25)
        self.add_page()
        self.set_font("Times", size=20)
        with self.rotation(90, 12, 200):
            self.text(12, 200, PDF_SAID["date"][0])
        self.say("Granite Moles:\nA Study of Harbours after the Storm", 17)

    def say(self, text: str, size: int = 10, align: str = "C") -> None:
        self.set_font("Times", size=size)
        self.multi_cell(0, size / 2, text, align=align, new_x="LMARGIN", new_y="NEXT")
        self.ln(2)

    def raised(self, *words: str) -> None:
        """Write words, and each second one as raised marks."""
        self.set_x(60)
        for number, word in enumerate(words):
            self.char_vpos = "SUP" if number % 2 else "LINE"
            self.write(6, word)
        self.char_vpos = "LINE"
        self.ln(7)

    def read(self) -> Document:
        self.say("Abstract", 12)
        self.say(PROSE, align="J")
        self.say("1 Introduction", 12)
        self.say(f"{PROSE} {PROSE}", align="J")
        self.add_page()
        self.say(f"{PROSE} {PROSE}", align="J")
        return load_bytes(bytes(self.output()), "paper.pdf")


def test_a_paper_with_raised_marks() -> None:
    paper = Paper()
    paper.set_font_size(12)
    paper.raised("Ann Lee", "1,*", ", Bo van Ek", "2", ", Cid Roe", "1")
    paper.set_font_size(10)
    paper.raised("", "1", "Department of Quays, University of Tolm")
    paper.raised("", "2", "Norrvik Stone Works")
    paper.say("{ann, cid}@tolm.example, bo@norrvik.example")
    assert said(paper.read()) == PDF_SAID | {
        "author": ["Ann Lee1,*, Bo van Ek2 , Cid Roe"],
        "affiliation": ["1Department of Quays, University of Tolm", "2Norrvik Stone Works"],
    }


def test_a_paper_with_its_authors_side_by_side() -> None:
    paper = Paper()
    for row in (
        ["Ann Lee*", "Bo van Ek*", "Cid Roe"],
        ["Quarry Minds", "Quarry Minds", "University of Tolm"],
        ["ann@quarry.example", "bo@quarry.example", "cid@tolm.example"],
    ):
        for number, words in enumerate(row):
            paper.set_x(25 + 55 * number)
            paper.cell(50, 5, words, align="C")
        paper.ln(5)
    assert said(paper.read()) == PDF_SAID | {
        "author": ["Ann Lee* | Bo van Ek* | Cid Roe"],
        "affiliation": ["Quarry Minds | Quarry Minds | University of Tolm"],
    }


def test_what_the_file_says_is_found_where_it_stands_at_the_head() -> None:
    text = f"The Mole\n\nAnn Lee\n\nThe Tolm Post, Wednesday edition, Dec. 31, 2021\n\n{PROSE}"
    known = Properties("Ann Lee", "2021-12-31", "The Tolm Post")
    document = Document.of(text, title="The Mole", source="/mole.txt", properties=known)
    assert said(document) == {
        "title": ["The Mole"],
        "author": ["Ann Lee"],
        "date": ["Dec. 31, 2021"],
        "publisher": ["The Tolm Post"],
    }
    prose = Document.of(f"{PROSE} Ann Lee.", title="a", source="/a.txt", properties=known)
    assert said(prose) == {}


@pytest.mark.parametrize("name", HEADS)
def test_heads(name: str) -> None:
    document = load_bytes(MARK.sub(r"\1", HEADS[name]).encode(), "head.md")
    text = document.text
    found = [(*at, each) for each in get_args(Matter) for at in front_matter(document, each)]
    for start, end, matter in sorted(found, reverse=True):
        text = f"{text[:start]}⟦{matter} {text[start:end]}⟧{text[end:]}"
    assert text == HEADS[name]


SCRAPS = ["|", *"Ann Lee;By ;University;3 March 2021;a@b.c;Abstract;#;*;, ;1".split(";")]


@given(st.lists(st.sampled_from([*SCRAPS, "\n", "\n\n", "\f", " of the sea", "."]) | st.text()))
def test_places_stand_in_the_text_in_order(scraps: list[str]) -> None:
    document = Document.of("".join(scraps), title="Ann Lee", source="/a.txt")
    for matter in get_args(Matter):
        places = front_matter(document, matter)
        assert places == sorted(places)
        assert all(document.text[start:end].strip() for start, end in places)
