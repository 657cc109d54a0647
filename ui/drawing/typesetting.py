"""A document's text as a tree: its elements, and the quotes marked in it.

The text of the tree is exactly the document's. Markup signs are part of it, but they are hidden if
their element is shown as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, zip_longest

from index.documents import Document
from index.structure import BLOCKS, Element, Place, structure

NARROWEST, WIDEST = 4, 40
"""The bounds of a table column's width, in characters, when the width is shared out."""

LONGEST_WORD = 20
"""A word of a table is not broken up to this length: its column is at least that wide."""


@dataclass(slots=True)
class Node:
    """An element, a mark or a sign with its contents, in the text's order.

    `kind` is an element's kind, "quote" or "other" for marks, "sign" for hidden markup, "page" for
    the beginning of the page that `label` names, or "text" for the root. `width` is a cell's share
    of its row, and `word` the length of the longest word in its column.
    """

    kind: str
    start: int
    end: int
    label: str = ""
    level: int = 0
    width: int = 0
    word: int = 0
    inner: list[Node | str] = field(default_factory=list)

    @property
    def is_block(self) -> bool:
        """Whether it is set apart from the line before."""
        return self.kind in BLOCKS

    @property
    def is_around(self) -> bool:
        """Whether it is a mark with blocks in it."""
        nodes = [each for each in self.inner if isinstance(each, Node)]
        return not self.is_block and any(each.is_block or each.is_around for each in nodes)

    @property
    def share(self) -> int:
        """The width of the cells in it."""
        inner = sum(each.share for each in self.inner if isinstance(each, Node))
        return self.width or inner


def set_text(
    document: Document, first: int, last: int, marks: Sequence[tuple[int, int, str]]
) -> Node:
    """Return the text between two offsets as a tree, with marks that do not overlap.

    A mark (its start, its end, its kind) is one node. A block that a mark crosses is left as it is
    stored.
    """
    near = [each for each in structure(document) if each.start < last and each.end > first]
    places = [(first, last), *((start, end) for start, end, _ in marks)]
    shown = _undivided(near, places)
    nodes = [Node(kind, start, end) for start, end, kind in marks]
    inside = [each for each in shown if _holds((first, last), each)]
    nodes += _nodes(document.text, inside, {at for place in places for at in place})
    kind = document.page_kind.capitalize()
    pages = {
        offset: f"{kind} {number}"
        for number, offset in enumerate(document.pages, 1)
        if first <= offset < last
    }
    return _tree(document.text, Node("text", first, last), nodes, pages)


def _undivided(elements: Sequence[Element], places: Sequence[Place]) -> list[Element]:
    """Return the elements such that none crosses one of the places.

    An inline element that crosses one is cut. A block that does is dropped, along with the blocks
    around it and all blocks inside those.
    """
    blocks = [each for each in elements if each.kind in BLOCKS]
    outermost: list[Element] = []
    for each in blocks:
        if not outermost or each.start >= outermost[-1].end:
            outermost.append(each)
    crossed = [each for each in blocks if any(_crosses(place, each) for place in places)]
    gone = [each for each in outermost if any(_holds(_place(each), other) for other in crossed)]
    kept = [each for each in blocks if not any(_holds(_place(other), each) for other in gone)]
    lines = [each for each in elements if each.kind not in BLOCKS]
    for place in places:
        lines = [piece for each in lines for piece in _cut(each, place)]
    return [*kept, *lines]


def _place(element: Element) -> Place:
    return element.start, element.end


def _holds(place: Place, element: Element) -> bool:
    return place[0] <= element.start and element.end <= place[1]


def _crosses(place: Place, element: Element) -> bool:
    """Whether a place and an element share something, and each goes beyond the other."""
    start, end = place
    return (start < element.start < end < element.end) or (
        element.start < start < element.end < end
    )


