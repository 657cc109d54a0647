"""Compare a part of the bench with kept results: what CI runs with every change.

Asks questions of XQuAD without the language model and cases of `briefing` with it, and compares
them case by case with `kept.json`, next to this file. The exit code is 1 if a measure has fallen
below its kept value by more cases than chance explains, or by more than the budget. Without
XQuAD's file, which is not part of Footnoted, only `briefing` is asked. `--keep` writes the file
again, which is a decision and belongs in a commit of its own.

The language model's replies are cached in `replies.sqlite` by the whole request and the weights, so
after a change only requests that differ are sent to it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.cases.cases import SETS, load_set
from eval.formats.xquad import load_xquad
from eval.lab.command import run_command
from eval.lab.measure import arguments, ask_all, seeded
from eval.measuring.statistics import SIGNIFICANT, mcnemar
from eval.running.record import Run
from eval.running.replies import Replies
from index.atomic import write_whole
from index.errors import UserError
from index.loading.load import load

KEPT = Path(__file__).parent / "kept.json"
REPLIES = Path(__file__).parent / "replies.sqlite"

QUESTIONS = 150
CASES = 36

MEASURES = {
    "xquad": ("hit@1", "hit@3", "hit@5"),
    "briefing": ("hit@5", "answer_right", "cited_evidence", "refusal_right", "passed"),
}

BUDGET = 0.05
"""The net share of cases that a measure may lose: another processor rounds differently, which can
change a word that the language model writes."""


def main(asked: Sequence[str]) -> int:
    """Ask, compare, and say what fell."""
    parser = arguments("eval.lab.bench.regression", __doc__, "xquad", required=False)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args(asked)
    if options.keep and not options.xquad:
        parser.error("--keep needs --xquad FILE: all is kept, or nothing")
    options.folder.mkdir(parents=True, exist_ok=True)
    file = options.folder / REPLIES.name
    file.unlink(missing_ok=True)
    if not options.keep and REPLIES.exists():
        shutil.copyfile(REPLIES, file)
    replies = Replies(file)
    runs = _runs(options.folder, options.xquad, replies)
    now = {name: passed(run, MEASURES[name]) for name, run in runs}
    if options.keep:
        write_whole(REPLIES, file.read_bytes())
        write_whole(KEPT, (json.dumps(now, indent=1, sort_keys=True) + "\n").encode())
        return 0
    lines, fell = compare(json.loads(KEPT.read_text("utf-8")), now)
    if not options.xquad:
        lines.append("XQuAD's questions were not asked: --xquad FILE names them.")
    lines.append(f"Kept replies of the language model that were used: {replies.used}.")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if fell else 0


def _runs(folder: Path, xquad: Path | None, replies: Replies) -> Iterator[tuple[str, Run]]:
    if xquad:
        data = load_xquad(xquad)
        drawn = seeded().sample(data.cases, QUESTIONS)
        yield "xquad", ask_all(data.subset("kept", tuple(drawn)), data.documents, folder / "xquad")
    cases, document = load_set(SETS / "briefing.jsonl").first(CASES), load(SETS / "briefing.md")
    yield "briefing", ask_all(cases, [document], folder / "briefing", llm=True, replies=replies)


def passed(run: Run, measures: Sequence[str]) -> dict[str, dict[str, bool]]:
    """Return, for each measure, whether each case that it applies to is as it should be."""
    return {
        name: {each.id: bool(v) for each in run.results if (v := each.scores[name]) is not None}
        for name in measures
    }


def compare(kept: dict[str, Any], now: dict[str, Any]) -> tuple[list[str], bool]:
    """Return a line for each measure, and whether any of them fell.

    Raises UserError if the cases are not those that were kept.
    """
    lines, fell = [], False
    for part, name in [(asked, measure) for asked in now for measure in MEASURES[asked]]:
        before, after = kept[part][name], now[part][name]
        if before.keys() != after.keys():
            raise UserError(f"{part}: the cases changed. Keep again: --keep.")
        broken = sorted(case for case in before if before[case] and not after[case])
        mended = [case for case in before if after[case] and not before[case]]
        lost, n = len(broken) - len(mended), len(before)
        bad = lost > BUDGET * n or (lost > 0 and mcnemar(len(broken), len(mended)) < SIGNIFICANT)
        fell = fell or bad
        was, share = (sum(each.values()) / n for each in (before, after))
        lines.append(
            f"{'FELL' if bad else 'ok  '} {part} {name}: {share:.1%}, kept {was:.1%}, "
            f"{len(broken)} broken, {len(mended)} mended of {n}"
            + (f": {', '.join(broken)}" if bad else "")
        )
    return lines, fell


if __name__ == "__main__":
    run_command(main)
