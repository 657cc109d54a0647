"""A cache of the language model's replies, by the full request and the weights that answered it.

Deterministic weights give the same reply to the same request, so an evaluation need not wait for it
again. Cases that used the cache are marked in the run, and their times do not count.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from index.errors import UserError
from rag.writing.llm import finish_reason, is_last

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.core.llms import LLM


class Replies:
    """The cache, in one SQLite file. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it.

        Raises UserError when that fails.
        """
        self.path = path
        self.used = 0
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection, connection:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL)"
                )
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"Replies cannot be kept in {path}: {error}.") from error

    def wrap(self, llm: LLM, *, weights: str, again: int = 0) -> KeptLLM:
        """Return the language model with this cache; see `KeptLLM`."""
        return KeptLLM(llm, weights, again, self)

    def get(self, key: str) -> Any:
        """Return a kept reply and count it as used, or return None."""
        with closing(self._connect()) as connection:
            row = connection.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        with self._lock:
            self.used += 1
        return json.loads(row[0])

    def put(self, key: str, reply: Any) -> None:
        """Keep a complete reply."""
        with closing(self._connect()) as connection, connection:
            text = json.dumps(reply, ensure_ascii=False)
            connection.execute("INSERT OR REPLACE INTO replies VALUES (?, ?)", (key, text))

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=60)


class KeptLLM:
    """The part of a LlamaIndex LLM that the `Writer` needs, answering from the cache if it can."""

    def __init__(self, llm: LLM, weights: str, again: int, replies: Replies) -> None:
        """Wrap an LLM.

        `weights` identifies what answers. `again` is the number of the repeat, from 0: each repeat
        has replies of its own, which show whether the answer differs.
        """
        self._llm = llm
        self._of = (weights, again)
        self._replies = replies

    def chat(self, messages: Sequence[ChatMessage], **given: Any) -> Any:
        """Return the whole reply, with the first token's alternatives if they are asked for."""
        key = self._key("chat", messages, given)
        kept = self._replies.get(key)
        if kept is None:
            response = self._llm.chat(messages, **given)
            first = (response.logprobs or [[]])[0]
            kept = {
                "content": response.message.content,
                "first": [[each.token, each.logprob] for each in first],
                "finish": finish_reason(response),
            }
            self._replies.put(key, kept)
        alternatives = [SimpleNamespace(token=token, logprob=p) for token, p in kept["first"]]
        return SimpleNamespace(
            message=SimpleNamespace(content=kept["content"]),
            logprobs=[alternatives] if alternatives else None,
            raw=SimpleNamespace(choices=[SimpleNamespace(finish_reason=kept.get("finish"))]),
        )

    @property
    def adapters(self) -> Mapping[str, str]:
        """The hashes of the language model's adapters, by file: a request names the one it uses."""
        return getattr(self._llm, "adapters", {})

    def stream_chat(self, messages: Sequence[ChatMessage], **given: Any) -> Iterator[Any]:
        """Yield the reply piece by piece; only a complete reply is kept."""
        key = self._key("stream", messages, given)
        kept = self._replies.get(key)
        if kept is None:
            kept, ended = [], False
            for piece in self._llm.stream_chat(messages, **given):
                kept.append(piece.delta or "")
                ended = ended or is_last(piece)
                yield piece
            if ended:
                self._replies.put(key, kept)
            return
        for delta in kept:
            yield SimpleNamespace(delta=delta)

    def _key(self, kind: str, messages: Sequence[ChatMessage], given: dict[str, Any]) -> str:
        said = [(str(each.role), str(each.content)) for each in messages]
        asked = {"temperature": self._llm.temperature, **self._llm.additional_kwargs, **given}
        whole = json.dumps([*self._of, kind, said, asked], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()
