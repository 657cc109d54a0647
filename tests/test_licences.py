"""The licences of all that Footnoted needs: those that a program under Apache-2.0 may use."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement

FREE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python",
    "ISC", "Apache-2.0 WITH LLVM-exception", "MIT", "MIT-0", "MIT-CMU", "MPL-1.1", "MPL-2.0",
    "PSF-2.0", "Zlib",
    # As older metadata spell them.
    "3-Clause BSD License", "Apache 2.0 License", "Apache License, Version 2.0",
    "Apache Software License", "BSD License", "ISC License (ISCL)", "MIT License",
    "Mozilla Public License 2.0 (MPL 2.0)", "Python Software Foundation License",
}  # fmt: skip
"""Licences that ask to be named; of their own files' changes too (MPL), of which there are none."""

EXCEPTIONS = {
    "footnoted": "Apache-2.0 AND CC-BY-SA-4.0",
    "pypdfium2": "BSD-3-Clause, Apache-2.0, dependency licenses",
}
"""What is none of these, word for word: what is here is known, and what changes is looked at."""


def needed(name: str, seen: dict[str, Distribution]) -> dict[str, Distribution]:
    """Return a distribution and all that it requires here, by name."""
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name in seen:
        return seen
    try:
        seen[name] = distribution(name)
    except PackageNotFoundError:  # It is for other systems.
        return seen
    for line in seen[name].requires or ():
        wanted = Requirement(line)
        extras = ["", "mcp"] if wanted.name == "gradio" or name == "gradio" else [""]
        if not wanted.marker or any(wanted.marker.evaluate({"extra": each}) for each in extras):
            needed(wanted.name, seen)
    return seen


def licence(of: Distribution) -> str:
    """Return what a distribution is licensed under, as it says it itself."""
    classified = [
        line.rsplit(" :: ", 1)[-1]
        for line in of.metadata.get_all("Classifier") or []
        if line.startswith("License :: OSI Approved ::")
    ]
    stated = (of.metadata.get("License") or "").splitlines()[:1]
    return of.metadata.get("License-Expression") or " OR ".join(classified or stated or ["none"])


def is_free(expression: str) -> bool:
    """Tell whether of each AND all, and of each OR one, are free."""
    group = r"\(([^()]* (?:AND|OR) [^()]*)\)"
    plain = re.sub(group, lambda found: "MIT" if is_free(found[1]) else "none", expression)
    return any(
        all(each in FREE for each in choice.split(" AND ")) for choice in plain.split(" OR ")
    )


@pytest.mark.parametrize(
    ("expression", "free"),
    [
        ("MIT", True),
        ("Apache Software License", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only", False),
        ("none", False),
        ("Proprietary", False),
        ("MIT AND (GPL-2.0-only OR Proprietary)", False),
    ],
)
def test_what_is_free(expression: str, free: bool) -> None:
    assert is_free(expression) == free


def test_all_that_is_needed_is_free() -> None:
    found = {name: licence(each) for name, each in needed("footnoted", {}).items()}
    assert len(found) > 100
    other = {name: words for name, words in found.items() if not is_free(words)}
    assert other == EXCEPTIONS
