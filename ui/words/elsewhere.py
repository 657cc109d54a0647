"""Fixed words that stand in rooms which know nothing of the window: translated where it shows them.

A test holds them to what those rooms say.
"""

from __future__ import annotations

from ui.words.words import noted

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
"""What a library does with a document, of `index.library`."""
