"""R11: a resume over 100,000 stored responses is quick and small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

COMMON = """
import sys, time
from pathlib import Path
from supercorrect.config import EndpointConfig, SamplingConfig
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.store import RequestStore, StoredResponse
store = RequestStore(Path(sys.argv[1]))
endpoint = EndpointConfig(model="m", api_key_env=None, base_url="http://127.0.0.1:9/v1")
model = OpenAICompatibleModel("teacher", endpoint, store)
system = ("system", "Think." * 50)
requests = [ChatRequest((system, ("user", f"Problem {n} " * 20)), SamplingConfig()) for n in range(100_000)]
"""
FILL = """
for start in range(0, len(requests), 1000):
    keys = [model.key(request) for request in requests[start : start + 1000]]
    answer = dict(role="teacher", model="m", status="ok", text="Step by step. " * 100)
    store.put_many([StoredResponse(key=key, **answer) for key in keys])
store.close()
"""
RESUME = """
began_seconds = time.process_time()
responses = model.ask_all(requests)
assert len(responses) == 100_000 and responses[7].key == model.key(requests[7])
cpu_seconds = time.process_time() - began_seconds
status = Path("/proc/self/status").read_text()  # what getrusage says begins with the memory of who started us
print(cpu_seconds, int(status.partition("VmHWM:")[2].split()[0]) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_resume_over_100_000_responses_is_quick_and_small(tmp_path: Path) -> None:
    path = str(tmp_path / "store.sqlite")
    subprocess.run([sys.executable, "-c", COMMON + FILL, path], check=True)
    ended = subprocess.run([sys.executable, "-c", COMMON + RESUME, path], check=True, capture_output=True, text=True)
    cpu_seconds, peak_mb = map(float, ended.stdout.split())
    print(f"{cpu_seconds:.1f} s CPU, {peak_mb:.0f} MB")
    assert cpu_seconds <= 5 and peak_mb <= 500
