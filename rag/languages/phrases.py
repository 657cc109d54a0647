"""What an answer says by itself, in the language of its question or else in English."""

from __future__ import annotations

from typing import NamedTuple


class Phrases(NamedTuple):
    """A refusal, what stands before the quote that comes nearest, and a library without texts."""

    refusal: str
    nearest: str
    empty: str


ENGLISH = Phrases(
    "The sources do not say.", "Nearest is:", "There is no document to answer from yet."
)

PHRASES = {
    "en": ENGLISH,
    "ar": Phrases("المصادر لا تذكر ذلك.", "الأقرب هو:", "لا يوجد بعد أي مستند يمكن الإجابة منه."),
    "de": Phrases(
        "Die Quellen sagen es nicht.",
        "Am nächsten kommt:",
        "Es gibt noch kein Dokument, aus dem geantwortet werden kann.",
    ),
    "es": Phrases(
        "Las fuentes no lo dicen.",
        "Lo más cercano es:",
        "Aún no hay ningún documento del que responder.",
    ),
    "fr": Phrases(
        "Les sources ne le disent pas.",
        "Le plus proche est :",
        "Il n’y a pas encore de document d’où répondre.",
    ),
    "hi": Phrases(
        "स्रोत यह नहीं बताते।",
        "सबसे निकट यह है:",
        "अभी कोई दस्तावेज़ नहीं है जिससे उत्तर दिया जा सके।",
    ),
    "it": Phrases(
        "Le fonti non lo dicono.",
        "Il più vicino è:",
        "Non c’è ancora nessun documento da cui rispondere.",
    ),
    "ja": Phrases(
        "資料には書かれていません。", "最も近い箇所：", "答えるための文書がまだありません。"
    ),
    "pt": Phrases(
        "As fontes não o dizem.",
        "O mais próximo é:",
        "Ainda não há nenhum documento a partir do qual responder.",
    ),
    "ru": Phrases(
        "В источниках об этом не сказано.",
        "Ближе всего:",
        "Пока нет документа, по которому можно ответить.",
    ),
    "zh": Phrases("资料中没有说明。", "最接近的是：", "还没有可以用来回答的文档。"),
}
"""By the codes of languages."""


def phrases(language: str) -> Phrases:
    """Return what an answer says in a language, or in English."""
    return PHRASES.get(language, ENGLISH)
