"""Subtitles and transcripts (WebVTT and SubRip): speech in paragraphs, each below its time."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from index.errors import DocumentError
from index.loading.readers.text import Block, Content, compose, plain_text

LEAST, MOST = 10, 30
"""In seconds: a paragraph ends with the first sentence end after LEAST, and after MOST anyway."""

_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^<>]+)>")
_MARKUP = re.compile(r"</?[a-zA-Z0-9][^<>]*>|\{\\[^{}]*\}")
_ENDS = re.compile(r"[.!?…。！？؟۔।][\"'”’»)\]]*$")


class _Line(NamedTuple):
    """A line of speech, with its start and end in seconds, and its speaker if known."""

    start: int
    end: int
    text: str
    speaker: str = ""


def read_vtt(data: bytes, charset: str | None = None) -> Content:
    """Read WebVTT."""
    return _read(data, charset, "vtt")


def read_srt(data: bytes, charset: str | None = None) -> Content:
    """Read SubRip."""
    return _read(data, charset, "srt")


def _read(data: bytes, charset: str | None, form: str) -> Content:
    from webvtt import WebVTT
    from webvtt.errors import MalformedCaptionError, MalformedFileError

    text = plain_text(data, charset)
    try:
        cues = WebVTT.from_buffer(io.StringIO(text), format=form)
    except (MalformedFileError, MalformedCaptionError) as error:
        raise DocumentError(f"{{name}} is damaged, or holds no .{form} subtitles.") from error
    lines = [
        line
        for cue in cues.captions
        for line in _lines(cue.start_in_seconds, cue.end_in_seconds, cue.raw_text)
    ]
    blocks = (
        block
        for paragraph in _paragraphs(_once(lines))
        for block in (Block(_time(paragraph[0].start), 2), Block(_said(paragraph)))
    )
    return replace(compose(blocks), title=None)


def _lines(start: int, end: int, raw: str) -> Iterator[_Line]:
    """Yield the lines of a cue without their markup."""
    speaker = ""
    for line in raw.split("\n"):
        if voice := _VOICE.search(line):
            speaker = _plain(voice[1])
        if text := _plain(line):
            yield _Line(start, end, text, speaker)


def _plain(line: str) -> str:
    return " ".join(html.unescape(_MARKUP.sub("", line)).split())


def _once(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Drop lines repeated by rolling captions, where a cue begins with the last one's last line."""
    last = _Line(-1, -1, "")
    for line in lines:
        if line.text != last.text or line.start > last.end + 1:
            yield line
        last = line


def _paragraphs(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    """Group the lines of one speaker into paragraphs of suitable length."""
    for _, said in groupby(lines, key=lambda line: line.speaker):
        paragraph: list[_Line] = []
        for line in said:
            if paragraph and line.start - paragraph[0].start >= MOST:  # Nobody spoke for a while.
                yield paragraph
                paragraph = []
            paragraph.append(line)
            lasts = line.end - paragraph[0].start
            if lasts >= MOST or (lasts >= LEAST and _ENDS.search(line.text)):
                yield paragraph
                paragraph = []
        if paragraph:
            yield paragraph


def _said(paragraph: list[_Line]) -> str:
    text = " ".join(line.text for line in paragraph)
    return f"{paragraph[0].speaker}: {text}" if paragraph[0].speaker else text


def _time(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
