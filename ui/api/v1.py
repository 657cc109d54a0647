"""`/v1/`: a plain HTTP API on the functions that the window and MCP use as well.

    curl localhost:7860/v1/ask -H 'content-type: application/json' -d '{"question": "…"}'

Bad input gets 422 with the field's name, a request that cannot be met 400 with a sentence, an
unknown document 404, a missing right 403. `/v1/openapi.json` describes it all, `/v1/docs` shows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, File, HTTPException, Query, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.responses import Response

from eval.comparing.baseline import judge
from eval.comparing.compare import NotComparable
from index.documents import Document
from index.errors import UserError
from index.loading.formats import MAX_BYTES, megabytes
from rag.turns import QueueFull
from ui.api import wire
from ui.api.chat import chat_routes
from ui.api.functions import Forbidden, Functions, Payload, payloads
from ui.api.page import page_of
from ui.api.reply import Reply
from ui.entry.login import who
from ui.panels.events import BUG
from ui.panels.regression.runs import Runs

Thing = TypeVar("Thing")

LATER = "5"
"""Seconds after which a client may retry when too many questions wait (`Retry-After`)."""

EVENTS = "text/event-stream"

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": wire.Problem, "description": "It cannot be done; `detail` says why."},
    401: {"model": wire.Problem, "description": "Whoever runs this asks for a token."},
    403: {"model": wire.Problem, "description": "The token's user may not do this."},
}


def _or_none(code: int, model: type[wire.Came]) -> dict[int | str, dict[str, Any]]:
    """Return the responses of a route for something that may not exist."""
    gone = {"model": wire.Problem, "description": "There is no such thing here."}
    return {code: {"model": model}, 404: gone}


def api(functions: Functions, runs: Runs) -> FastAPI:
    """Return the application that answers below `/v1`."""
    made = FastAPI(
        title="Footnoted",
        version=version("footnoted"),
        description="Questions to a library of documents: every sentence of an answer carries "
        "verbatim quotes with their places.",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # FastAPI's pages load their scripts from elsewhere.
        redoc_url=None,
    )
    made.add_exception_handler(UserError, _as_response)
    made.add_exception_handler(HTTPException, _not_so)
    made.add_exception_handler(RequestValidationError, _wrong_field)
    made.add_exception_handler(Exception, _bug)

    def may_read(request: Request) -> None:
        functions.check_may_read(who(request))

    for router, tag in (
        (_asking(functions), "Questions"),
        (_documents(functions), "Documents"),
        (_regression(functions, runs), "Regression sets"),
        (chat_routes(functions), "OpenAI"),
    ):
        made.include_router(
            router, prefix="/v1", tags=[tag], responses=_PROBLEMS, dependencies=[Depends(may_read)]
        )

    @made.get("/v1/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(page_of(made.openapi()))

    return made


def _as_response(_: Request, error: Exception) -> Response:
    """Answer a UserError with its sentence."""
    if isinstance(error, QueueFull):
        return Reply({"detail": str(error)}, 503, {"Retry-After": LATER})
    return Reply({"detail": str(error)}, 403 if isinstance(error, Forbidden) else 400)


def _not_so(_: Request, error: Exception) -> Response:
    return Reply({"detail": getattr(error, "detail", "")}, getattr(error, "status_code", 500))


def _wrong_field(_: Request, error: Exception) -> Response:
    """Return what is wrong with each field, without echoing what was sent."""
    wrong = error.errors() if isinstance(error, RequestValidationError) else ()
    errors = [{name: each[name] for name in ("type", "loc", "msg")} for each in wrong]
    return Reply({"detail": errors}, 422)


def _bug(_: Request, __: Exception) -> Response:
    return Reply({"detail": BUG}, 500)  # Details are for the terminal only.


# --- questions


def _asking(functions: Functions) -> APIRouter:
    router = APIRouter()

    @router.post("/ask", responses={200: {"model": wire.Answer, "content": {EVENTS: {}}}})
    def ask(asked: wire.Ask) -> Response:
        """Answer a question from the documents, or refuse.

        With `stream` each step comes as a server-sent event: `searching`, `quotes`, `waiting`,
        `sentence` (with its quotes, as soon as it is proven), `answer`, or `error`.
        """
        history = [(each.role, each.content) for each in asked.history]
        given = (asked.question, history, asked.without, asked.tags)
        if not asked.stream:
            return Reply(functions.ask(*given, use_llm=asked.llm).as_json())
        return sent(payloads(functions.events(*given, use_llm=asked.llm)))

    @router.post("/search", responses={200: {"model": list[wire.FoundQuote]}})
    def search(asked: wire.Search) -> Response:
        """Find the quotes that are most likely to answer a question, best first."""
        return Reply(functions.search(asked.question, asked.limit))

    @router.post("/check", responses={200: {"model": wire.CheckedText}})
    def check(asked: wire.Check) -> Response:
        """Check a text against the documents, sentence by sentence."""
        return Reply(functions.check(asked.text))

    @router.post("/translate", responses=_or_none(200, wire.Translation))
    def translate(asked: wire.Translate) -> Response:
        """Translate a quote by the language model. Nothing proves what it says: cite the quote."""
        document = _found(functions, asked.document).id
        return Reply(functions.translate(document, asked.start, asked.end, asked.language))

    return router


def sent(steps: Iterator[Payload]) -> StreamingResponse:
    """Return steps as server-sent events; an error on the way becomes an event, too."""

    def events() -> Iterator[str]:
        try:
            for name, said in steps:
                yield _event(name, said)
        except UserError as error:
            yield _event("error", {"detail": str(error)})
        except Exception:
            yield _event("error", {"detail": BUG})
            raise

    encoded = (each.encode("utf-8", "replace") for each in events())
    return StreamingResponse(encoded, media_type=EVENTS, headers={"Cache-Control": "no-store"})


def _event(name: str, payload: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(payload, ensure_ascii=False)}\n\n"


# --- documents


def _documents(functions: Functions) -> APIRouter:
    router = APIRouter()
    library = functions.assistant.library

    @router.get("/libraries", responses={200: {"model": list[wire.Library]}})
    def libraries() -> Response:
        """List the libraries that are served here: one."""
        settings = functions.assistant.settings
        models = {
            "embedding": settings.embedding,
            "reranker": settings.reranker,
            "llm": settings.llm if settings.writes else None,
        }
        described = {"id": "default", "documents": len(library.entries()), "models": models}
        return Reply([described])

    @router.get("/documents", responses={200: {"model": wire.Documents}})
    def list_documents() -> Response:
        """List the documents."""
        return Reply({"documents": [each.as_json() for each in library.entries()]})

    @router.post(
        "/documents",
        responses={
            200: {"model": wire.Added, "description": "It was there already, or replaced another."},
            201: {"model": wire.Added, "description": "It is new."},
        },
    )
    def add_text(request: Request, given: wire.Text) -> Response:
        """Put in a text, or what stands at an address. The same again changes nothing."""
        if (given.text is None) == (given.url is None):
            raise HTTPException(422, "Give either `text` or `url`.")
        if given.url is not None:
            return _added(functions.add_address(who(request), given.url))
        data = (given.text or "").encode(errors="replace")
        return _added(functions.add_file(who(request), data, given.name))

    @router.post(
        "/documents/files", responses={200: {"model": wire.Added}, 201: {"model": wire.Added}}
    )
    def add_file(request: Request, file: Annotated[UploadFile, File()]) -> Response:
        """Put in a file, sent as a form's field `file`. The same again changes nothing."""
        if file.size is not None and file.size > 2 * MAX_BYTES:
            raise UserError(f"A file can have up to {megabytes(MAX_BYTES)}.")
        return _added(functions.add_file(who(request), file.file.read(), file.filename or "upload"))

    @router.get("/documents/{document}", responses=_or_none(200, wire.Listed))
    def show(document: str) -> Response:
        """Show what is known of a document, by its id, the beginning of it, its name or title."""
        found = _found(functions, document)
        [entry] = library.entries([found.id])
        return Reply(entry.as_json())

    @router.get(
        "/documents/{document}/text",
        response_class=PlainTextResponse,
        responses={404: {"model": wire.Problem}},
    )
    def text(document: str) -> PlainTextResponse:
        """Return the stored text of a document: places are code points in it."""
        return PlainTextResponse(_found(functions, document).text.encode())

    @router.get("/documents/{document}/place", responses=_or_none(200, wire.Place))
    def place(
        document: str, start: Annotated[int, Query(ge=0)], end: Annotated[int, Query(ge=1)]
    ) -> Response:
        """Read a place in a document with what stands around it: to check a citation."""
        return Reply(functions.place(_found(functions, document).id, start, end))

    @router.delete("/documents/{document}", responses=_or_none(200, wire.Removed))
    def remove(request: Request, document: str) -> Response:
        """Take a document out."""
        found = _found(functions, document)
        functions.remove(who(request), found.id)
        return Reply({"id": found.id, "title": found.title, "outcome": "removed"})

    return router


