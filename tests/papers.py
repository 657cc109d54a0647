"""Papers as PDFs, in many layouts: what they say is known, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from fpdf import FPDF

WIDTH, HEIGHT = 210, 297
SIDE, TOP, BOTTOM = 25, 28, 267
"""Millimetres of a page, and where its text stands on it."""

STAMP = "arXiv:2403.01234v2 [cs.CE] 6 Dec 2023"
HEAD = "The Quarterly of Moles and Harbours"
TITLE = "A Survey of Granite Moles on the Northern Coast after Forty Winters"
AUTHORS = "Lise Holm and Tore Vik"
SECTIONS = ("Introduction", "Earlier work", "The survey", "Results", "Conclusion")
FIGURES = (
    "Cracks in the piers of the mole at Tolm, by the year in which they were found.",
    "Gravel that the current takes from the foot of each pier in a winter.",
)
TABLE = "Width and age of the moles that were surveyed."
ROWS = (("Mole", "Width", "Built"), ("Tolm", "9 m", "1921"), ("Eik", "7 m", "1934"))
NOTES = (
    "The harbour office keeps the drawings of all piers but one.",
    "A winter is counted from the first frost to the last.",
)
REFERENCES = (
    "T. Vik and L. Holm, Cracks in piers of bridges, J. Bridges 12 (2004) 803-811.",
    "A. Roe, The washing away of gravel, Rivers 3 (1998) 12-19.",
    "M. Lind, Lamps at sea and on land, Seas 7 (2011) 41-56.",
)
_WHO = ("Tore Vik", "the harbour office", "Lise Holm", "the crew of the Eider", "a diver from Eik")
_DID = ("measured", "photographed", "repaired", "described", "weighed", "inspected")
_WHAT = ("the northern pier", "two granite blocks", "the old lamp", "the gravel below the mole")
_WHEN = ("in the winter of", "before the storms of", "late in", "in the spring of")


@dataclass(frozen=True)
class Layout:
    """How a paper is set; sizes are in points."""

    columns: int = 2
    size: int = 10
    font: str = "Times"
    caption: float = 9
    sign: str = ":"
    words: tuple[str, str] = ("Figure", "Table")
    justified: bool = True
    stamp: str = "first"
    head: str = "journal"
    large_headings: bool = True
    indent: bool = True
    pages: int = 4


LAYOUTS = {
    "usual": Layout(),
    "one column": Layout(columns=1, size=11, caption=10),
    "captions as large as the text": Layout(caption=10, sign="."),
    "one column, captions as the text": Layout(columns=1, size=11, caption=11, indent=False),
    "without sign": Layout(sign="", words=("Fig.", "Table")),
    "a bar as sign": Layout(font="Helvetica", size=9, caption=8, sign=" |"),
    "German": Layout(words=("Abbildung", "Tabelle"), sign=":"),
    "small headings": Layout(large_headings=False),
    "small headings, one column": Layout(columns=1, large_headings=False, caption=10),
    "ragged": Layout(justified=False),
    "ragged, one column": Layout(columns=1, justified=False, indent=False, size=12, caption=10),
    "stamp last": Layout(stamp="last"),
    "no stamp, sections above": Layout(stamp="", head="section"),
    "large head": Layout(head="large", size=9, caption=8),
    "numbers only": Layout(head="", columns=1),
    "draft with numbered lines": Layout(columns=1, head="lines", size=12, caption=11),
    "two pages": Layout(pages=2),
    "three columns": Layout(columns=3, size=8, caption=7),
}


@dataclass
class Paper:
    """A paper's file, and what it says in which paragraphs."""

    data: bytes
    headings: list[str]
    paragraphs: list[str]
    captions: list[str]
    notes: list[str] = field(default_factory=lambda: [f"{at} {n}" for at, n in enumerate(NOTES, 1)])

    @property
    def sentences(self) -> list[str]:
        """Return the sentences of its paragraphs."""
        return [f"{each}." for text in self.paragraphs for each in text.rstrip(".").split(". ")]


