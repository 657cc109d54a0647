"""Scans and pictures: what is seen in them, in which order, where it stands, and what goes wrong.

Pictures are drawn here and really read, which takes seconds each: there are few.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from index.documents import Document, Scan
from index.errors import DocumentError
from index.loading import load as loading
from index.loading import sandbox
from index.loading.formats import UNREAD, VERSIONS
from index.loading.load import load, load_bytes
from index.loading.pages import Box, draw_page
from index.loading.scanning import layout, pictures, recognition, work
from index.loading.scanning.pictures import MOST_PIXELS
from index.loading.scanning.regions import is_usable
from index.loading.scanning.words import FINE, Word, from_json, quarters, to_json, words_of
from index.storage.database import Place
from index.upkeep.proof import prove
from tests.breaking import opened

FERRY = "The ferry Aurora left Oslo, with forty-two horses on board."
TENOR = "A well known tenor sang on her deck until the storm began."


def picture(
    *lines: str, size: tuple[int, int] = (1100, 300), skew: float = 0, serif: bool = True
) -> Image.Image:
    """Lines of 32 pixels, from the upper left on."""
    name = "DejaVuSerif.ttf" if serif else "DejaVuSans.ttf"
    font = ImageFont.truetype(name, 28)
    drawn = Image.new("L", size, 255)
    for number, line in enumerate(lines):
        ImageDraw.Draw(drawn).text((40, 40 + 46 * number), line, font=font, fill=0)
    return drawn.rotate(skew, fillcolor=255, resample=Image.Resampling.BICUBIC)


def saved(shown: Image.Image, form: str, *others: Image.Image) -> bytes:
    file = io.BytesIO()
    several = {"save_all": True, "append_images": others} if others else {}
    shown.save(file, form, resolution=200, **several)
    return file.getvalue()


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "pages"


FILE = saved(picture(FERRY, TENOR, skew=1.5), "PDF", picture("The second page.", skew=-1))


@pytest.fixture(scope="module")
def scan(told: list[tuple[int, int]], kept: Path) -> Document:
    """A scan of two pages, read."""

    def progress(done: int, pages: int) -> None:
        told.append((done, pages))

    return load_bytes(FILE, "scan.pdf", progress=progress, kept=kept)


def test_a_scan_is_read_page_by_page(scan: Document, told: list[tuple[int, int]]) -> None:
    assert scan.text == f"{FERRY} {TENOR}\n\nThe second page."
    assert scan.pages == (0, scan.text.index("The second"))
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert scan.loader == f"pdf {VERSIONS['pdf']}"
    assert [each.page for each in scan.scans] == [1, 2]
    assert all(0.95 < each.confidence <= 1 for each in scan.scans)


def test_each_word_is_known_by_its_place_in_the_text_and_on_the_page(scan: Document) -> None:
    words = [word for each in scan.scans for word in words_of(each)]
    assert squeezed("".join(word.text for word in words)) == squeezed(scan.text)
    for word in words:
        assert scan.text.startswith(word.text, word.start)
    start = scan.text.index("well known tenor")
    boxes = draw_page(FILE, scan, 1, (start, start + 16)).boxes
    assert len(boxes) == 3
    page = draw_page(FILE, scan, 1, None)
    shown = Image.open(io.BytesIO(page.png)).convert("L")
    assert page.boxes == ()
    for box in boxes:  # On the second line.
        assert holds_letters(shown, box)
        assert 0.2 < box.top < 0.4
    assert boxes[0].left < boxes[1].left < boxes[2].left


def holds_letters(shown: Image.Image, box: Box) -> bool:
    """Whether something dark stands in a box on a page."""
    sides = (box.left, box.top, box.left + box.width, box.top + box.height)
    corners = [round(a * b) for a, b in zip(sides, shown.size * 2, strict=True)]
    return bool(shown.crop(tuple(corners)).getextrema()[0] < 120)


def test_reading_goes_on_with_the_pages_that_are_not_kept(
    scan: Document, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [folder] = kept.iterdir()
    _, second = sorted(folder.iterdir())
    second.write_text('{"page": 2, "confidence": 1, "words": "[[0]]"}')  # Cut off, say.
    read: list[int] = []
    scanned = work.scan_sandboxed

    def counted(data: bytes, sha256: str, kind: str, page: int, limits: work.Limits) -> Scan:
        read.append(page)
        return scanned(data, sha256, kind, page, limits)

    monkeypatch.setattr(work, "scan_sandboxed", counted)
    again = load_bytes(FILE, "scan.pdf", kept=kept)
    assert read == [2]
    assert again == scan
    assert json.loads(second.read_bytes())["page"] == 2


@pytest.mark.slow
def test_what_was_read_before_the_program_was_killed_is_kept(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(FILE)
    code = (
        "from pathlib import Path; from index.loading.load import load;"
        "load('scan.pdf', kept=Path('pages'),"
        " progress=lambda done, of: __import__('os').kill(__import__('os').getpid(), 9 * done))"
    )
    root = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", code]
    ended = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": root}, check=False
    )
    assert ended.returncode == -9
    told: list[tuple[int, int]] = []
    load(tmp_path / "scan.pdf", kept=tmp_path / "pages", progress=lambda *at: told.append(at))
    assert told == [(1, 2), (2, 2)]


def test_a_scan_of_too_many_pages_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST_PAGES", 1)
    with pytest.raises(DocumentError, match=r"scan\.pdf has 2 pages that are pictures"):
        load_bytes(FILE, "scan.pdf")


def test_a_library_keeps_where_the_words_stand(scan: Document, place: Place) -> None:
    library = opened(place)
    unfinished = work.folder_of(library.unfinished_pages, scan.read_sha256)
    unfinished.mkdir(parents=True)
    assert library.add(scan).outcome == "added"
    assert not library.unfinished_pages.exists(), "the pages are in the library now"
    again = opened(place)
    found = again.document(scan.id)
    assert found.scans == scan.scans
    assert found.styles == scan.styles
    assert again.add(scan).outcome == "unchanged"
    assert not prove(again, embed=False).faults  # Without reading the pictures again.
    again.remove(scan.id)
    assert again.add(found).outcome == "added"
    assert opened(place).document(scan.id).scans == scan.scans
    again.remove(scan.id)
    assert not prove(again, embed=False).faults


@pytest.mark.parametrize(
    ("form", "name"), [("PNG", "a.png"), ("JPEG", "a.jpg"), ("WEBP", "a.webp"), ("HEIF", "a.heic")]
)
def test_pictures_are_read(form: str, name: str) -> None:
    if form == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    shown = picture("Horses: 42", size=(400, 120)).convert("RGB")
    read = load_bytes(saved(shown, form), name)
    assert read.text == "Horses: 42"
    assert read.pages == (0,)
    assert read.file is not None
    [box] = draw_page(read.file, read, 1, (8, 10)).boxes
    assert 0.4 < box.left < box.left + box.width < 0.7


def test_the_pictures_of_a_tiff_file_are_its_pages() -> None:
    small = [picture(words, size=(400, 120)) for words in ("Page one.", "Page two.")]
    read = load_bytes(saved(small[0], "TIFF", small[1]), "a.tiff")
    assert read.text == "Page one.\n\nPage two."
    assert read.pages == (0, 11)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_the_size_of_a_picture_is_as_its_camera_turned_it(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.new("RGB", (40, 20)).save(file, form, exif=exif)
    turned = pictures.size(file.getvalue(), 1)
    assert turned == pictures.picture(file.getvalue(), 1).size
    assert turned == ((40, 20) if orientation == 1 else (20, 40))


def with_text(*pictures: tuple[Image.Image, float]) -> bytes:
    """A page with a line above and below, and pictures at heights, in millimetres."""
    made = FPDF()
    made.set_font("Helvetica", size=12)
    made.add_page()
    made.set_xy(20, 20)
    made.cell(text="Above the picture stands a line of text.")
    for shown, height in pictures:
        made.image(shown, x=20, y=height, w=170)
    made.set_xy(20, 200)
    made.cell(text="Below the picture stands another line.")
    return bytes(made.output())


def test_a_picture_of_text_is_read_between_the_text_around_it() -> None:
    shown = picture(FERRY, TENOR, size=(1100, 500))
    read = load_bytes(with_text((shown, 60)), "mixed.pdf")
    assert read.text.split("\n\n") == [
        "Above the picture stands a line of text.",
        f"{FERRY} {TENOR}",
        "Below the picture stands another line.",
    ]
    [scan] = read.scans
    assert read.scan_at(read.text.index("Aurora")) == scan


def test_a_small_picture_and_one_under_text_are_not_read() -> None:
    behind = FPDF()
    behind.set_font("Helvetica", size=12)
    behind.add_page()
    behind.image(picture(FERRY, size=(1100, 1500)), x=0, y=0, w=210)
    behind.set_xy(20, 20)
    behind.multi_cell(100, 8, f"What a program has read is under the picture: {FERRY}")
    small = with_text((picture(FERRY, size=(1100, 120)), 60))
    for file in (bytes(behind.output()), small):
        read = load_bytes(file, "a.pdf")
        assert read.scans == ()
        assert read.loader == f"pdf {VERSIONS['pdf']}"


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ("", False),
        ("7", True),
        ("An ordinary sentence, as pages have them, with 42 words and more. " * 2, True),
        ("12.5 | 13.0 | 14.75 | 99.1 | 100.0 | 3.25 | 12,000 | 14,500 | 3 | 7 | 8", True),
        ("第一艘渡轮于一九一一年离开奥斯陆，载有四十二匹马。" * 4, True),
        ("\ue001\ue002\ue003 \ue010\ue011" * 20, False),
        ("\ufffd\ufffd\ufffd a\ufffd " * 20, False),
        ("!\"#$%&'()*+ ,-./:;<=>?@ [\\]^_" * 4, False),
        ("withoutablankbetweenthewords" * 9, False),
    ],
)
def test_which_text_of_a_page_is_usable(text: str, usable: bool) -> None:
    assert is_usable(text) is usable


REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "nothing": (
        lambda: saved(Image.new("L", (300, 200), 255), "PNG"),
        "a.png",
        "No text was found",
    ),
    "huge": (
        lambda: saved(Image.new("1", (MOST_PIXELS // 1000 + 1, 1000)), "PNG"),
        "a.png",
        "pixels, and pictures of up to 100 million",
    ),
    "damaged": (lambda: saved(picture(FERRY), "PNG")[:900], "a.png", "damaged"),
    "none": (lambda: b"text", "a.heic", "damaged"),
    "a blank page": (lambda: saved_pdf(), "a.pdf", "There is no text in a.pdf"),
}


def saved_pdf() -> bytes:
    file = io.BytesIO()
    with pypdfium2.PdfDocument.new() as made:
        made.new_page(300, 200)
        made.save(file)
    return file.getvalue()


@pytest.mark.parametrize("what", REFUSED)
def test_what_has_no_text_is_told(what: str) -> None:
    made, name, why = REFUSED[what]
    with pytest.raises(DocumentError, match=why):
        load_bytes(made(), name)


RUSSIAN = ("Первый паром вышел из Осло", "с лошадьми и тенором на борту.")


def russian() -> bytes:
    return saved(picture(*RUSSIAN, size=(700, 200), serif=False), "PNG")


def test_a_script_that_is_not_known_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox._scanners, "idle", [])  # A process of its own does not find it.
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DocumentError, match="need Tesseract: install it"):
        load_bytes(russian(), "a.png")
    for child in sandbox._scanners.idle:
        child.stop()


@pytest.mark.skipif(
    "rus" not in recognition.tesseract.languages(),
    reason="Tesseract and its Russian are not installed (tesseract-ocr, tesseract-ocr-rus)",
)
def test_a_script_that_rapidocr_has_not_is_read_by_tesseract() -> None:
    read = load_bytes(russian(), "a.png")
    assert read.text.split() == " ".join(RUSSIAN).split()
    [scan] = read.scans
    assert 0.8 < scan.confidence < 1
    boxes = [word[3:7] for word in words_of(scan)]
    assert len(boxes) == len(read.text.split())
    assert boxes == sorted(boxes, key=lambda box: (box[1] > FINE // 3, box[0]))
    assert all(left < right and top < bottom for left, top, right, bottom in boxes)


UPRIGHT = picture(FERRY, TENOR, skew=1.5)


def test_pages_that_lie_on_their_side_or_upside_down_are_turned() -> None:
    turned = [UPRIGHT.rotate(-90 * quarters, expand=True) for quarters in (1, 2, 3)]
    file = saved(turned[0], "TIFF", *turned[1:])
    read = load_bytes(file, "turned.tiff")
    assert read.text.split("\n\n") == [f"{FERRY} {TENOR}"] * 3
    for number, shown in enumerate(turned, 1):
        start = read.text.index("well known tenor", read.pages[number - 1])
        boxes = draw_page(file, read, number, (start, start + 16)).boxes
        assert len(boxes) == 3
        assert all(holds_letters(shown, box) for box in boxes), "in the picture as it is"
        places = [box.left if number == 2 else box.top for box in boxes]
        assert places == sorted(places, reverse=number > 1)


def test_a_page_that_its_file_turns_is_read_as_it_is_shown() -> None:
    lying = UPRIGHT.rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    photograph = io.BytesIO()
    lying.save(photograph, "JPEG", exif=exif)
    made = io.BytesIO()
    with pypdfium2.PdfDocument(saved(lying, "PDF")) as pdf:
        pdf[0].set_rotation(90)
        pdf.save(made)
    for file, name in ((photograph, "a.jpg"), (made, "a.pdf")):
        read = load_bytes(file.getvalue(), name)
        assert read.text == f"{FERRY} {TENOR}"
        assert quarters(words_of(read.scans[0])) == 0


def test_an_upright_page_is_read_once_and_its_least_sure_word_is_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads: list[tuple[int, int]] = []
    read = recognition._by_rapidocr

    def counted(shown: Image.Image) -> tuple[list[Word], float, bool]:
        reads.append(shown.size)
        return read(shown)

    monkeypatch.setattr(recognition, "_by_rapidocr", counted)
    shown = picture(FERRY, size=(1100, 120))
    words, confidence = recognition.recognise(shown, turn=True)
    assert reads == [shown.size]
    assert not any(word.is_uncertain for word in words)
    [oslo] = [word for word in words if word.text == "Oslo,"]
    sides = oslo.left * shown.width // FINE, 0, oslo.right * shown.width // FINE, shown.height
    shown.paste(shown.crop(sides).filter(ImageFilter.GaussianBlur(3)), sides)
    again, less = recognition.recognise(shown, turn=True)
    assert less < confidence
    [unsure] = [word.text for word in again if word.is_uncertain]
    assert "Oslo" in unsure
    recognition._engine.cache_clear()  # It holds a quarter of a gigabyte.


def test_without_the_libraries_one_sentence_says_what_brings_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loading, "READS_PICTURES", False)
    for file, name in ((FILE, "scan.pdf"), (saved(picture(FERRY), "PNG"), "a.png")):
        with pytest.raises(DocumentError, match=r"pip install 'footnoted\[scans\]'"):
            load_bytes(file, name)
    # The text of a page is read without its picture, and read again once that can be.
    read = load_bytes(with_text((picture(FERRY, size=(1100, 500)), 60)), "mixed.pdf")
    assert read.loader == f"pdf {VERSIONS['pdf']}{UNREAD}"
    assert "Above the picture" in read.text


def test_nothing_is_downloaded_or_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from rapidocr.utils.download_file import DownloadFile

    monkeypatch.setattr(DownloadFile, "run", None)
    recognition._engine.cache_clear()
    words, confidence = recognition.recognise(picture("Horses: 42", size=(400, 120)))
    assert [word.text for word in words] == ["Horses:", "42"]
    assert confidence > 0.9
    assert recognition.recognise(Image.new("RGB", (4, 4), "white")) == ([], 1.0)
    assert capfd.readouterr() == ("", "")
    recognition._engine.cache_clear()  # It holds a quarter of a gigabyte.


# --- the order of lines: words in points of a page of 600 by 800


def line(number: int, text: str, left: float, top: float, height: float = 12) -> list[Word]:
    """Words side by side, each letter half as wide as the line is high."""
    words, at = [], left
    for word in text.split():
        right = at + len(word) * height / 2
        sides = (at / 600, top / 800, right / 600, (top + height) / 800)
        box = [round(FINE * side) for side in sides]
        words.append(Word(number, word, at > left, *box, confidence=99))
        at = right + height / 2
    return words


def in_order(*lines: list[Word]) -> list[str]:
    [rows] = layout.rows([([word for each in lines for word in each], 600, 800)])
    return [" ".join(word.text for word in row.words) for row in rows]


def test_columns_are_read_one_after_the_other() -> None:
    left = [line(n, f"left column line number {n}", 40, 100 + 20 * n) for n in range(6)]
    right = [line(10 + n, f"right column line number {n}", 320, 100 + 20 * n) for n in range(6)]
    title = line(20, "A title that goes across both of the columns of it", 100, 40, 18)
    foot = line(21, "and a line across both of them again, at the very end", 60, 300)
    mixed = [each for pair in zip(right, left, strict=True) for each in pair]
    assert in_order(foot, *mixed, title) == [
        "A title that goes across both of the columns of it",
        *(f"left column line number {n}" for n in range(6)),
        *(f"right column line number {n}" for n in range(6)),
        "and a line across both of them again, at the very end",
    ]


def across(number: int, top: float) -> list[list[Word]]:
    """Six lines of running text, counted from a number on."""
    words = "a line that goes across the page and both of the columns that stand on it"
    numbers = range(number, number + 6)
    return [line(n, f"{n} {words}", 40, top + 20 * (n - number)) for n in numbers]


def test_columns_may_stand_between_lines_that_go_across() -> None:
    top, foot = across(0, 40), across(50, 370)
    left = [line(20 + n, f"left column line number {n}", 40, 180 + 20 * n) for n in range(7)]
    right = [line(30 + n, f"right column line number {n}", 320, 180 + 20 * n) for n in range(6)]
    head = line(40, "Below them", 40, 350)
    read = in_order(*foot, head, *right, *left, *top)
    assert read == in_order(*top) + in_order(*left) + in_order(*right) + [
        "Below them",
        *in_order(*foot),
    ]


def test_a_table_between_lines_is_read_by_its_rows() -> None:
    about = ("the town in which the ship was built", "its first owner", "a ferry of the company")
    cells = [
        line(10 + 10 * n + m, text, 40 + 280 * m, 200 + 20 * n)
        for n in range(7)
        for m, text in enumerate((f"Ship number {n}", about[n % 3]))
    ]
    read = in_order(*across(0, 40), *cells)
    assert read[6:] == [f"Ship number {n} {about[n % 3]}" for n in range(7)]


def test_lines_are_as_large_as_their_letters_are_wide() -> None:
    """A box around a short line may be as high as one around a heading."""
    body = [
        line(n, f"a line of the text, it has the number {n}", 40, 100 + 20 * n) for n in range(6)
    ]
    short = [word._replace(bottom=word.bottom + 40) for word in line(9, "its end", 40, 220)]
    head = [word._replace(bottom=word.bottom - 30) for word in line(10, "A heading", 40, 40, 17)]
    [rows] = layout.rows([([word for each in (head, *body, short) for word in each], 600, 800)])
    sizes = [row.size for row in rows]
    assert sizes[1:] == [sizes[1]] * 7
    assert sizes[0] > 1.2 * sizes[1]


TOWNS = ["Town People Year", "Oslo 700,000 1911", "Bergen 290,000 1912"]
CELLS = [
    line(10 * n + m, text, 40 + 180 * m, 100 + 20 * n + m)
    for n, row in enumerate(TOWNS)
    for m, text in enumerate(row.split())
]
"""Each stands a little below the one to its left."""


def test_cells_side_by_side_are_one_row() -> None:
    assert in_order(*CELLS) == TOWNS


def test_a_table_in_a_picture_is_a_table() -> None:
    seen = Scan(1, 1.0, to_json([word for each in CELLS for word in each]))
    blank = saved(Image.new("L", (600, 800), 255), "PNG")
    read = load_bytes(blank, "table.png", scans=[seen])
    rows = "Town | People | Year\n\nOslo | 700,000 | 1911\n\nBergen | 290,000 | 1912"
    assert squeezed(read.text) == squeezed(rows)


def test_words_that_were_hard_to_read_are_marked() -> None:
    words = line(0, "The ferry left 0slo in 1911.", 40, 100)
    doubtful = [word._replace(confidence=50 if word.text == "0slo" else 99) for word in words]
    seen = Scan(1, 0.9, to_json(doubtful))
    read = load_bytes(saved(Image.new("L", (600, 800), 255), "PNG"), "a.png", scans=[seen])
    [style] = read.styles
    assert (style.kind, read.text[style.start : style.end]) == ("uncertain", "0slo")
    assert read.uncertain(0, len(read.text)) == ["0slo"]
    assert read.uncertain(0, 9) == []


def test_words_are_kept_as_they_are() -> None:
    words = line(3, "Größe “x” 🙂 第", 10, 10)
    assert from_json(to_json(words)) == words
    assert words_of(Scan(1, 1, "[[1]]")) == []
