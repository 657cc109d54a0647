"""Facts in other languages than English: the same in other words passes, others never do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rag.languages import NOT_CHECKABLE, missing_facts


@dataclass(frozen=True)
class Texts:
    """A text in a language, sentences that it bears out, and such that it does not.

    The latter with what is missing: a part of what is said of it.
    """

    source: str
    true: tuple[str, ...]
    false: dict[str, str]


TEXTS = {
    "de": Texts(
        "Am 14. Oktober 2021 schickte Norwegen vierzehn Schiffe und 3.500 Soldaten durch die Enge "
        "von Tolm. Die chinesische Flotte unter Admiral Lise Holm blieb bis zum 3. März 2022 im "
        "Hafen; die Übung kostete 2,5 Millionen Euro und dauerte drei Tage.",
        (
            "Die Übung, die drei Tage dauerte, kostete 2.500.000 Euro.",
            "Durch die Enge von Tolm schickte Norwegen am 14.10.2021 14 Schiffe.",
            "3500 Soldaten und 14 Schiffe schickte Norwegen im Oktober 2021 durch die Enge.",
            "Die Flotte Chinas blieb bis zum 3.3.2022 unter Admiral Lise Holm im Hafen.",
            "Norwegen schickte dreitausendfünfhundert Soldaten durch die Enge von Tolm.",
            "Lise Holm blieb mit der chinesischen Flotte bis März 2022 im Hafen.",
            "Es waren 3 500 Soldaten, die Norwegen am 14. Oktober schickte.",
        ),
        {
            "Am 14. Oktober 2021 schickte Norwegen elf Schiffe durch die Enge.": "11",
            "Am 14. Oktober 2021 schickte Norwegen 3.600 Soldaten durch die Enge.": "3600",
            "Am 15. Oktober 2021 schickte Norwegen vierzehn Schiffe durch die Enge.": "2021-10-15",
            "Am 14. November 2021 schickte Norwegen vierzehn Schiffe durch die Enge.": "2021-11-14",
            "Am 14. Oktober 2022 schickte Norwegen vierzehn Schiffe durch die Enge.": "2022-10-14",
            "Am 14. Oktober 2021 schickte Schweden vierzehn Schiffe durch die Enge.": "Schweden",
            "Die russische Flotte unter Admiral Lise Holm blieb im Hafen.": "russische",
            "Die chinesische Flotte unter Admiral Ida Berg blieb im Hafen.": "Berg",
            "Die Übung kostete 2,5 Milliarden Euro.": "2500000000",
            "Die Übung kostete 25 Millionen Euro und dauerte drei Tage.": "25000000",
            "Die viertägige Übung kostete 2,5 Millionen Euro.": "viertägige",
        },
    ),
    "es": Texts(
        "El 14 de octubre de 2021 Noruega envió catorce barcos y 3.500 soldados por el estrecho de "
        "Tolm. La flota china de la almirante Elisa Holm permaneció en el puerto hasta el 3 de "
        "marzo de 2022; el ejercicio costó 2,5 millones de euros y duró tres días.",
        (
            "El ejercicio, que duró tres días, costó 2.500.000 euros.",
            "Por el estrecho de Tolm envió Noruega 14 barcos el 14/10/2021.",
            "Noruega envió 3500 soldados en octubre de 2021.",
            "La flota de China permaneció en el puerto hasta marzo de 2022.",
            "La almirante Elisa Holm permaneció en el puerto con la flota china.",
            "Fueron tres mil quinientos los soldados que Noruega envió el 14 de octubre.",
            "El estrecho de Tolm vio 3 500 soldados y catorce barcos de Noruega.",
        ),
        {
            "El 14 de octubre de 2021 Noruega envió once barcos por el estrecho.": "11",
            "El 14 de octubre de 2021 Noruega envió 3.600 soldados por el estrecho.": "3600",
            "El 15 de octubre de 2021 Noruega envió catorce barcos.": "2021-10-15",
            "El 14 de noviembre de 2021 Noruega envió catorce barcos.": "2021-11-14",
            "El 14 de octubre de 2022 Noruega envió catorce barcos.": "2022-10-14",
            "El 14 de octubre de 2021 Suecia envió catorce barcos.": "Suecia",
            "La flota rusa de la almirante Elisa Holm permaneció en el puerto.": "rusa",
            "La flota china de la almirante Ana Berg permaneció en el puerto.": "Berg",
            "El ejercicio costó 2,5 mil millones de euros.": "2500000000",
            "El ejercicio costó dos millones y medio de euros y duró cuatro días.": "4",
        },
    ),
    "fr": Texts(
        "Le 14 octobre 2021, la Norvège a envoyé quatorze navires et 3 500 soldats par le détroit "
        "de Tolm. La flotte chinoise de l’amirale Élise Holm est restée au port jusqu’au 1er mars "
        "2022 ; l’exercice a coûté 2,5 millions d’euros et a duré trois jours.",
        (
            "L’exercice, qui a duré trois jours, a coûté 2 500 000 euros.",
            "Par le détroit de Tolm, la Norvège a envoyé 14 navires le 14/10/2021.",
            "La Norvège a envoyé 3500 soldats en octobre 2021.",
            "La flotte de la Chine est restée au port jusqu’en mars 2022.",
            "L’amirale Élise Holm est restée au port avec la flotte chinoise.",
            "Ce sont trois mille cinq cents soldats que la Norvège a envoyés le 14 octobre.",
            "Jusqu’au 1 mars 2022, la flotte chinoise est restée au port.",
        ),
        {
            "Le 14 octobre 2021, la Norvège a envoyé onze navires par le détroit.": "11",
            "Le 14 octobre 2021, la Norvège a envoyé 3 600 soldats par le détroit.": "3600",
            "Le 15 octobre 2021, la Norvège a envoyé quatorze navires.": "2021-10-15",
            "Le 14 novembre 2021, la Norvège a envoyé quatorze navires.": "2021-11-14",
            "Le 14 octobre 2022, la Norvège a envoyé quatorze navires.": "2022-10-14",
            "Le 14 octobre 2021, la Suède a envoyé quatorze navires.": "Suède",
            "La flotte russe de l’amirale Élise Holm est restée au port.": "russe",
            "La flotte chinoise de l’amirale Anne Berg est restée au port.": "Berg",
            "L’exercice a coûté 2,5 milliards d’euros.": "2500000000",
            "L’exercice a coûté 2,5 millions d’euros et a duré quatre jours.": "4",
        },
    ),
    "pt": Texts(
        "Em 14 de outubro de 2021, a Noruega enviou catorze navios e 3.500 soldados pelo estreito "
        "de Tolm. A frota chinesa da almirante Elisa Holm ficou no porto até 3 de março de 2022; o "
        "exercício custou 2,5 milhões de euros e durou três dias.",
        (
            "O exercício, que durou três dias, custou 2.500.000 euros.",
            "Pelo estreito de Tolm, a Noruega enviou 14 navios em 14/10/2021.",
            "A Noruega enviou 3500 soldados em outubro de 2021.",
            "A frota da China ficou no porto até março de 2022.",
            "A almirante Elisa Holm ficou no porto com a frota chinesa.",
            "Foram três mil e quinhentos os soldados que a Noruega enviou em 14 de outubro.",
            "Quatorze navios da Noruega e 3 500 soldados são do exercício.",
        ),
        {
            "Em 14 de outubro de 2021, a Noruega enviou onze navios.": "11",
            "Em 14 de outubro de 2021, a Noruega enviou 3.600 soldados.": "3600",
            "Em 15 de outubro de 2021, a Noruega enviou catorze navios.": "2021-10-15",
            "Em 14 de novembro de 2021, a Noruega enviou catorze navios.": "2021-11-14",
            "Em 14 de outubro de 2022, a Noruega enviou catorze navios.": "2022-10-14",
            "Em 14 de outubro de 2021, a Suécia enviou catorze navios.": "Suécia",
            "A frota russa da almirante Elisa Holm ficou no porto.": "russa",
            "A frota chinesa da almirante Ana Berg ficou no porto.": "Berg",
            "O exercício custou 2,5 bilhões de euros.": "2500000000",
            "O exercício custou 2,5 milhões de euros e durou quatro dias.": "4",
        },
    ),
    "it": Texts(
        "Il 14 ottobre 2021 la Norvegia ha inviato quattordici navi e 3.500 soldati attraverso lo "
        "stretto di Tolm. La flotta cinese dell’ammiraglia Elisa Holm è rimasta nel porto fino al "
        "3 marzo 2022; l’esercitazione è costata 2,5 milioni di euro ed è durata tre giorni.",
        (
            "L’esercitazione, durata tre giorni, è costata 2.500.000 euro.",
            "Attraverso lo stretto di Tolm la Norvegia ha inviato 14 navi il 14/10/2021.",
            "La Norvegia ha inviato 3500 soldati nell’ottobre 2021.",
            "La flotta della Cina è rimasta nel porto fino al marzo 2022.",
            "L’ammiraglia Elisa Holm è rimasta nel porto con la flotta cinese.",
            "Sono tremilacinquecento i soldati che la Norvegia ha inviato il 14 ottobre.",
        ),
        {
            "Il 14 ottobre 2021 la Norvegia ha inviato undici navi.": "11",
            "Il 14 ottobre 2021 la Norvegia ha inviato 3.600 soldati.": "3600",
            "Il 15 ottobre 2021 la Norvegia ha inviato quattordici navi.": "2021-10-15",
            "Il 14 novembre 2021 la Norvegia ha inviato quattordici navi.": "2021-11-14",
            "Il 14 ottobre 2022 la Norvegia ha inviato quattordici navi.": "2022-10-14",
            "Il 14 ottobre 2021 la Svezia ha inviato quattordici navi.": "Svezia",
            "La flotta russa dell’ammiraglia Elisa Holm è rimasta nel porto.": "russa",
            "La flotta cinese dell’ammiraglia Anna Berg è rimasta nel porto.": "Berg",
            "L’esercitazione è costata 2,5 miliardi di euro.": "2500000000",
        },
    ),
    "ru": Texts(
        "14 октября 2021 года Норвегия отправила через пролив Толм четырнадцать кораблей и 3 500 "
        "солдат. Китайский флот адмирала Сергея Петрова оставался в порту до 3 марта 2022 года; "
        "учения стоили 2,5 миллиона евро и длились три дня.",
        (
            "Учения, которые длились три дня, стоили 2 500 000 евро.",
            "Через пролив Толм Норвегия отправила 14.10.2021 14 кораблей.",
            "В октябре 2021 года Норвегией были отправлены 3500 солдат.",
            "Флот Китая оставался в порту до марта 2022 года.",
            "Адмирал Сергей Петров оставался в порту с китайским флотом.",
            "Норвегия отправила три тысячи пятьсот солдат с четырнадцатью кораблями.",
            "Учения стоили 2,5 млн евро, и в проливе были корабли Норвегии.",
        ),
        {
            "14 октября 2021 года Норвегия отправила через пролив одиннадцать кораблей.": "11",
            "14 октября 2021 года Норвегия отправила через пролив 3 600 солдат.": "3600",
            "15 октября 2021 года Норвегия отправила четырнадцать кораблей.": "2021-10-15",
            "14 ноября 2021 года Норвегия отправила четырнадцать кораблей.": "2021-11-14",
            "14 октября 2022 года Норвегия отправила четырнадцать кораблей.": "2022-10-14",
            "14 октября 2021 года Швеция отправила четырнадцать кораблей.": "Швеция",
            "Российский флот адмирала Сергея Петрова оставался в порту.": "Российский",
            "В порту оставались корабли и японцы.": "японцы",
            "Китайский флот адмирала Ивана Берга оставался в порту.": "Берга",
            "Учения стоили 2,5 миллиарда евро.": "2500000000",
            "Учения стоили 2,5 миллиона евро, это были четырёхдневные учения.": "четырехдневные",
        },
    ),
    "zh": Texts(
        "2021年10月14日，挪威派出了十四艘船和3500名士兵，穿过托尔姆海峡。中国舰队在海军上将李小明的率领下"
        "留在港口，直到2022年3月3日；演习花费了250万欧元，持续了三天。",
        (
            "穿过托尔姆海峡的是挪威派出的14艘船。",
            "挪威派出了三千五百名士兵。",
            "二〇二一年十月十四日，挪威派出了3500名士兵和14艘船。",
            "演习持续了3天，花费了2,500,000欧元。",
            "直到2022年3月，中国舰队留在港口。",
            "在海军上将李小明的率领下，中国舰队留在港口。",
            "2021年挪威派出了士兵，演习花费了二百五十万欧元。",
        ),
        {
            "2021年10月14日，挪威派出了十一艘船，穿过托尔姆海峡。": "11",
            "2021年10月14日，挪威派出了3600名士兵。": "3600",
            "2021年10月15日，挪威派出了十四艘船。": "2021-10-15",
            "2021年11月14日，挪威派出了十四艘船。": "2021-11-14",
            "2022年10月14日，挪威派出了十四艘船。": "2022-10-14",
            "2021年10月14日，瑞典派出了十四艘船。": "瑞典",
            "俄国舰队在海军上将李小明的率领下留在港口。": "俄国",
            "中国舰队在海军上将王小明的率领下留在港口。": "王小明",
            "中国舰队在海军上将李大红的率领下留在港口。": "李大红",
            "演习花费了250亿欧元，持续了三天。": "25000000000",
            "演习持续了四天。": "4",
        },
    ),
    "ja": Texts(
        "2021年10月14日、ノルウェーは十四隻の船と3500人の兵士をトルム海峡に派遣した。中国艦隊は田中大将の"
        "指揮の下で2022年3月3日まで港に残った。演習には250万ユーロがかかり、三日間続いた。",
        (
            "トルム海峡に派遣したのは、ノルウェーの14隻の船である。",
            "ノルウェーは三千五百人の兵士を派遣した。",
            "二〇二一年十月十四日にノルウェーは兵士を派遣した。",
            "演習は3日間続いた。",
            "演習には2,500,000ユーロがかかった。",
            "田中大将の指揮の下で、中国艦隊は2022年3月まで港に残った。",
        ),
        {
            "2021年10月14日、ノルウェーは十一隻の船を派遣した。": "11",
            "ノルウェーは3600人の兵士を派遣した。": "3600",
            "2021年10月15日、ノルウェーは兵士を派遣した。": "2021-10-15",
            "2021年11月14日、ノルウェーは兵士を派遣した。": "2021-11-14",
            "2022年10月14日、ノルウェーは兵士を派遣した。": "2022-10-14",
            "スウェーデンは十四隻の船をトルム海峡に派遣した。": "スウェーデン",
            "韓国艦隊は田中大将の指揮の下で港に残った。": "韓国",
            "中国艦隊は山本大将の指揮の下で港に残った。": "山本",
            "演習には250億ユーロがかかった。": "25000000000",
            "演習は四日間続いた。": "4",
        },
    ),
    "ar": Texts(
        "في ١٤ أكتوبر ٢٠٢١ أرسلت النرويج أربع عشرة سفينة و٣٬٥٠٠ جندي عبر مضيق تولم. وبقي الأسطول "
        "الصيني بقيادة الأميرال كريم حداد في الميناء حتى ٣ مارس ٢٠٢٢، وكلفت المناورات ٢٫٥ مليون "
        "يورو واستمرت ثلاثة أيام.",
        (
            "كلفت المناورات 2500000 يورو، واستمرت 3 أيام.",
            "عبر مضيق تولم أرسلت النرويج 14 سفينة.",
            "أرسلت النرويج 3500 جندي في 14/10/2021.",
            "أرسلت النرويج ثلاثة آلاف وخمسمائة جندي في أكتوبر 2021.",
            "بقي الأسطول الصيني في الميناء حتى مارس ٢٠٢٢.",
            "في الميناء بقي الأميرال كريم حداد مع الأسطول الصيني.",
        ),
        {
            "في ١٤ أكتوبر ٢٠٢١ أرسلت النرويج إحدى عشرة سفينة.": "11",
            "أرسلت النرويج ٣٬٦٠٠ جندي عبر مضيق تولم.": "3600",
            "في ١٥ أكتوبر ٢٠٢١ أرسلت النرويج أربع عشرة سفينة.": "2021-10-15",
            "في ١٤ نوفمبر ٢٠٢١ أرسلت النرويج أربع عشرة سفينة.": "2021-11-14",
            "في ١٤ أكتوبر ٢٠٢٢ أرسلت النرويج أربع عشرة سفينة.": "2022-10-14",
            "أرسلت السويد أربع عشرة سفينة عبر مضيق تولم.": "السويد",
            "وبقي الأسطول الروسي في الميناء حتى ٣ مارس ٢٠٢٢.": "الروسي",
            "وبقي الأسطول الصيني بقيادة الأميرال سمير حداد في الميناء.": "سمير",
            "كلفت المناورات ٢٫٥ مليار يورو.": "2500000000",
            "استمرت المناورات أربعة أيام.": "4",
        },
    ),
    "hi": Texts(
        "१४ अक्टूबर २०२१ को नॉर्वे ने चौदह जहाज़ और ३,५०० सैनिक तोल्म जलडमरूमध्य से भेजे। एडमिरल रवि शर्मा का "
        "चीनी बेड़ा ३ मार्च २०२२ तक बंदरगाह में रहा; अभ्यास पर २५ लाख यूरो खर्च हुए और वह तीन दिन चला।",
        (
            "अभ्यास तीन दिन चला और उस पर 25,00,000 यूरो खर्च हुए।",
            "नॉर्वे ने तोल्म जलडमरूमध्य से 14 जहाज़ भेजे।",
            "नॉर्वे ने 14/10/2021 को 3500 सैनिक भेजे।",
            "अक्टूबर 2021 में नॉर्वे ने तीन हज़ार पाँच सौ सैनिक भेजे।",
            "चीनी बेड़ा मार्च 2022 तक बंदरगाह में रहा।",
            "बंदरगाह में एडमिरल रवि शर्मा का बेड़ा ३ मार्च तक रहा।",
            "अभ्यास 3 दिन चला, और पच्चीस लाख यूरो खर्च हुए।",
        ),
        {
            "१४ अक्टूबर २०२१ को नॉर्वे ने ग्यारह जहाज़ भेजे।": "11",
            "नॉर्वे ने ३,६०० सैनिक तोल्म जलडमरूमध्य से भेजे।": "3600",
            "१५ अक्टूबर २०२१ को नॉर्वे ने चौदह जहाज़ भेजे।": "2021-10-15",
            "१४ नवंबर २०२१ को नॉर्वे ने चौदह जहाज़ भेजे।": "2021-11-14",
            "१४ अक्टूबर २०२२ को नॉर्वे ने चौदह जहाज़ भेजे।": "2022-10-14",
            "स्वीडन ने चौदह जहाज़ और ३,५०० सैनिक भेजे।": "स्वीडन",
            "रूसी बेड़ा ३ मार्च २०२२ तक बंदरगाह में रहा।": "रूसी",
            "एडमिरल अमित शर्मा का चीनी बेड़ा बंदरगाह में रहा।": "अमित",
            "अभ्यास पर २५ करोड़ यूरो खर्च हुए।": "250000000",
            "अभ्यास साढ़े तीन दिन चला।": "साढे",
        },
    ),
}


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        pytest.param(each.source, sentence, id=f"{code}-{at}")
        for code, each in TEXTS.items()
        for at, sentence in enumerate(each.true)
    ],
)
def test_the_same_fact_in_other_words_is_there(source: str, sentence: str) -> None:
    assert missing_facts(sentence, [source]) == []


@pytest.mark.parametrize(
    ("source", "sentence", "missing"),
    [
        pytest.param(each.source, sentence, missing, id=f"{code}-{at}")
        for code, each in TEXTS.items()
        for at, (sentence, missing) in enumerate(each.false.items())
    ],
)
def test_another_fact_is_missing(source: str, sentence: str, missing: str) -> None:
    told = missing_facts(sentence, [source])
    assert NOT_CHECKABLE not in told
    assert any(missing in each for each in told)