def paper(layout: Layout, seed: int = 1) -> Paper:
    """Make a paper in a layout."""
    return _Press(layout, seed).print()


def _sentences(random: Random) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        who, did, what, when = map(random.choice, (_WHO, _DID, _WHAT, _WHEN))
        yield (
            f"{who[0].upper()}{who[1:]} {did} {what} {when} {random.randint(1950, 1999)} and wrote"
            f" sheet {number} of the survey for Tolm and Eik."
        )


class _Press:
    """Sets the lines of a paper into the columns of its pages."""

    def __init__(self, layout: Layout, seed: int) -> None:
        self.layout, self.sentences = layout, _sentences(Random(seed))
        self.pdf = FPDF()
        self.pdf.set_auto_page_break(False)
        self.lead = layout.size * 1.2 * 0.3528
        self.gap = 7.0
        self.width = (WIDTH - 2 * SIDE - (layout.columns - 1) * self.gap) / layout.columns
        self.section = SECTIONS[0]
        self.slot, self.x, self.y, self.bottom = -1, 0.0, 0.0, 0.0
        self.captions: list[str] = []
        self.top: float = TOP
        self.due_note: str | None = None

    def print(self) -> Paper:
        slots = self.layout.pages * self.layout.columns
        headings: list[str] = []
        paragraphs: list[str] = []
        self._next_slot()
        for number, title in enumerate(SECTIONS, 1):
            self.section = title
            headings.append(f"{number} {title}")
            self._heading(headings[-1])
            begun = len(paragraphs)
            # Up to the end of its share of the columns.
            while len(paragraphs) == begun or self.slot < (slots - 1) * number // len(SECTIONS):
                count = 4 + len(paragraphs) % 3
                paragraphs.append(" ".join(next(self.sentences) for _ in range(count)))
                self._paragraph(paragraphs[-1])
        headings.append("References")
        self._heading(headings[-1])
        for number, entry in enumerate(REFERENCES, 1):
            self._paragraph(f"[{number}] {entry}", indent=False)
        self._end_page()
        return Paper(bytes(self.pdf.output()), headings, paragraphs, self.captions)

    # --- pages and columns

    def _next_slot(self) -> None:
        if self.due_note:
            self._note(self.due_note)
            self.due_note = None
        self.slot += 1
        column = self.slot % self.layout.columns
        if column == 0:
            if self.slot:
                self._end_page()
            self._page()
        self.x = SIDE + column * (self.width + self.gap)
        self.y, self.bottom = self.top, BOTTOM
        if self.slot in (1, 3) and len(self.captions) < 3:
            self._figure()
        elif self.slot == 2:
            self._table()
        if self.slot in (0, 2):
            self.due_note = f"{self.slot // 2 + 1} {NOTES[self.slot // 2]}"
            self.bottom -= 4 * self.lead

    def _page(self) -> None:
        pdf, layout = self.pdf, self.layout
        pdf.add_page()
        number = pdf.page_no()
        if number == 1 and layout.stamp == "first":
            self._stamp()
        self.top = TOP
        size = {"large": layout.size + 1}.get(layout.head, layout.size - 1)
        said = {"section": self.section, "journal": HEAD, "large": HEAD}.get(layout.head)
        if said and (number > 1 or layout.head == "journal"):
            self._set(size)
            pdf.text(SIDE, 15, said)
            pdf.text(WIDTH - SIDE - 5, 15, str(number + 240))
        if layout.head in ("", "lines"):
            self._set(layout.size)
            pdf.text(WIDTH / 2, HEIGHT - 12, str(number))
        if number == 1:
            self.y = TOP
            for text, points in ((TITLE, 17), (AUTHORS, 12)):
                self._set(points)
                for line in self._lines(text, WIDTH - 2 * SIDE - 20):
                    wide = pdf.get_string_width(line)
                    pdf.text((WIDTH - wide) / 2, self.y + 6, line)
                    self.y += points * 1.2 * 0.3528
                self.y += 5
            self.top = self.y + 6

    def _end_page(self) -> None:
        if self.pdf.page_no() == 1 and self.layout.stamp == "last":
            self._stamp()
        if self.layout.head == "lines":
            self._set(7)
            for at in range(40):
                y = TOP + (at + 1) * self.lead
                self.pdf.text(12, y, str(40 * (self.pdf.page_no() - 1) + at + 1))

    def _stamp(self) -> None:
        self._set(20)
        with self.pdf.rotation(90, 14, 220):
            self.pdf.text(14, 220, STAMP)

    def _set(self, size: float, style: str = "") -> None:
        self.pdf.set_font(self.layout.font, style, size)

    # --- text

    def _lines(self, text: str, width: float, indent: float = 0) -> list[str]:
        lines: list[str] = []
        line = ""
        for word in text.split():
            room = width - (indent if not lines else 0)
            if line and self.pdf.get_string_width(f"{line} {word}") > room:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        return [*lines, line]

    def _line(self, text: str, x: float, width: float, justified: bool) -> None:
        words = text.split()
        self.y += self.lead
        if not justified or len(words) < 2:
            self.pdf.text(x, self.y, text)
            return
        free = width - sum(map(self.pdf.get_string_width, words))
        for word in words:
            self.pdf.text(x, self.y, word)
            x += self.pdf.get_string_width(word) + free / (len(words) - 1)

    def _heading(self, text: str) -> None:
        if self.y + 5 * self.lead > self.bottom:
            self._next_slot()
        self.y += 0.8 * self.lead
        self._set(self.layout.size * (1.25 if self.layout.large_headings else 1), "B")
        self._line(text, self.x, self.width, False)
        self.y += 0.5 * self.lead

    def _paragraph(self, text: str, indent: bool = True) -> None:
        layout = self.layout
        inside = 4.0 if layout.indent and indent else 0.0
        self._set(layout.size)
        lines = self._lines(text, self.width, inside)
        for at, line in enumerate(lines):
            if self.y + self.lead > self.bottom:
                self._next_slot()
                self._set(layout.size)
            shift = 0 if at else inside
            last = at == len(lines) - 1
            self._line(line, self.x + shift, self.width - shift, layout.justified and not last)
        self.y += 0 if layout.indent else 0.7 * self.lead

    # --- what interrupts it

    def _caption(self, word: str, text: str) -> None:
        number = sum(each.startswith(word) for each in self.captions) + 1
        caption = f"{word} {number}{self.layout.sign} {text}"
        self.captions.append(caption)
        self._set(self.layout.caption)
        for line in self._lines(caption, self.width):
            self._line(line, self.x, self.width, False)

    def _figure(self) -> None:
        pdf = self.pdf
        pdf.rect(self.x + 8, self.y, self.width - 10, 38)
        self._set(6)
        for at in range(4):
            pdf.text(self.x + 4, self.y + 36 - 10 * at, str(10 * at))
        with pdf.rotation(90, self.x + 3, self.y + 30):
            pdf.text(self.x + 3, self.y + 30, "Cracks found")
        self.y += 42
        self._caption(self.layout.words[0], FIGURES[self.slot > 1])
        self.y += 3 * self.lead

    def _table(self) -> None:
        self._caption(self.layout.words[1], TABLE)
        self.y += self.lead
        self._set(self.layout.caption)
        for row in ROWS:
            self.y += 1.2 * self.lead
            for at, cell in enumerate(row):
                self.pdf.text(self.x + at * self.width / 3, self.y, cell)
        self.y += 3 * self.lead

    def _note(self, text: str) -> None:
        self._set(self.layout.size - 2)
        self.y = BOTTOM - 3 * self.lead
        self.pdf.line(self.x, self.y, self.x + 20, self.y)
        for line in self._lines(text, self.width):
            self._line(line, self.x, self.width, False)
