"""What stands at the head of a text: heads of many layouts, some with nothing to find."""

from __future__ import annotations

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

HEADS: dict[str, tuple[str, Said]] = {
    "a paper with digits": (
        f"""# Granite Moles after the Storm

Ann Lee1,*, Bo van Ek2, and Cid J. Roe1,2

1 Department of Quays, University of Tolm
2 Norrvik Stone Works, Norrvik
* Corresponding author: ann@tolm.example

Received 12 May 2020; accepted 3 March 2021

Abstract

{PROSE}

Keywords: granite, moles

## 1 Introduction

{PROSE}""",
        {
            "title": ["Granite Moles after the Storm"],
            "author": ["Ann Lee1,*, Bo van Ek2, and Cid J. Roe"],
            "affiliation": [
                "1 Department of Quays, University of Tolm",
                "2 Norrvik Stone Works, Norrvik",
            ],
            "date": ["Received 12 May 2020; accepted 3 March 2021"],
            "abstract": SENTENCES,
        },
    ),
    "a paper with an author a line": (
        f"""Granite Moles after the Storm

Ann Lee
University of Tolm
ann@tolm.example

Bo van Ek
Institute of Stone, Norrvik
bo@norrvik.example

Abstract—{PROSE}

I. INTRODUCTION

{PROSE}""",
        {
            "title": ["Granite Moles after the Storm"],
            "author": ["Ann Lee", "Bo van Ek"],
            "affiliation": ["University of Tolm", "Institute of Stone, Norrvik"],
            "abstract": SENTENCES,
        },
    ),
    "a paper whose firm is told by its mail": (
        f"""# Granite Moles after the Storm

Ann Lee | Bo Ek | Cid Roe

Quarry Minds | Quarry Minds | University of Tolm

ann@quarry.example | bo@quarry.example | cid@tolm.example

## Abstract

{PROSE}""",
        {
            "title": ["Granite Moles after the Storm"],
            "author": ["Ann Lee | Bo Ek | Cid Roe"],
            "affiliation": ["Quarry Minds | Quarry Minds | University of Tolm"],
            "abstract": SENTENCES,
        },
    ),
    "a paper with letters for marks, and its journal above": (
        f"""Tolm Journal of Quays 12 (2021) 33-41

# Granite moles after the storm

Ann Lee a,b, Bo Ek b, Çağla Öz a

a School of Harbours, University of Tolm, Tolm
b Norrvik Institute of Stone, Norrvik

A B S T R A C T

{PROSE}

## 1. Introduction

{PROSE}""",
        {
            "title": ["Granite moles after the storm"],
            "author": ["Ann Lee a,b, Bo Ek b, Çağla Öz a"],
            "affiliation": [
                "a School of Harbours, University of Tolm, Tolm",
                "b Norrvik Institute of Stone, Norrvik",
            ],
            "abstract": SENTENCES,
        },
    ),
    "a paper with notes to its authors": (
        f"""# Granite Moles after the Storm

Ann Lee, Member, and Bo Ek, Kaiming He, Cid Roe, Dana Moss

ABSTRACT {PROSE}

A. Lee is with the Department of Quays, University of Tolm.

Manuscript received March 3, 2021; revised May 5, 2021.

## Introduction

{PROSE}""",
        {
            "title": ["Granite Moles after the Storm"],
            "author": ["Ann Lee, Member, and Bo Ek, Kaiming He, Cid Roe, Dana Moss"],
            "affiliation": ["A. Lee is with the Department of Quays, University of Tolm"],
            "date": ["Manuscript received March 3, 2021; revised May 5, 2021."],
            "abstract": SENTENCES,
        },
    ),
    "a paper with a stamp, one author and no mark": (
        f"""arXiv:2103.01234v2 [cs.HB] 6 Mar 2021

# Granite Moles after the Storm

Ann Lee

Abstract. {PROSE}

# 1 Introduction

{PROSE}""",
        {
            "title": ["Granite Moles after the Storm"],
            "author": ["Ann Lee"],
            "date": ["arXiv:2103.01234v2 [cs.HB] 6 Mar 2021"],
            "abstract": SENTENCES,
        },
    ),
    "a paper whose abstract has no heading": (
        f"""# Granite Moles after the Storm

Ann Lee¹ & Bo Ek²

¹ Faculty of Harbours, Tolm. ² Norrvik Stone Works, Norrvik.

{PROSE}

## Results

{PROSE}""",
        {
            "title": ["Granite Moles after the Storm"],
            "author": ["Ann Lee¹ & Bo Ek"],
            "affiliation": ["¹ Faculty of Harbours, Tolm. ² Norrvik Stone Works, Norrvik"],
            "abstract": SENTENCES,
        },
    ),
    "a paper with its institutions at the foot of the page": (
        f"""# Sinking moles: a review of harbour data

Ann Lee 1 · Bo Ek 1,2 · Cid Roe 2

Received: 3 March 2020 / Accepted: 5 May 2020

© The Author(s) 2020

**Abstract** {PROSE}

**Keywords** Mole · Sea

## Introduction

{PROSE}

1 Department of Quays, Tolm University, Tolm""",
        {
            "title": ["Sinking moles: a review of harbour data"],
            "author": ["Ann Lee 1 · Bo Ek 1,2 · Cid Roe"],
            "affiliation": ["1 Department of Quays, Tolm University, Tolm"],
            "date": ["Received: 3 March 2020 / Accepted: 5 May 2020"],
            "abstract": SENTENCES,
        },
    ),
    "a paper whose abstract is in parts": (
        f"""# Sinking Moles

Ann Lee¹☯, Bo Ek²☯*, Cid Roe¹,³

1 School of Quays, Tolm, 2 Norrvik Works, Norrvik, 3 Institute of Sea, Dale

☯ These authors contributed equally to this work.

## Abstract

### Background

{PROSE}

### Methods

We went there.

## Introduction

{PROSE}""",
        {
            "title": ["Sinking Moles"],
            "author": ["Ann Lee¹☯, Bo Ek²☯*, Cid Roe"],
            "affiliation": [
                "1 School of Quays, Tolm, 2 Norrvik Works, Norrvik, 3 Institute of Sea, Dale"
            ],
            "abstract": [*SENTENCES, "We went there."],
        },
    ),
    "a paper with an institution below each author": (
        f"""# Sinking Moles at Scale

Ann Lee
*University of Tolm*

Bo Ek
*Quarry Minds Inc.*

## Abstract

{PROSE}

## 1 Introduction

{PROSE}""",
        {
            "title": ["Sinking Moles at Scale"],
            "author": ["Ann Lee", "Bo Ek"],
            "affiliation": ["*University of Tolm", "*Quarry Minds Inc."],
            "abstract": SENTENCES,
        },
    ),
    "a paper with institutions beside its authors": (
        f"""# Sinking Moles

ANN LEE, University of Tolm, Norway

BO EK and CID ROE, Norrvik Labs, Sweden

{PROSE}

CCS Concepts: • Seas → Moles;

## 1 INTRODUCTION

{PROSE}""",
        {
            "title": ["Sinking Moles"],
            "author": ["ANN LEE", "BO EK and CID ROE"],
            "affiliation": ["University of Tolm, Norway", "Norrvik Labs, Sweden"],
            "abstract": SENTENCES,
        },
    ),
    "an article of a newspaper": (
        f"""# The Mole That Sinks

By Ann Lee and Bo Ek

Wednesday, March 3, 2021 at 14:05

{PROSE}

{PROSE}""",
        {
            "title": ["The Mole That Sinks"],
            "author": ["Ann Lee and Bo Ek"],
            "date": ["Wednesday, March 3, 2021"],
        },
    ),
    "an article with a lead above its byline": (
        f"""# The Mole That Sinks

The harbour of Tolm was proud of its granite. Now the sea comes over it at every spring tide.

*By Ann Lee, Tolm*

Published: 3 March 2021
Updated: 5 March 2021

{PROSE}""",
        {
            "title": ["The Mole That Sinks"],
            "author": ["Ann Lee"],
            "date": ["3 March 2021", "Updated: 5 March 2021"],
            "abstract": [
                "The harbour of Tolm was proud of its granite.",
                "Now the sea comes over it at every spring tide.",
            ],
        },
    ),
    "a blog": (
        f"""# How I Measured a Mole

Ann Lee | 3 March 2021 | 5 min read

{PROSE}

## The tools

{PROSE}""",
        {
            "title": ["How I Measured a Mole"],
            "author": ["Ann Lee"],
            "date": ["3 March 2021"],
        },
    ),
    "a page with its byline in one sentence": (
        f"""# The Mole of Tolm

By Ann Lee. Published 2 June 2019, last revised 8 May 2023.

{PROSE}

## History

{PROSE}""",
        {"title": ["The Mole of Tolm"], "author": ["Ann Lee"], "date": ["2 June 2019"]},
    ),
    "a report of an office": (
        f"""# State of the Harbours

Tolm Harbour Council

Annual Report

March 2021

Published by: Council Print Office, Tolm

## Executive Summary

{PROSE}

## Findings

{PROSE}""",
        {
            "title": ["State of the Harbours"],
            "date": ["March 2021"],
            "publisher": ["Council Print Office"],
            "abstract": SENTENCES,
        },
    ),
    "a report with its authors under a label": (
        f"""# State of the Harbours

Authors

Ann Lee
Bo Ek

Date: 2021-03-03

## Findings

{PROSE}""",
        {
            "title": ["State of the Harbours"],
            "author": ["Ann Lee", "Bo Ek"],
            "date": ["2021-03-03"],
        },
    ),
    "a book": (
        f"""# The Keeper of the Mole

a novel

by Ann Lee

First published in 1987 by Harrow Press, Tolm

## One

{PROSE}""",
        {
            "title": ["The Keeper of the Mole"],
            "author": ["Ann Lee"],
            "publisher": ["Harrow Press"],
        },
    ),
    # --- with little or nothing to find
    "minutes": (
        f"""# Minutes of the Harbour Committee

Present: Ann Lee, Bo Ek (chair), Cid Roe

Apologies: Dana Moss

## 1. Matters arising

{PROSE}""",
        {"title": ["Minutes of the Harbour Committee"]},
    ),
    "a manual": (
        f"""# Setting Up the Winch

## Before You Start

{PROSE}

## Safety Notes

{PROSE}""",
        {"title": ["Setting Up the Winch"]},
    ),
    "a chronicle": (
        f"""# The Log of the Mole

3 March 1921

{PROSE}

4 March 1921

{PROSE}

9 March 1921

{PROSE}""",
        {"title": ["The Log of the Mole"]},
    ),
    "an encyclopedia on a style": (
        f"""# Abstract Expressionism

Abstract Expressionism came to Tolm by sea. {PROSE}

## Ann Lee

{PROSE}""",
        {"title": ["Abstract Expressionism"]},
    ),
    "places that look like people": (
        f"""# By Sea and by Rail

Harrow Dale and Calder Bay

Tolm Castle

{PROSE}""",
        {"title": ["By Sea and by Rail"]},
    ),
    "a person's life": (
        f"""# Ann Lee

Ann Lee (3 March 1921 – 4 May 1999) was a keeper of the mole of Tolm, as her mother had been.

## Life

{PROSE}""",
        {"title": ["Ann Lee"]},
    ),
    "a battle with its place": (
        f"""# The Battle of Tolm

Harrow Dale, Norrvik

{PROSE}""",
        {"title": ["The Battle of Tolm"]},
    ),
    "a play with its people": (
        f"""# The Keeper

Ann Lee, a keeper
Bo Ek, a fisher

## Act One

{PROSE}""",
        {"title": ["The Keeper"]},
    ),
    "a notice": (
        f"""# The Harbour Is Closed

By phone: 1234

By post: Tolm Harbour, Quay Street

{PROSE}""",
        {"title": ["The Harbour Is Closed"]},
    ),
    "a product and the mail of its maker": (
        f"""# Tolm Winch

Model Numbers, Power Ratings and Safety Signs

sales@winch.example

{PROSE}""",
        {"title": ["Tolm Winch"]},
    ),
    "a poem": (
        """Tolm Harbour

By night the lamp goes round,
By day the gulls,
And Ann Lee keeps the light.""",
        {},
    ),
    "only prose": (f"{PROSE} It was written by Ann Lee on 3 March 2021.\n\n{PROSE}", {}),
    "a table": (
        "Name | Born\nAnn Lee | 3 March 1921\nBo Ek | 4 May 1922\nCid Roe | 5 June 1923",
        {},
    ),
    "a letter": (
        f"""Dear Ann Lee,

{PROSE}

Yours, Bo Ek""",
        {},
    ),
}


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
    text, expected = HEADS[name]
    assert said(load_bytes(text.encode(), "head.md")) == expected


SCRAPS = [
    "Ann Lee",
    "By ",
    "University",
    "3 March 2021",
    "a@b.c",
    "Abstract",
    "#",
    "*",
    "|",
    ", ",
    "1",
]


@given(st.lists(st.sampled_from([*SCRAPS, "\n", "\n\n", "\f", " of the sea", "."]) | st.text()))
def test_places_stand_in_the_text_in_order(scraps: list[str]) -> None:
    document = Document.of("".join(scraps), title="Ann Lee", source="/a.txt")
    for matter in get_args(Matter):
        places = front_matter(document, matter)
        assert places == sorted(places)
        assert all(document.text[start:end].strip() for start, end in places)
