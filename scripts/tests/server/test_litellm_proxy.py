"""The server behind LiteLLM's proxy, asked by OpenAI's Python client: needs Node, requirements-litellm.txt.

LiteLLM is large, so that it may have an environment of its own: LITELLM names its command.
"""

import base64
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import serving, skip_without_node
from test_openai_client import bytes_of, file

openai = pytest.importorskip("openai", reason="openai is not installed: pip install -r requirements-server.txt")
COMMAND = os.environ.get("LITELLM") or shutil.which("litellm", path=str(Path(sys.executable).parent))
if not COMMAND:
    pytest.skip("litellm is not installed: pip install -r requirements-litellm.txt", allow_module_level=True)
skip_without_node()

CONFIG = """
model_list:
  - model_name: kandid
    litellm_params: {{ model: openai/tiny, api_base: {url}/v1, api_key: none }}
    model_info: {{ mode: image_generation }}
litellm_settings: {{ telemetry: false, num_retries: 0, drop_params: false }}
"""
START_SECONDS = 180


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def client(server, tmp_path_factory) -> Iterator["openai.OpenAI"]:
    """A client of a proxy in front of a server, both started for it."""
    folder = tmp_path_factory.mktemp("litellm")
    port = free_port()
    (folder / "config.yaml").write_text(CONFIG.format(url=server))
    key = f"sk-{secrets.token_hex(32)}"
    offline = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    environment = {**os.environ, **offline, "LITELLM_MASTER_KEY": key}
    command = [COMMAND, "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("w") as log:
        proxy = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    one = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0)
    try:
        wait_for(one, proxy, folder / "log")
        yield one
    finally:
        proxy.terminate()
        proxy.wait(timeout=60)


def wait_for(client, proxy: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and proxy.poll() is None:
        try:
            client.models.list()
            return
        except openai.APIConnectionError:
            time.sleep(1)
    pytest.fail(f"the proxy did not start: {log.read_text()[-2000:]}")


def test_generate(client):
    answer = client.images.generate(model="kandid", prompt="red", n=2, size="64x64")
    assert [bytes_of(image)[:4] for image in answer.data] == [b"\x89PNG"] * 2


def test_newest_fields(client):
    answer = client.images.generate(
        model="kandid", prompt="red", output_format="gif", extra_body={"frame_count": 2, "negative_prompt": "blue"}
    )
    assert bytes_of(answer.data[0]).startswith(b"GIF89a")


def test_edit(client):
    answer = client.images.edit(model="kandid", image=[file(), file(20, 20)], mask=file(clear_from=8), prompt="red")
    assert bytes_of(answer.data[0]).startswith(b"\x89PNG")


@pytest.mark.xfail(
    strict=True, raises=openai.InternalServerError, reason="LiteLLM reads an answer with events as one value"
)
def test_stream(client):
    events = list(client.images.generate(model="kandid", prompt="red", stream=True, partial_images=2))
    kinds = [event.type.removeprefix("image_generation.") for event in events]
    assert kinds == ["partial_image", "partial_image", "completed"]
    assert all(base64.b64decode(event.b64_json).startswith(b"\x89PNG") for event in events)


def test_errors(client):
    with pytest.raises(openai.BadRequestError, match="size"):
        client.images.generate(model="kandid", prompt="red", size="huge")


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="LiteLLM waits for an answer although its caller has left"
)
def test_leaving_cancels(client, server):
    client.images.generate(model="kandid", prompt="red")

    def newest() -> dict:
        with urllib.request.urlopen(f"{server}/v1/jobs?limit=1") as answer:
            return json.load(answer)["jobs"][0]

    before = newest()["id"]
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=2).images.generate(model="kandid", prompt="red", n=10, size="2048x2048")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = newest()
        if job["id"] != before and job["state"] not in ("queued", "running"):
            break
    assert (job["id"] != before, job["state"]) == (True, "cancelled")
