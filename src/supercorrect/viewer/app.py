"""The viewer's pages, by address. Reading is all they do; what a person decides goes through the review desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from supercorrect.errors import SuperCorrectError
from supercorrect.records import Problem
from supercorrect.viewer.comparing import ANSWERS, CHANGES, Answer, Change, choose_side, compare, read_arms
from supercorrect.viewer.index import RunIndex
from supercorrect.viewer.lineage import LineageReader
from supercorrect.viewer.live import read_metrics, read_status
from supercorrect.viewer.pages import Pages
from supercorrect.viewer.queries import Filters, read_facets, read_neighbours, read_page
from supercorrect.viewer.review_desk import ReviewDesk
from supercorrect.viewer.security import HOSTS, GuardedResponses, new_token, read_own_form, require_own_page
from supercorrect.viewer.static_files import read_static
from supercorrect.viewer.token_logps import TokenScorer


@dataclass(frozen=True)
class ViewedRun:
    """A run that the viewer shows under `/runs/<number>`."""

    number: int
    name: str
    index: RunIndex
    scorer: TokenScorer


def create_app(indexes: Sequence[RunIndex], reviewer: str | None = None) -> Starlette:
    """The viewer as an ASGI app.

    Args:
        indexes: Of the runs that are shown.
        reviewer: Who decides about corrections. None: nobody, and nothing can be written.
    """
    runs = [ViewedRun(i, index.root.name, index, TokenScorer(index)) for i, index in enumerate(indexes)]
    viewer = Viewer(runs, ReviewDesk(reviewer) if reviewer else None)
    routes = [
        Route("/", viewer.home),
        Route("/runs/{run:int}", viewer.overview),
        Route("/runs/{run:int}/status", viewer.status),
        Route("/runs/{run:int}/items", viewer.items),
        Route("/runs/{run:int}/problems/{problem_id:path}", viewer.problem),
        Route("/runs/{run:int}/logps/{problem_id:path}", viewer.logps),
        Route("/compare", viewer.compare),
        Route("/static/{name}", read_static),
    ]
    if reviewer:
        routes += [
            Route("/runs/{run:int}/review", viewer.review),
            Route("/runs/{run:int}/decisions", viewer.decide, methods=["POST"]),
        ]
    guards = [Middleware(GuardedResponses), Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)]
    failures: dict[Any, Any] = {HTTPException: viewer.refuse, SuperCorrectError: viewer.fail}
    return Starlette(routes=routes, middleware=guards, exception_handlers=failures)


class Viewer:
    """What answers the requests."""

    def __init__(self, runs: list[ViewedRun], desk: ReviewDesk | None) -> None:
        self._runs = runs
        self._desk = desk
        self._token = new_token()
        self._pages = Pages(runs=runs, reviewing=desk is not None, token=self._token)

    def home(self, request: Request) -> Response:
        """The runs; where there is one, that one."""
        if len(self._runs) == 1:
            return RedirectResponse("/runs/0")
        return self._pages.render(request, "home.html", statuses=[read_status(run.index) for run in self._runs])

    def overview(self, request: Request) -> Response:
        """A run at a glance: how its arms do, how its stages stand."""
        run = self._run(request)
        return self._pages.render(request, "run.html", run=run, metrics=read_metrics(run.index), **self._now(run))

    def status(self, request: Request) -> Response:
        """The part of the overview that changes while a run goes on."""
        run = self._run(request)
        return self._pages.render(request, "status.html", run=run, **self._now(run))

    def items(self, request: Request) -> Response:
        """The list: filtered, searched, a page of it."""
        run = self._run(request)
        filters = Filters.of(request.query_params)
        with run.index.reading() as connection:
            page = read_page(connection, filters, _number(request, "page", 1))
            reader = LineageReader(run.index, connection)
            problems = {item["problem_row"]: reader.by_row(item["problem_row"], Problem) for item in page.items}
            facets = read_facets(connection)
        return self._pages.render(
            request,
            "items.html",
            run=run,
            filters=filters,
            page=page,
            problems=problems,
            facets=facets,
            progress=run.index.progress,
        )

    def problem(self, request: Request) -> Response:
        """One problem and all that became of it."""
        return self._show_problem(request, self._run(request), request.path_params["problem_id"])

    def logps(self, request: Request) -> Response:
        """The log-probabilities of a problem's pairs, before and after training; computed at the first look."""
        require_own_page(request)
        run = self._run(request)
        with run.index.reading() as connection:
            lines = LineageReader(run.index, connection).pairs(request.path_params["problem_id"])
        scores = run.scorer.score(lines)
        whole = request.headers.get("x-part") != "logps"
        return self._pages.render(request, "logps.html", run=run, lines=lines, scores=scores, whole=whole)

    def compare(self, request: Request) -> Response:
        """What one arm gets right and another wrong."""
        choices = [(run.number, arm) for run in self._runs for arm in read_arms(run.index)]
        query = request.query_params
        answer = cast(Answer, query.get("answer") if query.get("answer") in ANSWERS else "greedy")
        change = cast(Change, query.get("change") if query.get("change") in CHANGES else "broken")
        first, second = (
            choose_side(query.get(name, ""), choices, place) for place, name in enumerate(("first", "second"))
        )
        values: dict[str, Any] = {
            "choices": choices,
            "answer": answer,
            "change": change,
            "first": first,
            "second": second,
        }
        if first is None or second is None:
            return self._pages.render(request, "compare.html", compared=None, problems={}, **values)
        run = self._runs[first[0]]
        sides = (run.index, first[1]), (self._runs[second[0]].index, second[1])
        compared = compare(*sides, answer, change, _number(request, "page", 1))
        with run.index.reading() as connection:
            reader = LineageReader(run.index, connection)
            problems = {row["problem_row"]: reader.by_row(row["problem_row"], Problem) for row in compared.rows}
        return self._pages.render(request, "compare.html", compared=compared, problems=problems, **values)

    def review(self, request: Request) -> Response:
        """The next correction that nobody has decided about."""
        run = self._run(request)
        with run.index.reading() as connection:
            item = self._required_desk.next_undecided(connection, _number(request, "after", 0))
        if item is None:
            return self._pages.render(request, "reviewed.html", run=run)
        return RedirectResponse(f"{_address(run, item)}&review=1#{item['correction_id']}", 303)

    async def decide(self, request: Request) -> Response:
        """Write down what a person decided, and go on to the next correction."""
        fields = await read_own_form(request, self._token)
        return await run_in_threadpool(self._decide, request, fields)

    def _decide(self, request: Request, fields: dict[str, str]) -> Response:
        run = self._run(request)
        outcome = self._required_desk.decide(run.index, fields)
        if outcome.refusal:
            return self._show_problem(
                request, run, outcome.problem_id, refusal=outcome.refusal, typed=fields, status=422
            )
        return RedirectResponse(f"/runs/{run.number}/review?after={outcome.item_id}", 303)

    def refuse(self, request: Request, error: Exception) -> Response:
        """A request that cannot be answered."""
        assert isinstance(error, HTTPException)
        return self._pages.render(request, "message.html", status_code=error.status_code, message=error.detail)

    def fail(self, request: Request, error: Exception) -> Response:
        """A file that cannot be read or written."""
        return self._pages.render(request, "message.html", status_code=500, message=str(error))

    def _show_problem(
        self,
        request: Request,
        run: ViewedRun,
        problem_id: str,
        *,
        refusal: str = "",
        typed: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        filters = Filters.of(request.query_params)
        item_id = _number(request, "item", 0)
        with run.index.reading() as connection:
            lineage = LineageReader(run.index, connection).read(problem_id)
            before, behind = read_neighbours(connection, filters, item_id) if item_id else (None, None)
        if lineage is None:
            raise HTTPException(404, f"This run has no problem {problem_id!r}.")
        arms = read_arms(run.index)
        return self._pages.render(
            request,
            "problem.html",
            status_code=status,
            run=run,
            lineage=lineage,
            answers=sorted(lineage.evaluations, key=lambda item: arms.index(item.arm)),
            filters=filters,
            before=before,
            behind=behind,
            address=_address,
            refusal=refusal,
            typed=typed or {},
            in_review=self._desk is not None,
        )

    def _now(self, run: ViewedRun) -> dict[str, Any]:
        return {"status": read_status(run.index), "progress": run.index.progress}

    def _run(self, request: Request) -> ViewedRun:
        number: int = request.path_params["run"]
        if number >= len(self._runs):
            raise HTTPException(
                404, f"The viewer shows {len(self._runs)} runs, numbered from 0; there is no run {number}."
            )
        return self._runs[number]

    @property
    def _required_desk(self) -> ReviewDesk:
        if self._desk is None:
            raise HTTPException(403, "The viewer was started to look on; start it with --review to decide.")
        return self._desk


def _address(run: ViewedRun, item: Any, query: str = "") -> str:
    """Where an item stands, within a filtered list."""
    place = f"item={item['id']}" + (f"&{query}" if query else "")
    return f"/runs/{run.number}/problems/{quote(item['problem_id'], safe='')}?{place}"


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