def _cut(element: Element, place: Place) -> Iterator[Element]:
    """Yield the pieces into which a place cuts an element, or the whole if it does not cross it."""
    inside = [at for at in place if element.start < at < element.end]
    if not _crosses(place, element):
        inside = []
    for start, end in pairwise([element.start, *inside, element.end]):
        signs = tuple(each for each in element.signs if start <= each[0] and each[1] <= end)
        yield replace(element, start=start, end=end, signs=signs)


def _nodes(text: str, elements: Sequence[Element], edges: set[int]) -> Iterator[Node]:
    """Yield elements and their signs as nodes; signs are cut where a mark begins or ends."""
    widths: dict[Element, tuple[int, int]] = {}
    for table in (each for each in elements if each.kind == "table"):
        inside = [each for each in elements if _holds(_place(table), each)]
        rows = [
            [each for each in inside if each.kind == "cell" and _holds(_place(row), each)]
            for row in inside
            if row.kind == "row"
        ]
        for column in zip_longest(*rows):
            cells = [each for each in column if each is not None]
            longest = max(each.end - each.start for each in cells)
            share = max(NARROWEST, min(longest, WIDEST))
            words = (word for each in cells for word in text[each.start : each.end].split())
            word = min(max(map(len, words), default=0), LONGEST_WORD)
            widths |= dict.fromkeys(cells, (share, word))
    for each in elements:
        width = widths.get(each, (0, 0))
        yield Node(each.kind, each.start, each.end, each.label, each.level, *width)
        for start, end in each.signs:
            cuts = [start, *sorted(at for at in edges if start < at < end), end]
            yield from (Node("sign", a, b) for a, b in pairwise(cuts))


_OUTER_FIRST = ("list", "quotation", "table", "row", "cell", "item", "code", "quote", "other")


def _order(node: Node) -> tuple[int, int, int, int]:
    """Return a sort key: outer before inner, and of equals blocks, then marks, then inline nodes.

    An empty cell comes right after the nodes that begin around it.
    """
    kinds = (*_OUTER_FIRST, node.kind)
    around = node.kind in _OUTER_FIRST and node.kind != "cell"
    rank = 1 if node.start == node.end else 2 * (not around)
    return node.start, rank, -node.end, kinds.index(node.kind)


def _tree(text: str, root: Node, nodes: Sequence[Node], pages: dict[int, str]) -> Node:
    """Nest the nodes, and put the text between them."""
    at, open_nodes = root.start, [root]

    def go_to(offset: int) -> None:
        nonlocal at
        cuts = [at, *(page for page in pages if at < page < offset), offset]
        for start, end in pairwise(cuts):
            if start in pages and start < end:
                open_nodes[-1].inner.append(Node("page", start, start, pages[start]))
            open_nodes[-1].inner += _line_end_apart(text, start, end, open_nodes[-1].inner)
        at = offset

    for node in sorted(nodes, key=_order):
        while len(open_nodes) > 1 and not _belongs(node, open_nodes[-1]):
            go_to(open_nodes[-1].end)
            open_nodes.pop()
        if node.start < at:  # A sign among those of another element.
            continue
        go_to(node.start)
        open_nodes[-1].inner.append(node)
        open_nodes.append(node)
    while open_nodes:
        go_to(open_nodes[-1].end)
        open_nodes.pop()
    return root


def _belongs(node: Node, outer: Node) -> bool:
    """Whether a node belongs inside another one; an empty cell may be at the end of a row."""
    before_end = node.start < outer.end or (node.kind == "cell" and outer.kind == "row")
    return before_end and node.end <= outer.end


def _line_end_apart(
    text: str, start: int, end: int, before: Sequence[Node | str]
) -> Iterator[Node | str]:
    """Yield text; a line break right after a block becomes a sign, since blocks end their line."""
    last = before[-1] if before else None
    if isinstance(last, Node) and (last.is_block or last.is_around) and text[start:end][:1] == "\n":
        yield Node("sign", start, start + 1, inner=["\n"])
        start += 1
    if start < end:
        yield text[start:end]
