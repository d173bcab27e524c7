"""A server of its own for tests: needs Node and package.json's packages."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMMAND = ["node", "--import", "tsx", "src/main.ts", "serve", "--port", "0", "--device", "cpu", "--threads", "1"]
STOP_SECONDS = 60


def skip_without_node() -> None:
    if shutil.which("node") is None or not (ROOT / "node_modules").is_dir():
        pytest.skip("Node or its packages are missing: npm ci", allow_module_level=True)


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """The address of a server with the model tiny, which must exit with code 0 on SIGTERM."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KANDID_", "OPENAI_"))}
    command = [*COMMAND, "--model", "tiny", "--log-level", "silent", *options]
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        said = server.stderr.readline()
        found = re.search(r"http://\S+", said)
        assert found, said
        yield found[0]
    finally:
        server.terminate()
        server.communicate(timeout=STOP_SECONDS)
    assert server.returncode == 0
