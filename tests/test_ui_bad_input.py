"""What people have and nobody can read, or far too much of it: told, and nothing is lost.

Each bad file comes with a good one: it gets a sentence of its own, and the good one is added.
"""

from __future__ import annotations

import io
import re
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pptx
import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, expect

from index.library import Library
from index.loading.load import load_bytes
from index.upkeep.proof import prove
from tests.bombs import CATALOG, pdf, stream, zipped
from tests.browser import SUMMIT, ask
from tests.commands import Footnoted
from tests.conftest import OpenLibrary
from tests.faults import Faults
from ui.drawing.render import Outcome
from ui.panels.adding.job import Item, Job, Jobs

pytestmark = [pytest.mark.faults, pytest.mark.weights]

GOOD = b"The ferry Aurora sank off Alder in 1931."
MANY = 10_000
MOST_IN_A_ZIP = 5_000
FEW = 100
"""So many are a small share of them."""
LONG = 1_000
"""Pages of a scan."""
SERIF = "DejaVuSerif.ttf"


def locked_pdf() -> bytes:
    made = FPDF()
    made.set_encryption(owner_password="owner", user_password="user")
    made.add_page()
    made.set_font("Helvetica")
    made.cell(text="The ferry sank.")
    return bytes(made.output())


def locked_office() -> bytes:
    """Make the start of what Office writes for a password: no zip, but a container of another."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000)


def locked_open() -> bytes:
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/>'
        "</manifest:file-entry></manifest:manifest>"
    )
    parts = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "\x17\x03"}
    return zipped({**parts, "META-INF/manifest.xml": manifest})


def locked_zip() -> bytes:
    made = bytearray(zipped({"a.txt": GOOD}))
    for sign, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = made.index(sign) + at
        made[place : place + 2] = struct.pack("<H", 1)
    return bytes(made)


def picture(form: str, shade: int, pages: int = 1) -> bytes:
    file, shown = io.BytesIO(), Image.new("L", (400, 300), shade)
    several = {"save_all": True, "append_images": [shown] * (pages - 1)} if pages > 1 else {}
    shown.save(file, form, **several)
    return file.getvalue()


def noise() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((400, 300), 60).save(file, "PNG")
    return file.getvalue()


def formulas() -> bytes:
    made, file = openpyxl.Workbook(), io.BytesIO()
    made.active.append(["Year", "Ships"])
    made.active.append([2021, "=40+2"])
    made.save(file)
    return file.getvalue()


def deck() -> bytes:
    made, file = pptx.Presentation(), io.BytesIO()
    for _ in range(3):
        slide = made.slides.add_slide(made.slide_layouts[6])
        slide.shapes.add_picture(io.BytesIO(picture("PNG", 90)), 0, 0)
    made.save(file)
    return file.getvalue()


LOCKED = "protected with a password"
BAD: dict[str, list[tuple[str, Callable[[], bytes], str]]] = {
    "encrypted files": [
        ("locked.pdf", locked_pdf, LOCKED),
        ("locked.docx", locked_office, "password"),
        ("locked.xlsx", locked_office, "password"),
        ("locked.pptx", locked_office, "password"),
        ("locked.odt", locked_open, LOCKED),
        ("locked.ods", locked_open, LOCKED),
        ("locked.zip", locked_zip, LOCKED),
    ],
    "pictures of nothing": [
        ("white.png", lambda: picture("PNG", 255), "No text was found"),
        ("black.jpg", lambda: picture("JPEG", 0), "No text was found"),
        ("grey.tiff", lambda: picture("TIFF", 128, 2), "No text was found"),
        ("noise.png", noise, "No text was found"),
        ("white.pdf", lambda: picture("PDF", 255, 2), "no text|No text"),
    ],
    "a sheet of formulas": [("formulas.xlsx", formulas, "without their values")],
    "a deck of pictures": [("deck.pptx", deck, "its slides are pictures")],
    "a ZIP within a ZIP": [
        (
            "outer.zip",
            lambda: zipped({"inner.zip": zipped({"a.txt": GOOD})}),
            "unpack it and add their",
        ),
        (
            "more.zip",
            lambda: zipped({"inner.zip": zipped({"a.txt": "x"}), "b.txt": "A mole."}),
            "inner.zip is an archive in an archive, and is not opened. Unpack it",
        ),
    ],
}


def uploaded(jobs: Jobs, library: Library, folder: Path, files: dict[str, bytes]) -> Job:
    """Give files to a window, as an upload does, and wait for what becomes of them."""
    job = jobs.of("browser", library)
    items = []
    for name, data in files.items():
        path = folder / "upload"
        path.write_bytes(data)
        items.append(jobs.upload(path, name, library))
    job.add(items)
    return job


def told(outcomes: list[Outcome]) -> list[str]:
    return [each.text for each in outcomes if not each.well]


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_read_is_told_in_a_sentence_and_the_rest_is_added(
    kind: str, open_library: OpenLibrary, tmp_path: Path, footnoted: Footnoted, faults: Faults
) -> None:
    jobs = Jobs()
    for number, (name, make, why) in enumerate(faults.some(BAD[kind])):
        with faults.trying(kind, name):
            data, library = make(), open_library(tmp_path / str(number))
            job = uploaded(jobs, library, tmp_path, {name: data, "good.txt": GOOD})
            job.wait(120)
            assert not job.goes_on
            [said] = told(job.outcomes())
            assert re.search(why, said), said
            assert re.search(r"[^\n]{20,}\.$", said)
            assert len(said) < 300
            assert name in said or name.rpartition(".")[2] == "zip"
            sources = {entry.source for entry in library.entries()}
            assert sources == {"good.txt", *(["more.zip/b.txt"] if name == "more.zip" else ())}
            assert not prove(library).faults
            # The command says the same of the file, and adds the other one as well.
            for each, given in ((name, data), ("good.txt", GOOD)):
                (tmp_path / each).write_bytes(given)
            files = [str(tmp_path / name), str(tmp_path / "good.txt")]
            place = str(tmp_path / f"{number} by the command")
            ended = footnoted("add", *files, "--library", place)
            assert ended.returncode == (0 if name == "more.zip" else 2), ended.stderr
            assert re.search(why, ended.stderr), ended.stderr
            assert "Traceback" not in ended.stderr
            assert "1 added" in ended.stderr or "2 added" in ended.stderr


def notes(count: int) -> dict[str, bytes]:
    """Make small files, each of another ship."""
    return {
        f"{n // 500:02}/note{n:05}.txt": f"Ship {n} sank off Alder in {1500 + n % 500}.".encode()
        for n in range(count)
    }


@pytest.mark.faults(minutes=8)
def test_thousands_of_small_files_are_added_and_known_again(
    tmp_path: Path, open_library: OpenLibrary, footnoted: Footnoted, faults: Faults
) -> None:
    count = MANY if faults.share >= 1 else 2 * FEW
    for name, data in notes(count).items():
        path = tmp_path / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    place = tmp_path / "library"
    begun, used = time.process_time(), 0.0
    with faults.trying("10,000 small files", "a folder"):
        ended = footnoted("add", tmp_path / "notes", "--library", place)
        used = time.process_time() - begun
        assert ended.returncode == 0
        assert ended.stderr.splitlines()[-1] == f"{count:,} added."
        assert len(ended.stderr.splitlines()) <= 25, "it is told now and then, and not one by one"
    with faults.trying("10,000 small files", "the folder again"):
        ended = footnoted("add", tmp_path / "notes", "--library", place)
        assert ended.stderr.splitlines()[-1] == f"{count:,} unchanged."
    library = open_library(place)
    with faults.trying("10,000 small files", "what is found"):
        assert len(library.entries()) == count
        last = f"Ship {count - 1} sank off Alder in {1500 + (count - 1) % 500}."
        assert last in [hit.text for hit in library.search(f"When did ship {count - 1} sink?", 5)]
        assert library.unfinished() == 0
    took = f"{1000 * used / count:.0f} ms of processor for each, besides Chroma's and the parsers'"
    faults.tell(f"{count:,} small files: {took}")


@pytest.mark.faults(minutes=4)
def test_a_zip_of_thousands_of_files_blocks_nobody_and_goes_on(
    tmp_path: Path, open_library: OpenLibrary, faults: Faults
) -> None:
    count = MOST_IN_A_ZIP if faults.share >= 1 else FEW
    library, jobs = open_library(tmp_path / "library"), Jobs()
    with faults.trying("10,000 small files", "a ZIP of more than are read"):
        job = uploaded(jobs, library, tmp_path, {"all.zip": zipped(notes(MANY))})
        job.wait(120)
        [said] = told(job.outcomes())
        assert re.fullmatch(r"all.zip holds 10,000 files, .* Unpack it and add the folder\.", said)
    job = uploaded(jobs, library, tmp_path, {"some.zip": zipped(notes(count))})
    with faults.trying("10,000 small files", "a ZIP: others meanwhile"):
        other = jobs.of("somebody else", library)
        other.add([Item("good.txt", lambda _: load_bytes(GOOD, "good.txt"))])
        other.wait(60)
        assert [each.text for each in other.outcomes()] == ["good.txt: added, 1 passage"]
        assert library.search("When did the ferry Aurora sink?", 1)[0].text == GOOD.decode()
        assert job.goes_on
        begun = time.monotonic()
        assert re.match(r"[\d,]+ of [\d,]+ documents are done", job.progress()[0].text)
        assert time.monotonic() - begun < 2
    with faults.trying("10,000 small files", "a ZIP: stopped and gone on with"):
        job.stop()
        job.wait(60)
        there = len(library.entries()) - 1
        assert there < count
        assert told(job.outcomes()) == []
        assert f"{count - there:,} stopped" in job.outcomes()[0].text
        job.try_again()
        job.wait(1_000)
        assert len(library.entries()) == count + 1
        assert library.unfinished() == 0


def scan(pages: int) -> bytes:
    """Make a scan: each page is a picture of the same line of print."""
    shown = Image.new("L", (900, 120), 255)
    ImageDraw.Draw(shown).text((40, 40), "The ferry sank.", font=ImageFont.truetype(SERIF, 40))
    size = "/Type/XObject/Subtype/Image/Width 900/Height 120/BitsPerComponent 8"
    image = stream(
        zlib.compress(shown.tobytes()), f"{size}/ColorSpace/DeviceGray/Filter/FlateDecode"
    )
    drawn = stream(b"q 450 0 0 60 20 20 cm /N Do Q")
    kids = " ".join(f"{n + 5} 0 R" for n in range(pages))
    page = (
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 490 100]/Contents 4 0 R"
        "/Resources<</XObject<</N 3 0 R>>>>>>"
    )
    tree = f"<</Type/Pages/Kids[{kids}]/Count {pages}>>"
    return pdf([CATALOG, tree, image, drawn, *[page] * pages])


@pytest.mark.browser
@pytest.mark.faults(minutes=2)
def test_a_long_scan_is_stopped_and_gone_on_with_while_the_window_answers(
    page: Page, window_library: Library, tmp_path: Path, faults: Faults
) -> None:
    file = tmp_path / "long.pdf"
    file.write_bytes(scan(LONG))
    adding, told_ = page.locator("#adding"), page.locator("#outcomes")
    pages = re.compile(rf"long\.pdf: page ([2-9]|\d\d+) of {LONG:,}")
    before = len(window_library.entries())

    def at() -> int:
        expect(adding).to_contain_text(pages, timeout=120_000)
        found = pages.search(adding.inner_text())
        assert found
        return int(found[1])

    page.locator("#add input[type=file]").set_input_files([file])
    try:
        with faults.trying("a scan of 1,000 pages", "the window answers meanwhile"):
            at()
            assert "[1]" in ask(page, SUMMIT, timeout=120_000).inner_text()
            expect(adding).to_contain_text(pages)
        with faults.trying("a scan of 1,000 pages", "stopped"):
            reached = at()
            page.get_by_role("button", name="Stop adding").click()
            expect(told_).to_contain_text("long.pdf: not added, since it was stopped")
            assert len(window_library.entries()) == before
        with faults.trying("a scan of 1,000 pages", "gone on with"):
            page.get_by_role("button", name="Try again").click()
            assert reached <= at() < LONG
    finally:
        page.get_by_role("button", name="Stop adding").click()
        expect(told_).to_contain_text("long.pdf: not added", timeout=60_000)
