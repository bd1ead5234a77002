"""The student's section: an engine has what it needs, and nothing that it would ignore."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from supercorrect.config import StudentConfig

URL = "http://127.0.0.1:8000/v1"
SERVE = ["vllm", "serve", "{model}", "--port", "{port}"]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"engine": "openai"}, "engine 'openai' needs 'server'"),
        ({"engine": "vllm", "server": {"base_url": URL}}, "only used by engine 'openai'"),
        ({"engine": "openai", "server": {}}, "needs 'base_url', or 'serve'"),
        (
            {"engine": "openai", "server": {"serve": ["transformers", "serve", "--continuous-batching"]}},
            "the sampling of the first request holds for all",
        ),
    ],
)
def test_what_an_engine_cannot_use_is_refused(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        StudentConfig.model_validate({"model": "m", **section})


def test_a_server_is_started_with_the_stages_student() -> None:
    config = StudentConfig.model_validate({"model": "m", "engine": "openai", "server": {"serve": SERVE}})
    assert config.server is not None
    endpoint = config.server.endpoint("runs/x/checkpoints/hsft/model")
    assert endpoint.serve == ("vllm", "serve", "runs/x/checkpoints/hsft/model", "--port", "{port}")
    assert endpoint.model == "runs/x/checkpoints/hsft/model"


def test_the_engine_decides_what_is_drawn_and_the_default_one_leaves_fingerprints_as_they_were() -> None:
    assert StudentConfig(model="m").drawn == {"batch_size": 64}
    assert StudentConfig(model="m", engine="vllm").drawn == {"batch_size": 64, "engine": "vllm"}
