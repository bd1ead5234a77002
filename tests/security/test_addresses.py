"""Where requests go: to the recipe's address alone, and never to one that hands out a machine's own keys."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from supercorrect.config import EndpointConfig, ProblemSetConfig
from supercorrect.errors import ConfigError
from supercorrect.models.endpoint import Access, is_loopback, public_url, read_access
from supercorrect.models.server import _answers
from supercorrect.problems.rows import read_rows


class Recorder:
    """A server that writes down what it is asked, and sends whoever asks elsewhere, or nowhere."""

    def __init__(self, location: str | None = None) -> None:
        self.asked: list[tuple[str, str | None]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                recorder.asked.append((self.path, self.headers.get("Authorization")))
                self.send_response(302 if location else 200)
                if location:
                    self.send_header("Location", location)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Nothing on the terminal."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def elsewhere() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.server.shutdown()


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "169.254.43518", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "[fe80::1]"),
        *("[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "100.100.100.200", "[fd00:ec2::254]", "[fd00:ec2:0::254]"),
        *("metadata.google.internal", "METADATA.google.internal.", "metadata.goog", "instance-data"),
    ],
)
def test_an_address_that_hands_out_keys_is_refused_however_it_is_spelled(host: str) -> None:
    with pytest.raises(ConfigError, match="link-local or cloud metadata address"):
        read_access("teacher", EndpointConfig(model="m", base_url=f"http://user:pass@{host}/v1", api_key_env=None))


@pytest.mark.parametrize("url", ["http://[::1/v1", "http://", "file:///etc/passwd", "//host/v1", "gopher://host/v1"])
def test_what_is_no_address_of_a_model_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="expected a base_url"):
        read_access("teacher", EndpointConfig(model="m", base_url=url, api_key_env=None))


def test_this_machine_is_known_in_every_spelling() -> None:
    assert all(map(is_loopback, ("http://127.0.0.1/v1", "http://2130706433/", "http://[::1]:80/", "http://localhost")))
    assert not any(map(is_loopback, ("http://127.0.0.1.evil.example/", "http://localhost.evil.example", "http://[::1")))
    assert public_url("http://[::1/user:pass@") == "(not a URL)"


def test_a_server_of_ours_that_redirects_gets_no_key_elsewhere(elsewhere: Recorder) -> None:
    redirecting = Recorder(location=f"{elsewhere.url}/v1/models")
    assert _answers(Access(f"{redirecting.url}/v1", "sk-canary", None))
    redirecting.server.shutdown()
    assert redirecting.asked == [("/v1/models", "Bearer sk-canary")]
    assert elsewhere.asked == []


@pytest.mark.parametrize("feature", ["Image", "Audio", "Pdf", "Video"])
def test_a_url_in_a_data_set_is_never_fetched(
    feature: str, elsewhere: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column of pictures is decoded by fetching them."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    picture = {"bytes": None, "path": f"{elsewhere.url}/secret.png"}
    kinds = {"problem": {"dtype": "string", "_type": "Value"}, "picture": {"_type": feature}}
    rows = pyarrow.table({"problem": ["1 + 1?"], "picture": [picture]})
    rows = rows.cast(
        pyarrow.schema(
            {
                "problem": pyarrow.string(),
                "picture": pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()}),
            }
        )
    )
    metadata = {"huggingface": json.dumps({"info": {"features": kinds}})}
    (tmp_path / "set").mkdir()
    parquet.write_table(rows.replace_schema_metadata(metadata), tmp_path / "set" / "train.parquet")
    (_, row), *_ = read_rows(ProblemSetConfig(hub=str(tmp_path / "set")))
    assert row == {"problem": "1 + 1?", "picture": picture}
    assert elsewhere.asked == []
