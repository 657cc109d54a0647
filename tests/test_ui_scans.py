"""A scan in the window: a footnote into it shows the page's picture with the words marked."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, expect

from tests.browser import ask, assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.weights]

SENTENCE = "The lighthouse of Skagervik was built by Ingrid Solheim in 1911."


def scan() -> bytes:
    """A page with a sentence, as a picture."""
    page = Image.new("L", (1300, 420), 255)
    font = ImageFont.truetype("DejaVuSans.ttf", 30)
    ImageDraw.Draw(page).text((60, 60), SENTENCE, font=font, fill=0)
    file = io.BytesIO()
    page.save(file, "PDF", resolution=200)
    return file.getvalue()


def test_a_footnote_into_a_scan_shows_its_picture_with_the_words_marked(
    page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "lighthouse-scan.pdf"
    file.write_bytes(scan())
    page.locator("#add input[type=file]").set_input_files([file])
    expect(page.locator("#outcomes")).to_contain_text(f"{file.name}: added", timeout=90_000)
    try:
        turn = ask(page, "Who built the lighthouse of Skagervik?")
        expect(turn.locator(".notes")).to_contain_text("read from a picture, page 1")
        turn.locator("a.footnote").first.click()
        source = page.locator("#source")
        expect(source.locator(".facts")).to_contain_text("read from a picture, page 1 of 1")
        expect(source.locator(".facts")).to_contain_text("% sure")
        marks = source.locator(".drawn .spot")
        expect(marks).to_have_count(len(SENTENCE.split()))
        # The marks stand on the picture, from left to right, where the line is.
        drawn = source.locator(".drawn img").bounding_box()
        boxes = [each.bounding_box() for each in marks.all()]
        assert drawn is not None
        places = [box for box in boxes if box is not None]
        assert places == sorted(places, key=lambda box: box["x"])
        assert all(0.1 < (box["y"] - drawn["y"]) / drawn["height"] < 0.3 for box in places)
        assert_accessible(page)
        page.get_by_role("button", name="Text", exact=True).click()
        expect(source.locator("mark.quote")).to_contain_text("Ingrid Solheim")
        expect(source.locator(".facts")).to_contain_text("read from a picture, page 1")
    finally:
        page.get_by_role("button", name=f"Remove {file.name}").click()
