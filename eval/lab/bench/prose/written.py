"""How the language model writes answers from sentences that it is given.

    python -m eval.lab.bench.prose.written FOLDER

Lets the model answer the questions of `written.jsonl.gz`, and proves the answers as the program
does. Nothing was learned from the writer of these documents and questions. Prints, for look-ups and
for all other questions: how many answers are kept as they were written, apart from an omitted "Yes"
or "No"; how many of the written sentences are proven; ROUGE-L against the writer's answers; the
words of an answer. What the model wrote is kept in FOLDER, and proven again each time. With
--examples, it is prompted like a model that has not learned to write this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from eval.lab.bench.prose.__main__ import rouge_l
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, filled, kept, share, show_rows
from eval.lab.training.inputs import read_records
from eval.measuring.statistics import Metric, rate
from index.documents import Document
from index.errors import UserError
from index.weights.catalogue import CATALOGUE, ENGLISH_READER
from rag.answer import AnswerSentence
from rag.asking.query import Query
from rag.assistant import Assistant
from rag.program import code_hash
from rag.quote import Quote
from rag.verifying.compose import Composition, compose
from rag.verifying.prose import Prose
from rag.writing.llm import Writer

ASKED = Path(__file__).parent / "written.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the quotes that it is answered from, and the writer's answer.

    `words` are the words that answer a look-up; they are empty for all other questions.
    """

    question: str
    quotes: tuple[Quote, ...]
    words: str
    answer: str


def main(argv: Sequence[str]) -> int:
    """Let the model write the answers that are missing, and print the figures."""
    parser = arguments("eval.lab.bench.prose.written", __doc__)
    parser.add_argument("--examples", action="store_true", help="ask it by examples")
    given = parser.parse_args(argv)
    assistant = filled(given.folder / "library", [])
    writer = assistant.writer
    if writer is None:
        raise UserError("Answers are written by a language model, and FOOTNOTED_LLM is none.")
    if given.examples:
        writer.llm.adapters = {}
    asked = {str(at): each for at, each in enumerate(read_asked())}
    file = given.folder / f"written{'-examples' if given.examples else ''}.json"
    weights = CATALOGUE[ENGLISH_READER].files
    conditions = f"{code_hash('rag/writing')} {assistant.settings.llm} {weights}"
    written = kept(file, asked, lambda each: _written(each, writer), conditions)
    told = [(each, _proven(each, written[at], assistant)) for at, each in asked.items()]
    for name, of_words in (("look-ups", True), ("others", False)):
        show_rows(_rows([each for each in told if bool(each[0].words) is of_words]), name)
    return 0


def read_asked() -> Iterator[Asked]:
    """Yield the questions, each with quotes from its document."""
    for line in read_records(ASKED):
        text = "\n\n".join(line["sentences"])
        document = Document.of(text, title=line["title"], source=line["title"])
        for each in line["asked"]:
            words = each.get("words", "")
            sentences = (line["sentences"][number - 1] for number in each["given"])
            quotes = [_quote(document, sentence, words) for sentence in sentences]
            # The best quote of a look-up is the one with the words.
            quotes.sort(key=lambda quote: not quote.marks)
            yield Asked(each["question"], tuple(quotes), words, each["answer"])


def _quote(document: Document, sentence: str, words: str) -> Quote:
    start = document.text.index(sentence)
    at = sentence.find(words) if words else -1
    marks = ((start + at, start + at + len(words)),) if at >= 0 else ()
    return Quote(document, start, start + len(sentence), 0.0, marks=marks)


def _written(asked: Asked, writer: Writer) -> str:
    texts = [each.model_text for each in asked.quotes]
    if not asked.words:
        return "".join(writer.write_prose(texts, asked.question))
    words = [each.words for each in asked.quotes]
    return "".join(writer.write(list(zip(texts, words, strict=True)), asked.question))


def _proven(asked: Asked, written: str, assistant: Assistant) -> Composition:
    query = Query.of(asked.question)
    if asked.words:  # The quote with the words is the first, where the best one is expected.
        return compose(written, asked.quotes, query, asked.quotes[:1], assistant.reader)
    chosen = assistant.reranker.scored(query.text, asked.quotes)
    return Prose(query, chosen, chosen, assistant.reader).whole(written)


def _rows(told: Sequence[tuple[Asked, Composition]]) -> Iterator[Row]:
    said = [[each.text for each in made.sentences if each.supported] for _, made in told]
    sentences = [each for _, made in told for each in made.sentences]
    own, left_out = sum(map(_is_written, sentences)), sum(not each.supported for each in sentences)
    as_written = (all(map(_is_written, made.sentences)) for _, made in told)
    yield Row("answers that stand as they were written", share(as_written))
    yield Row("sentences that were written and are proven", rate(own, own + left_out))
    pairs = ((asked.answer, " ".join(texts)) for (asked, _), texts in zip(told, said, strict=True))
    rouge = [rouge_l([wanted], text) for wanted, text in pairs]
    yield Row("ROUGE-L", Metric(fmean(rouge), len(told)))
    words = median(len(" ".join(texts).split()) for texts in said)
    yield Row("words, median", Metric(float(words), len(told)))


def _is_written(sentence: AnswerSentence) -> bool:
    """Whether a sentence is proven, and is not a quote that replaced an unproven one."""
    return sentence.supported and not sentence.text.startswith("“")


if __name__ == "__main__":
    run_command(main)