def _added(added: Any) -> Response:
    document = added.document
    result = {"outcome": added.outcome, "id": document.id, "title": document.title}
    result["passages"] = added.passages
    return Reply(result, 201 if added.outcome == "added" else 200)


def _found(functions: Functions, name: str) -> Document:
    return _or_gone(lambda: functions.assistant.library.find(name))


def _or_gone(find: Callable[[], Thing]) -> Thing:
    try:
        return find()
    except UserError as error:
        raise HTTPException(404, str(error)) from error


# --- regression sets


def _regression(functions: Functions, runs: Runs) -> APIRouter:
    router = APIRouter()

    @router.get("/sets", responses={200: {"model": wire.Sets}})
    def sets() -> Response:
        """List the regression sets that can be run on the documents as they are."""
        return Reply({"sets": list(runs.offered())})

    @router.post("/runs", responses=_or_none(202, wire.RunState))
    def begin(request: Request, asked: wire.RunAsked) -> Response:
        """Run a set, or go on with it; a set that is being run goes on."""
        functions.check_may_run(who(request))
        _or_gone(lambda: runs.path(asked.set))
        runs.begin(asked.set, use_llm=asked.llm)
        return Reply(_state(runs, asked.set, whole=False), 202)

    @router.get("/runs/{name}", responses=_or_none(200, wire.RunState))
    def state(name: str) -> Response:
        """Show how far the run of a set is, and how the last one came out."""
        _or_gone(lambda: runs.path(name))
        return Reply(_state(runs, name, whole=True))

    @router.delete("/runs/{name}", responses=_or_none(200, wire.RunState))
    def stop(request: Request, name: str) -> Response:
        """Stop the run of a set after the case that is being asked; it goes on when begun again."""
        functions.check_may_run(who(request))
        _or_gone(lambda: runs.path(name))
        runs.stop(name)
        return Reply(_state(runs, name, whole=False))

    return router


def _state(runs: Runs, name: str, *, whole: bool) -> dict[str, Any]:
    running, last = runs.running(name), runs.last(name) if whole else None
    verdict = None
    if last:
        try:
            verdict = judge(last, runs.kept(name)).line
        except NotComparable as error:
            verdict = str(error)
    kept = last.as_json() if last else None
    for result in kept["results"] if kept else ():
        del result["answer"], result["decision"], result["evidence"]
    stopped = bool(running and running.stop.is_set())
    if running and running.goes_on:
        state = "running"
    elif running and running.error:
        state = "stopped" if stopped else "failed"
    else:
        state = "done" if running or last or runs.out(name).exists() else "none"
    return {
        "set": name,
        "state": state,
        "done": running.done if running else 0,
        "total": running.total if running else 0,
        "message": running.error if running else None,
        "verdict": verdict,
        "run": kept,
    }
