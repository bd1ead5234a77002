"""Asking the recipe's endpoints, whoever serves them, through the store."""

from __future__ import annotations

from collections.abc import Sequence

from supercorrect.config import EndpointConfig
from supercorrect.context import StageContext
from supercorrect.manifest import StageCounts
from supercorrect.models.openai_compatible import OpenAICompatibleModel
from supercorrect.models.protocol import ChatRequest, Progress
from supercorrect.models.server import ServedEndpoint
from supercorrect.progress import Reporter
from supercorrect.store import StoredResponse


def ask_endpoint(
    context: StageContext, role: str, endpoint: EndpointConfig, requests: Sequence[ChatRequest]
) -> tuple[list[StoredResponse], StageCounts]:
    """The responses to requests, in order, and what they cost.

    What the store holds is not asked again; if it holds everything, the endpoint need not even be there. An endpoint
    that the recipe serves is kept until the stage ends, or until another one has to be served: two models at once may
    be more than a GPU holds.
    """
    model = OpenAICompatibleModel(role, endpoint, context.store, context.budget)
    if endpoint.serve is not None and not _is_stored(context, {model.key(request) for request in requests}):
        model = OpenAICompatibleModel(role, _serve(context, role, endpoint), context.store, context.budget)
    return ask_model(model, requests, context.reporter, context.stage)


def _is_stored(context: StageContext, keys: set[str]) -> bool:
    return len(context.store.get_many(list(keys))) == len(keys)


def _serve(context: StageContext, role: str, endpoint: EndpointConfig) -> EndpointConfig:
    key = f"{role} {endpoint.model_dump_json()}"
    if key not in context.serving:
        context.servers.close()
        context.serving.clear()
        context.serving[key] = context.servers.enter_context(ServedEndpoint(role, endpoint))
    return context.serving[key]


def ask_model(
    model: OpenAICompatibleModel, requests: Sequence[ChatRequest], reporter: Reporter, label: str
) -> tuple[list[StoredResponse], StageCounts]:
    """As `ask_endpoint`, of a model that is there already, for work that is no stage of a run.

    Args:
        label: Stands before the model's name where progress is shown.
    """
    with reporter.task(f"{label}: ask {model.name}", total=len(requests)) as task:

        def show(progress: Progress) -> None:
            cost = "cost unknown" if progress.usd is None else f"${progress.usd:.2f}"
            task.update(progress.done, ", ".join(filter(None, (f"{progress.reused} reused", cost, progress.note))))

        responses = model.ask_all(requests, on_done=show)
    paid = {response.key: response for response in responses}.values()  # equal requests share one answer
    costs = [response.usd for response in paid]
    counts = StageCounts(
        input_tokens=sum(r.input_tokens or 0 for r in paid),
        output_tokens=sum(r.output_tokens or 0 for r in paid),
        usd=None if any(cost is None for cost in costs) else sum(cost or 0.0 for cost in costs),
    )
    return responses, counts
