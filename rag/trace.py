"""The operations log: one line of JSON for each thing that the program was asked to do.

    {"time": "2026-03-01T09:30:00.123+00:00", "event": "ask", "id": "3f9c1a2b", "outcome": …}

The lines are records of Python's `logging`, from loggers such as `footnoted.ask`; `start` makes
them visible. They hold numbers, names of models and ids. Texts (questions, answers, names of
documents, error messages) are logged only on request; keys and passwords never are.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import secrets
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from index.errors import UserError
from index.printable import visible

if TYPE_CHECKING:
    from index.library import Added, Reindexed
    from rag.answer import Answer
    from rag.checking.verdict import Checked
    from rag.config import Settings

Event = Literal["ask", "check", "translate", "add", "remove", "reindex"]

LOGGER = "footnoted"


class Line:
    """A log line that is written when the `with` block around the work ends, however it ends.

    The outcome is what `answered` and similar methods set, “stopped” if nobody waited for the end,
    or “failed”, with the error's class. `texts` are logged only if texts were asked for.
    """

    def __init__(self, event: Event, **texts: str | None) -> None:
        self.event = event
        self.texts = texts
        self.fields: dict[str, Any] = {"id": secrets.token_hex(4), "outcome": None}
        self._started = time.perf_counter()

    def asked(self, question: str) -> None:
        """Note a question and its length."""
        self.texts["question"] = question
        self.fields["sizes"] = {"question": len(question)}

    def answered(self, answer: Answer) -> None:
        """Note an answer or a refusal: how it came about, and how long that took."""
        decision = answer.decision
        self.texts |= {
            "standalone_question": answer.standalone_question,
            "answer": answer.text,
            "message": answer.message,
        }
        self.fields |= {
            "outcome": "refused" if answer.refused else "answered",
            "reason": answer.reason,
            "way": answer.way,
            "route": answer.route and str(answer.route),
            "decision": decision
            and {
                "probability": round(decision.probability, 3),
                "threshold": decision.threshold,
                "sure": decision.sure,
                "words_are_sure": decision.words_are_sure,
                "borne_out": answer.borne_out,
                "llm_asked": sum(each.asked for each in decision.readings),
            },
            "sizes": {
                "question": len(answer.question),
                "answer": len(answer.text),
                "passages": answer.searched,
                "quotes": len(answer.quotes),
                "cited": len(answer.citations),
                "sentences": len(answer.sentences),
                "not_supported": sum(not each.supported for each in answer.sentences),
            },
            "models": answer.models,
            "llm_failed": answer.llm_failed,
            "timings": answer.timings,
        }

    def checking(self, characters: int) -> None:
        """Note the length of a text whose check begins."""
        self.fields["sizes"] = {"characters": characters, "sentences": 0}
        self.fields["verdicts"] = Counter()

    def checked(self, sentence: Checked) -> None:
        """Count a sentence that was checked."""
        self.fields["sizes"]["sentences"] += 1
        self.fields["verdicts"][sentence.verdict] += 1

    def translated(self, quote: str, text: str, llm: str) -> None:
        """Note a quote that a language model has translated."""
        self.texts |= {"quote": quote, "translation": text}
        sizes = {"quote": len(quote), "translation": len(text)}
        self.fields |= {"outcome": "translated", "sizes": sizes, "models": {"llm": llm}}

    def added(self, added: Added, *, read: bool = True) -> None:
        """Note a document that was added; `read` says whether its file had to be read."""
        sizes = {"characters": len(added.document.text), "passages": added.passages}
        self.fields |= {"outcome": added.outcome, "document": added.document.id}
        self.fields |= {"read": read, "sizes": sizes}

    def removed(self, document_id: str) -> None:
        """Note a document that was removed."""
        self.fields |= {"outcome": "removed", "document": document_id}

    def reindexed(self, made: Reindexed) -> None:
        """Note a library that was reindexed."""
        read, kept = len(made.read_again), len(made.kept)
        sizes = {"documents": made.documents, "read_again": read, "kept": kept}
        self.fields |= {"outcome": "reindexed", "sizes": sizes}

    def __enter__(self) -> Line:
        return self

    def __exit__(self, _: object, error: BaseException | None, trace: TracebackType | None) -> None:
        fields = self.fields
        if isinstance(error, Exception):
            fields |= {"outcome": "failed", "error": type(error).__name__}
            self.texts["error"] = str(error)
            if not isinstance(error, UserError) and (frames := traceback.extract_tb(trace)):
                fields["at"] = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
        elif fields["outcome"] is None:
            fields["outcome"] = "done" if error is None else "stopped"
        timings = fields.get("timings", {})
        timings = {"total_s": time.perf_counter() - self._started} | {
            name: seconds for name, seconds in timings.items() if seconds is not None
        }
        fields["timings"] = {name: round(seconds, 3) for name, seconds in timings.items()}
        given = {name: text for name, text in self.texts.items() if text}
        more = {"line": fields, "texts": given}
        logging.getLogger(f"{LOGGER}.{self.event}").info(self.event, extra=more)


def start(settings: Settings, *, verbose: bool = False, texts: bool = False) -> None:
    """Write the lines to the log that the settings name and, if `verbose`, to standard error.

    This replaces the handlers of an earlier call. If `verbose`, the warnings of libraries are shown
    as well, otherwise only their errors. Texts are logged if `texts` or the settings say so.
    """
    ours, others = logging.getLogger(LOGGER), logging.getLogger()
    for logger in (ours, others):
        for handler in [each for each in logger.handlers if isinstance(each, _Lines)]:
            logger.removeHandler(handler)
    key = settings.llm_key.get_secret_value() if settings.llm_key else ""
    form = partial(_as_line, texts=texts or settings.log_text, key=key)
    if settings.log:
        ours.addHandler(_Lines(_File(settings.log).append, form))
    if verbose:
        ours.addHandler(_Lines(_show, form))
        warnings = _Lines(_show, form, logging.WARNING)
        warnings.addFilter(lambda record: not record.name.startswith(LOGGER))
        others.addHandler(warnings)
    elif logging.lastResort:  # The handler for messages of loggers that have none.
        logging.lastResort.setLevel(logging.ERROR)
    ours.setLevel(logging.INFO)


def _as_line(record: logging.LogRecord, *, texts: bool, key: str) -> str:
    """Return a record as a line of JSON without the key. A library's message is event “message”."""
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    fields: dict[str, Any] = {"time": at}
    if hasattr(record, "line"):
        fields |= {"event": record.getMessage(), **record.line}
        if texts:
            fields["texts"] = getattr(record, "texts", {})
    else:
        level = record.levelname.lower()
        fields |= {"event": "message", "level": level, "logger": record.name}
        fields["message"] = record.getMessage()
    line = json.dumps(fields, default=str)  # ASCII only: no control or direction marks.
    if key:
        line = line.replace(json.dumps(key)[1:-1], "***")
    return re.sub(r'(?<=//)[^/?#\s"\\]*@', "", line)  # A password in an address.


class _Lines(logging.Handler):
    """Formats each record as one line and writes it in one call."""

    def __init__(
        self,
        write: Callable[[str], None],
        form: Callable[[logging.LogRecord], str],
        level: int = logging.INFO,
    ) -> None:
        super().__init__(level)
        self._write = write
        self._form = form

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(self._form(record) + "\n")
        except Exception:  # noqa: BLE001  the way in which logging reports bugs of handlers
            self.handleError(record)


def _show(line: str) -> None:
    sys.stderr.write(line)  # Looked up each time: a progress bar replaces it while it is shown.
    sys.stderr.flush()


class _File:
    """A file that lines are appended to. If it cannot be written, that is reported once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._warned = False

    def append(self, line: str) -> None:
        data = line.encode()
        try:
            # Opened for each line, so that the file can be moved away, and unbuffered, so that the
            # lines of several programs do not mix.
            with open(self._path, "ab", buffering=0, opener=_for_us_alone) as file:
                if file.write(data) < len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            if not self._warned:
                self._warned = True
                sys.stderr.write(
                    f"The log {visible(str(self._path))} cannot be written: "
                    f"{error.strerror or error}. Footnoted goes on, but lines are missing from "
                    "the log.\n"
                )


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
