"""Drafts without Markdown's signs: what is read, and where it stands in the draft."""

from __future__ import annotations

import pytest

from index.documents import Document
from index.loading.load import load_bytes
from rag.checking.draft import statements
from rag.checking.markup import Plain


def draft(text: str, name: str = "draft.md") -> Document:
    return load_bytes(text.encode(), name)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("The *old* mill **burned** down.", "The old mill burned down."),
        ("The _old_ mill __burned__ ~~down~~.", "The old mill burned down."),
        ('The [mill](https://a.b/c_(d) "t") burned.[^1]', "The mill burned."),
        ("The [old mill][1] burned, see <https://a.b>.", "The old mill burned, see https://a.b."),
        ("![A mill](mill.png) The `old` mill burned.", " The old mill burned."),
        ("- [x] The mill burned.", "The mill burned."),
        ("> > The mill burned.", "The mill burned."),
        ("A \\*star\\* is no emphasis.", "A *star* is no emphasis."),
        ("5 * 3 > 2 * 7, and a_b_c <d> stays.", "5 * 3 > 2 * 7, and a_b_c <d> stays."),
        ("f(x)[0] and [a] note stay.", "f(x)[0] and [a] note stay."),
        ("Word <!-- gone --> stays.", "Word  stays."),
    ],
)
def test_signs_go_and_words_stay(written: str, read: str) -> None:
    for name in ("draft.md", "draft.txt"):
        plain = Plain.of(draft(written, name))
        assert plain.text == read
        assert "".join(written[at] for at in plain.places) == read


BLOCKS = """# The mill

The mill **burned** in 1911.[^a] It was [rebuilt](https://a.b) in *1913*.

| Year | What |
| --- | --- |
| 1911 | burned |

```
It was blue in code.
```

- It has **two wheels. They are** of dark oak.

[^a]: See the register.
    It has more.
[b]: https://a.b
"""


def test_sentences_are_those_that_a_reader_sees() -> None:
    given = draft(BLOCKS)
    found = statements(given)
    assert [each.own for each in found] == [
        "The mill",
        "The mill burned in 1911.",
        "It was rebuilt in 1913.",
        "It has two wheels.",
        "They are of dark oak.",
    ]
    assert [each.states for each in found] == [False, True, True, True, True]
    places = [given.text[each.start : each.end] for each in found]
    assert places[1:3] == [
        "The mill **burned** in 1911.",
        "It was [rebuilt](https://a.b) in *1913*.",
    ]


def test_other_formats_have_no_signs() -> None:
    page = draft("<p>The *old* mill burned down in the year.</p>", "draft.html")
    assert Plain.of(page).text == page.text


SIGNS = [*"| * [ ]( ` _a [^ ![ a][ ~~ <!-- [a](".split(), "| - ", "> ", "```\n"]


@pytest.mark.parametrize("signs", SIGNS)
def test_the_time_grows_with_the_length_alone(signs: str) -> None:
    Plain.of(draft("a " + signs * 200_000))  # Half a second; with its square, half an hour.
