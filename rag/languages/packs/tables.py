"""The data of each language in which facts can be checked: one table per language.

Names of months, scales ("Millionen", "лакх") and countries come from babel, and are not repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

LATIN = "[A-Za-zª-ʯḀ-ỿ]"
CYRILLIC = "[Ѐ-ԯ]"
HAN = "[一-鿿㐀-䶿々〇]"
KANA = "[ぁ-ゟァ-ヿー一-鿿㐀-䶿々〇]"


@dataclass(frozen=True, eq=False)
class Table:
    """The data by which facts are recognized in one language.

    `locales` are babel's; the first one is used for numbers. `kind` says which parts of a sentence,
    besides its figures, a source must have: "names" (words with a capital), "nouns" (German writes
    them with a capital), "words" (all content words), or "characters" (for scripts without blanks).
    `stemmer` is Snowball's name for the language. `joiners` are between the days of a range, and
    `of` is between day, month and year. `percent` is a regular expression for words for “%”,
    `halves` for words that change the number next to them, and `numerals` for words with a number
    in them that is not parsed ("dreitägig"): a source must have these words. `articles` says that
    the word for one is an article as well. `countries` are words for people of countries that babel
    does not have.
    """

    code: str
    locales: tuple[str, ...]
    letters: str
    kind: Literal["names", "nouns", "words", "characters"]
    function_words: frozenset[str] = frozenset()
    stemmer: str = ""
    joiners: str = "[-–—]"
    of: str = ""
    percent: str = r"(?!)"
    halves: str = r"(?!)"
    numerals: str = r"(?!)"
    spelled: Literal["library", "table", "numerals"] = "library"
    articles: bool = True
    day_dots: bool = False
    countries: dict[str, str] = field(default_factory=dict)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GERMAN = Table(
    code="de",
    percent=r"prozent",
    locales=("de", "de_AT"),
    letters=LATIN,
    kind="nouns",
    stemmer="german",
    function_words=_words(
        "ab aber alle allem allen aller alles als also am an andere anderen auch auf aus außer "
        "außerdem bei beim bereits bevor bis bisher da dabei dadurch dafür dagegen daher damals "
        "damit danach daneben dann daran darauf darüber darum das dass davon davor dazu dein "
        "dem den denn dennoch der deren des deshalb dessen die dies diese diesem diesen dieser "
        "dieses doch dort durch ebenfalls ebenso ein eine einem einen einer eines einige "
        "einigen er es etwa etwas euch falls für gegen gemeinsam genau gleichzeitig habe haben "
        "hat hatte hatten heute hier hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres "
        "im in indem infolge insgesamt ins ist ja jede jedem jeden jeder jedes jedoch jene "
        "jener jetzt kann kein keine keinem keinen keiner können konnte konnten laut mal man "
        "manche mehr mein mit muss müssen nach nachdem neben nicht nichts noch nun nur ob "
        "obwohl oder ohne sei sein seine seinem seinen seiner seit seitdem selbst sich sie sind "
        "so sodass sogar sollte sollen somit sondern sowie später statt trotz trotzdem über um "
        "und uns unter ungefähr vom von vor vorher während wann war waren warum was weder weil "
        "weiter weitere welche welcher wenn wer werden wer wie wieder wird wo wobei wurde "
        "wurden zu zudem zuerst zuletzt zum zur zwar zwischen zunächst schließlich anschließend"
    ),
    joiners=r"(?:[-–—,]|bis|und|zum|oder)",
    halves=r"\w*halb\w*|halbe\w*|\w*(?:drittel|viertel|achtel|zehntel)\w*|dutzend\w*",
    numerals=r"\w*halb\w*|(?:zwei|drei|vier|fünf|sechs|sieb|acht|neun|zehn|elf|zwölf|zwanzig|dreißig|hundert"
    r"|tausend|doppel|dutzend|halb|anderthalb)\w+|\w+(?:mal|fach|tägig\w*|jährig\w*|köpfig\w*)",
    day_dots=True,
    countries={"holländ": "NL", "brit": "GB", "engländ": "GB", "amerikan": "US"},
)

SPANISH = Table(
    code="es",
    percent=r"por ciento",
    locales=("es", "es_MX", "es_AR"),
    letters=LATIN,
    kind="names",
    stemmer="spanish",
    function_words=_words(
        "a al algo alguna algunas alguno algunos además ahora allí ambas ambos ante antes "
        "aproximadamente aquel aquella aquellas aquellos aquí así aún aunque bajo bien cada "
        "casi como con contra cual cuales cuando cuánto cuántos cuya cuyo de del desde después "
        "donde durante e el él ella ellas ello ellos en entonces entre era eran eres es esa "
        "esas ese eso esos esta está estaba estaban estado están estas este esto estos fue "
        "fueron ha había habían han hasta hay hoy junto la las le les lo los luego más me mi "
        "mientras muy nada ni no nos nosotros nuestra nuestro o otra otras otro otros "
        "para pero poco por porque posteriormente primero pues que qué quien quién quienes se "
        "sea según ser si sí siempre sido siendo sin sobre son su sus también tampoco tan tanto "
        "tiene tienen todas todavía todo todos toda tras tu u un una unas uno unos y ya yo"
    ),
    joiners=r"(?:[-–—,]|y|e|al|a|hasta el|hasta)",
    of=r"(?:del|de)",
    halves=r"medi[oa]s?|tercios?|cuartos?|quintos?|décimos?|docenas?",
    numerals=r"veinti\w+|(?:docen|decen|quincen|veinten|treinten|centen|millar|cuadru|quintu|tripl"
    r"|dobl|bi|tri|cuatri)\w+",
    countries={"holand": "NL", "ingl": "GB", "american": "US", "norteamerican": "US"},
)

FRENCH = Table(
    code="fr",
    percent=r"pour[ -]cent",
    locales=("fr", "fr_CA", "fr_CH"),
    letters=LATIN,
    kind="names",
    stemmer="french",
    function_words=_words(
        "a à afin ai ainsi alors après as au aucun aucune aujourd'hui auquel aussi autre autres "
        "aux avaient avait avant avec avoir beaucoup bien c car ce ceci cela celle celles celui "
        "cependant ces cet cette ceux chaque chez ci comme comment contre d dans de déjà depuis "
        "derrière des dès donc dont du durant elle elles en encore ensuite entre environ es est "
        "et étaient était été être eu eux enfin furent fut hier hui il ils j je jusqu jusque l "
        "la là le les leur leurs lors lorsque lui m ma mais malgré me même mes moins mon n ne "
        "ni non nos notre nous on ont or ou où par parce parmi pas pendant peu peut peuvent "
        "plus plusieurs pour pourquoi près presque puis puisque qu quand que quel quelle "
        "quelles quelques quels qui quoi s sa sans se selon sera seront ses si sinon soit son "
        "sont sous suite sur t ta tandis tant te tous tout toute toutefois toutes très trop tu "
        "un une vers voici voilà vos votre vous y d'autres"
    ),
    joiners=r"(?:[-–—,]|et|au|à)",
    of=r"de",
    halves=r"demi\w*|demie|tiers|quarts?|cinquièmes?|dixièmes?",
    numerals=r"(?:douz|diz|quinz|vingt|trent|quarant|cinquant|cent|milli|soixant|huit|neuv)\w*ain\w+"
    r"|demi-?\w+|(?:doubl|tripl|quadrupl|bi|tri|quadri)\w+",
    countries={"holland": "NL", "anglais": "GB", "améric": "US", "étatsun": "US"},
)

PORTUGUESE = Table(
    code="pt",
    percent=r"por cento",
    locales=("pt", "pt_PT"),
    letters=LATIN,
    kind="names",
    stemmer="portuguese",
    function_words=_words(
        "a à ainda além algo alguém algum alguma algumas alguns ali ambas ambos ante antes ao "
        "aos após aproximadamente aquela aquelas aquele aqueles aqui as às assim até cada cerca "
        "com como contra contudo cuja cujo da das de dela delas dele deles depois desde dessa "
        "desse desta deste do dos durante e é ela elas ele eles em embora enquanto então entre "
        "era eram essa essas esse esses esta está estão estas estava estavam este estes eu foi "
        "foram há haver hoje isso isto já lá lhe lhes logo mais mas me mesmo meu minha muito "
        "muitos na nas não nem nessa nesse nesta neste no nos nós nossa nosso num numa o onde "
        "os ou outra outras outro outros para pela pelas pelo pelos pois por porém porque "
        "posteriormente pouco quais qual quando quanto que quem se seja sem sempre ser "
        "seu seus sido sob sobre sua suas também tão tem têm tinha tinham toda todas todo todos "
        "um uma umas uns você"
    ),
    joiners=r"(?:[-–—,]|e|a|ao|até)",
    of=r"(?:de|do)",
    halves=r"mei[oa]s?|terços?|quartos?|quintos?|décimos?|dúzias?",
    numerals=r"(?:dúzi|dezen|quinzen|vinten|trinten|centen|milhar|quádru|quíntu|tripl|dobr|bi|tri)\w+",
    countries={"holand": "NL", "neerland": "NL", "ingl": "GB", "britân": "GB", "american": "US"},
)

ITALIAN = Table(
    code="it",
    percent=r"per cento|percento",
    locales=("it", "it_CH"),
    letters=LATIN,
    kind="names",
    stemmer="italian",
    function_words=_words(
        "a abbiamo ad adesso agli ai al alla alle allo allora altra altre altri altro anche "
        "ancora anni appena avere aveva avevano c che chi ci circa come comunque con contro "
        "così cosa cui d da dagli dai dal dalla dalle dallo davanti degli dei del dell della "
        "delle dello dentro di dopo dove dunque durante e è ed egli ella entrambi erano era "
        "esse essere essi essa fino finché fra già gli ha hanno i il in infatti infine inoltre "
        "insieme invece io l la le lei lo loro lui lungo ma me mentre meno mi mio molto ne né "
        "nei negli nel nell nella nelle nello nessun nessuna niente noi non nostra nostro o od "
        "ogni oggi oltre ora per perché però più po poco poi presso proprio qual quale "
        "quali quando quanti quanto quasi quella quelle quelli quello questa queste questi "
        "questo qui quindi s se sempre senza si sì sia sono sopra sotto stata state "
        "stati stato su sua sue sugli sui sul sulla sulle sullo suo suoi t tra tutta tutte "
        "tutti tutto un una uno v vi voi"
    ),
    joiners=r"(?:[-–—,]|e|al|a|fino al)",
    of=r"(?:di|del)",
    halves=r"mezz[oa]|terzi?|quarti?|quinti?|decimi?|dozzin[ae]",
    numerals=r"(?:dozzin|decin|quindicin|ventin|trentin|centin|miglia|quadrup|tripl|doppi|bi|tri)\w+",
    countries={"oland": "NL", "ingl": "GB", "american": "US", "statunit": "US"},
)

RUSSIAN = Table(
    code="ru",
    percent=r"процент\w*",
    locales=("ru",),
    letters=CYRILLIC,
    kind="names",
    function_words=_words(
        "а без более больше будет будут бы был была были было быть в вам вас вдоль весь вместе "
        "вместо внутри во вокруг вот все всего всех всю вся вы где да даже для до его ее если "
        "есть еще же за затем здесь и из или им иметь имеет имеют их к как какая какие какой "
        "когда кого который которая которое которые которых кроме кто ли лишь между меня мне "
        "много может могут мой мы на над надо например нас наш не него нее ней некоторые нет ни "
        "никто них но ну о об однако он она они оно от около около перед по под позже после "
        "потом поэтому почему почти при примерно про против с свои своих свой своя себе себя "
        "сейчас со согласно сначала снова среди так также такие такой там те тем теперь то "
        "тогда того тоже той только том тот ту тут ты у уже хотя чего чей чем через что "
        "чтобы чья эта эти этим этих это этого этой этом этот эту я"
    ),
    joiners=r"(?:[-–—,]|по|и|до)",
    of=r"(?!)",
    halves=r"половин\w+|пол|полтор\w+|трет[ьи]|четверт[ьи]|дюжин\w+|десятк\w+",
    numerals=r"(?:дв(?:ух|ое|оих|оим|оими|ой)|тр(?:ех|ой|ое|оих|оим|оими)|четыр(?:ех)|четвер|пятер"
    r"|шестер|семер|восьмер|девятер|десятер|пяти|шести|семи|восьми|девяти|десяти|сорока|сот|сто(?=лет)"
    r"|двадцати|тридцати|пол(?:тор|миллион|тысяч)|дюжин|десят[кок]|об(?:а|е|оих|еих)$)\w*"
    r"|\w+надцати\w+|\w+десяти\w+",
    spelled="table",
    articles=False,
    countries={
        "немц": "DE",
        "немец": "DE",
        "поляк": "PL",
        "турк": "TR",
        "турок": "TR",
        "грек": "GR",
        "чех": "CZ",
        "финн": "FI",
        "датчан": "DK",
        "венгр": "HU",
        "голланд": "NL",
        "англичан": "GB",
        "россиян": "RU",
        "русск": "RU",
    },
)

HINDI = Table(
    code="hi",
    percent=r"प्रतिशत|फीसदी",
    locales=("hi",),
    letters="[ऀ-ॿ]",
    kind="words",
    stemmer="hindi",
    function_words=_words(
        "अगर अत: अतः अथवा अपना अपनी अपने अब अभी आदि आप इन इनका इनकी इनके इनमें इस इसका इसकी "
        "इसके इसमें इससे इसलिए इसी इसे उन उनका उनकी उनके उनमें उन्हें उन्होंने उस उसका उसकी "
        "उसके उसमें उससे उसी उसे ऐसा ऐसी ऐसे ओर और कई कब कभी कर करके करता करती करते करना करने "
        "करें का कि किन किया किस किसी किसे की कुछ कुल के को कोई कौन क्या क्यों गई गए गया गयी "
        "गये चाहिए जब जहाँ जा जाता जाती जाते जाना जाने जिन जिनका जिनके जिनमें जिस जिसका जिसकी "
        "जिसके जिसमें जिसे जैसा जैसे जो तक तब तथा तरह तो था थी थीं थे दी दिया दिए दे द्वारा न "
        "नहीं ने पर परंतु पहले फिर बहुत बाद बारे भी मगर मुझे में मेरा मैं यदि यह यहाँ या ये रहा "
        "रही रहे लिए लेकिन व वह वहाँ वाला वाली वाले वे सब सभी साथ से सकता सकती सकते हम ही हुआ "
        "हुई हुए हूँ है हैं हो होता होती होते होना होने वां वीं वें लगभग करीब सन"
    ),
    joiners=r"(?:[-–—,]|से|और|तक)",
    of=r"(?!)",
    halves=r"आध[ािीे]|डेढ|ढाई|साढे|सवा|पौने|पौन|दर्जन\S*|हाई",
    spelled="table",
    articles=False,
)

ARABIC = Table(
    code="ar",
    percent=r"بالمئه|بالمائه|في المئه|في المائه",
    locales=("ar", "ar_SY", "ar_MA", "ar_DZ", "ar_TN"),
    letters="[؀-ۿݐ-ݿ]",
    kind="words",
    function_words=_words(
        "ابدا اثناء اذ اذا الا الان التي الذي الذين اللاتي اللذان الي ام اما امام ان انا انت "
        "انه انها انهم او اي ايضا اين بعد بعض بل بها به بهم بهذا بهذه بين بينما تحت تلك ثم حتي "
        "حول حيث حين خلال دون ذلك سوف سوي ضد ضمن عبر عن عند عندما عنه عنها علي عليه عليها فان "
        "فقط فقد فوق في فيه فيها قبل قد كان كانت كانوا كل كلا كم كما كي كيف لا لان لدي لذلك لقد "
        "لكن لكنه لم لما لن له لها لهم لهذا ليس ليست ما ماذا متي مثل مع معه معها من منذ منه "
        "منها منهم نحن نحو نفس هذا هذه هل هم هنا هناك هو هي هؤلاء وان وقد ولا ولم وهو وهي يكون "
        "تكون لكي حوالي نحو تم"
    ),
    joiners=r"(?:[-–—,،]|الي|حتي|و)",
    of=r"(?:من|عام|سنة|سنه)",
    halves=r"و?ال?(?:نصف|ربع|ثلث|ثلثي|ثلثا)|و?(?:نصف|ربع|ثلث|ثلثي|ثلثا)",
    spelled="table",
    articles=False,
)

CHINESE = Table(
    code="zh",
    locales=("zh",),
    letters=HAN,
    kind="characters",
    function_words=frozenset(
        "的了着过地得在是和与及或并而但也都就还又再将把被由从自到至向往对为于以因之其这那此该"
        "各每个等则即会能可要更最所他她它们我你您有共经"
    ),
    spelled="numerals",
    articles=False,
)

JAPANESE = Table(
    code="ja",
    percent=r"パーセント",
    locales=("ja",),
    letters=KANA,
    kind="characters",
    function_words=_words(
        "は が を に で と の へ も や か ね よ な ば から まで より など だけ "
        "ほど くらい ぐらい しか さえ こそ でも とも ても では には とは へは にも とも "
        "から での への との からの までの です でした ます ました ません である であり "
        "であった だ だった で て た し する した して します しました され された "
        "されて される されています いる いた いて います いました ある あり あった "
        "あります ない なく なかった なる なり なった なって れる られる られた られて "
        "その この あの それ これ あれ ここ そこ どの こと もの とき ところ ため ように "
        "ような よう として について による により によって によると において における "
        "という といった とした そして また しかし および ならびに さらに ただし つまり せ "
        "せた させ させた まし たち ら ず あと うち ほか まま のち のは のが のを のに"
    ),
    spelled="numerals",
    articles=False,
)

TABLES = (ARABIC, CHINESE, FRENCH, GERMAN, HINDI, ITALIAN, JAPANESE, PORTUGUESE, RUSSIAN, SPANISH)
