"""The ways of answering, one module each, all with the same signature: see `context.Way`."""

from collections.abc import Mapping

from rag.answering import (
    chronology,
    claim,
    conversation,
    document,
    evidence,
    items,
    overview,
    subquestions,
)
from rag.answering.commands import command
from rag.answering.context import Way
from rag.answering.parts import captions, references
from rag.answering.tables import compute

WAYS: Mapping[str, Way] = {
    "caption": captions.answer,
    "reference": references.answer,
    "evidence": evidence.answer,
    "claim": claim.answer,
    "overview": overview.answer,
    "document": document.answer,
    "items": items.answer,
    "time": chronology.answer,
    "comparison": subquestions.answer,
    "conversation": conversation.answer,
    "command": command.answer,
    "compute": compute.answer,
}
"""The ways by the kind of route that each is for, including those that are tried first (`PARTS`).
If a way yields nothing, evidence is tried."""
