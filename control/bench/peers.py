"""Others that do a part of the gateway's work, to be measured beside it: nginx and LiteLLM."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from control.bench.targets import Skipped, Target, answering, started
from control.bench.upstream import MODEL
from control.environment import CHECKOUT, free_port

LITELLM = "1.106.2"
_NGINX = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 0;
  keepalive_requests 1000000000;
  upstream engine {{
    server 127.0.0.1:{engine};
    keepalive 1024;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://engine;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 1800;
    }}
  }}
}}
"""
"""One worker, nothing buffered, connections kept, an access log: what a site would put before an engine."""
_LITELLM = """\
model_list:
  - model_name: {model}
    litellm_params: {{model: openai/{model}, api_base: "http://127.0.0.1:{engine}/v1", api_key: none}}
  - model_name: stt
    litellm_params: {{model: openai/whisper-1, api_base: "http://127.0.0.1:{engine}/v1", api_key: none}}
    model_info: {{mode: audio_transcription}}
  - model_name: tts
    litellm_params: {{model: openai/tts-1, api_base: "http://127.0.0.1:{engine}/v1", api_key: none}}
    model_info: {{mode: audio_speech}}
litellm_settings: {{telemetry: false}}
"""


@contextmanager
def nginx(engine: Target, folder: Path) -> Iterator[Target]:
    """The system's nginx as a plain reverse proxy: it knows nothing of models, keys or limits."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not program:
        raise Skipped("nginx is not installed (Debian: apt-get install nginx-light)")
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(_NGINX.format(folder=folder, engine=engine.port, port=port), encoding="utf-8")
    with started("nginx", [program, "-p", str(folder), "-c", str(file)], os.environ, folder) as house:
        yield answering(house, "nginx", port)


@contextmanager
def litellm(engine: Target, folder: Path) -> Iterator[Target]:
    """LiteLLM's proxy with one worker, in a virtual environment of its own; it writes every answer anew."""
    program = _litellm_program()
    port = free_port()
    file = folder / "litellm.yaml"
    file.write_text(_LITELLM.format(model=MODEL, engine=engine.port), encoding="utf-8")
    key = f"sk-{secrets.token_hex(32)}"
    told = {
        "LITELLM_MASTER_KEY": key,  # without one it does not start, and the gateway asks for one as well
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or it asks the internet for prices
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
    }
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | told
    words = [str(program), "--config", str(file), "--host", "127.0.0.1", "--port", str(port)]
    words += ["--num_workers", "1", "--telemetry", "False"]
    with started("litellm", words, environment, folder) as house:
        yield answering(house, "litellm", port, key=key, exact=False)


def _litellm_program() -> Path:
    """The `litellm` of .cache/bench, installed there when it is not yet."""
    folder = CHECKOUT / ".cache/bench" / f"litellm-{LITELLM}"
    program = folder / "bin/litellm"
    if program.exists():
        return program
    uv = CHECKOUT / ".tools/bin/uv"
    if not uv.exists():
        raise Skipped("LiteLLM is not installed, and .tools/bin/uv, which would do it, is not there")
    print(f"installing LiteLLM {LITELLM} into {folder} (once, some 600 MB)", file=sys.stderr)
    for words in (
        ["venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)],
        ["pip", "install", "--quiet", "--python", str(folder / "bin/python"), f"litellm[proxy]=={LITELLM}"],
    ):
        done = subprocess.run([str(uv), *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Skipped(f"LiteLLM cannot be installed: {done.stderr.strip()[-300:]}")
    return program
