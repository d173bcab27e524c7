"""Does the server keep what /openapi.json promises? Asked by schemathesis: needs Node, requirements-server.txt."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from serving import serving, skip_without_node

if importlib.util.find_spec("schemathesis") is None:
    pytest.skip("schemathesis is not installed: pip install -r requirements-server.txt", allow_module_level=True)
skip_without_node()

COMMAND = Path(sys.executable).with_name("st")

EXAMPLES = 8
"""Of each route, beside some 4,700 cases that cover its schema: a minute or two in all."""

LEFT_OUT = {
    "positive_data_acceptance": "wants every body of the right shape to be accepted, be it a code of the wrong length",
    "use_after_free": "DELETE ends a job; what has ended is still to be read",
}

LIMIT_SECONDS = 600


def test_the_document_is_kept(tmp_path):
    settings = ["requestsPerMinute=0", "abandonSeconds=0", "personSeconds=1", "drainSeconds=1"]
    with serving(*(part for setting in settings for part in ("--set", setting))) as url:
        command = [COMMAND, "run", f"{url}/openapi.json", "--no-color"]
        options = [
            "--max-examples",
            str(EXAMPLES),
            "--exclude-checks",
            ",".join(LEFT_OUT),
            "--generation-deterministic",
        ]
        options += ["--suppress-health-check", "all", "--request-timeout", "60", "--no-shrink"]
        run = subprocess.run([*command, *options], capture_output=True, text=True, timeout=LIMIT_SECONDS, cwd=tmp_path)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
