"""litellm as a client, as it is; its versions stand in litellm_client.py.lock."""

import json
import os
import subprocess
from pathlib import Path

from tests.simulator.engines import MODEL, ROOT

SCRIPT = Path(__file__).with_name("litellm_client.py")


def test_it_completes_streams_and_embeds(home):
    environment = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    environment.setdefault("UV_CACHE_DIR", str(ROOT / ".cache" / "uv"))
    uv = ROOT / ".tools" / "bin" / "uv"
    command = [uv, "run", "--quiet", "--locked", "--script", SCRIPT, home.v1, MODEL]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    said = json.loads(done.stdout)

    assert "Hello, wörld" in said["whole"]
    assert said["stream"] == said["whole"]
    assert said["pieces"] > 2
    assert said["tokens"] > 0
    assert said["vectors"] == [1024, 1024]
    assert said["unknown"] == "NotFoundError"
