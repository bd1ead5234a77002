"""The client against servers that no one here wrote: `transformers serve`, and a litellm proxy.

litellm brings dependencies of its own: `SUPERCORRECT_LITELLM` names its executable, wherever it is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from supercorrect.config import EndpointConfig, LimitsConfig, SamplingConfig
from supercorrect.models import ChatRequest, OpenAICompatibleModel, ServedEndpoint
from supercorrect.models.weights import resolve_model_path
from supercorrect.sandbox.language import make_problems
from supercorrect.store import RequestStore, StoredResponse

pytestmark = pytest.mark.slow
ORACLE = (sys.executable, "-m", "supercorrect", "mock-teacher", "--port", "{port}")
START_SECONDS = 300


def ask(endpoint: EndpointConfig, prompts: list[str], folder: Path) -> list[StoredResponse]:
    """Twice: the second time everything comes from the store."""
    requests = [ChatRequest((("user", prompt),), endpoint.sampling) for prompt in prompts]
    with RequestStore(folder / "store.sqlite") as store:
        model = OpenAICompatibleModel("teacher", endpoint, store)
        responses = model.ask_all(requests)
        assert model.ask_all(requests) == responses
    return responses


def thought_prompts(count: int) -> list[str]:
    problems = make_problems(count=count, seed=0, split="hsft")
    return [f"<problem>\n{problem.problem}\n</problem>" for problem in problems]


def test_transformers_serve(tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    command = shutil.which("transformers", path=str(Path(sys.executable).parent)) or "transformers"
    endpoint = EndpointConfig(
        model=resolve_model_path("supercorrect.sandbox:base_student"),
        api_key_env=None,
        serve=(command, "serve", "--port", "{port}", "--device", "cpu"),
        sampling=SamplingConfig(temperature=0.0, max_new_tokens=40),
        limits=LimitsConfig(max_concurrency=2),
    )
    with ServedEndpoint("teacher", endpoint, timeout_seconds=START_SECONDS) as served:
        responses = ask(served, thought_prompts(4), tmp_path)
    for response in responses:
        assert response.status in ("ok", "truncated")
        assert response.text
        assert response.input_tokens and response.output_tokens


def test_a_litellm_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXY_KEY", "sk-of-the-proxy")
    litellm = os.environ.get("SUPERCORRECT_LITELLM") or shutil.which("litellm")
    if litellm is None:
        pytest.skip("litellm is not installed; SUPERCORRECT_LITELLM may name its executable")
    oracle = EndpointConfig(model="oracle", api_key_env=None, serve=ORACLE)
    prompts = thought_prompts(20)
    with ServedEndpoint("teacher", oracle) as direct:
        config = tmp_path / "litellm.yaml"
        parameters = {"model": "openai/oracle", "api_base": direct.base_url, "api_key": "none"}
        models = [{"model_name": "oracle", "litellm_params": parameters}]
        config.write_text(
            json.dumps({"model_list": models, "general_settings": {"master_key": "os.environ/PROXY_KEY"}})
        )
        proxy = EndpointConfig(
            model="oracle", api_key_env="PROXY_KEY", serve=(litellm, "--config", str(config), "--port", "{port}")
        )
        (tmp_path / "direct").mkdir()
        expected = ask(direct, prompts, tmp_path / "direct")
        with ServedEndpoint("teacher", proxy, timeout_seconds=START_SECONDS) as served:
            responses = ask(served, prompts, tmp_path)
    assert [r.text for r in responses] == [r.text for r in expected]
    assert all(r.status == "ok" and r.usd is None for r in responses)
