"""The stand-in vllm package: preflight inside a container parses arguments as vLLM itself would."""

import json
import subprocess
import sys

import pytest

from tests.simulator.engines import PROGRAMS, ROOT, Spark

PREFLIGHT = """
import json, sys
from vllm.utils.argparse_utils import FlexibleArgumentParser
try:
    from vllm.entrypoints.common.cli_args import make_arg_parser, validate_parsed_serve_args
except ImportError:
    from vllm.entrypoints.openai.cli_args import make_arg_parser, validate_parsed_serve_args
args = make_arg_parser(FlexibleArgumentParser()).parse_args(json.load(sys.stdin))
validate_parsed_serve_args(args)
print(json.dumps(vars(args)))
"""


LARGE = """
maker/Model --host 0.0.0.0 --port 8888 -tp 2 --gpu_memory_utilization 0.85
--max-model-len 256k --max-num-seqs=4 --kv-cache-dtype fp8 --load-format fastsafetensors
--moe-backend marlin --linear-backend b12x --attention-backend FLASHINFER --block-size 256
--trust-remote-code --enable-prefix-caching --no-enable-chunked-prefill --async-scheduling
--enable-auto-tool-choice --tool-call-parser qwen3_xml --reasoning-parser qwen3
--distributed-executor-backend ray --speculative_config.method mtp
--speculative_config.num_speculative_tokens 3 --default-chat-template-kwargs.thinking=true
--kv-cache-memory-bytes 20G --mamba-cache-mode align --quantization mxfp4
--served-model-name one two
"""


@pytest.fixture
def preflight(tmp_path):
    def run(*words: str, **extra: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-c", PREFLIGHT],
            input=json.dumps(words),
            env=Spark(tmp_path / "host").environment(**extra),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_flags_of_a_large_recipe_are_understood(preflight):
    done = preflight(*LARGE.split())
    assert done.returncode == 0, done.stderr
    args = json.loads(done.stdout)
    assert args["model_tag"] == "maker/Model"
    assert args["max_model_len"] == 256_000
    assert args["kv_cache_memory_bytes"] == 20 * 1024**3
    assert args["speculative_config"] == {"method": "mtp", "num_speculative_tokens": 3}
    assert args["default_chat_template_kwargs"] == {"thinking": True}
    assert args["enable_chunked_prefill"] is False
    assert args["served_model_name"] == ["one", "two"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["m", "--no-such-flag", "1"], "error: unrecognized arguments: --no-such-flag"),
        (["m", "--kv-cache-dtype", "fp7"], "argument --kv-cache-dtype: invalid choice: 'fp7'"),
        (["m", "--max-model-len", "many"], "argument --max-model-len: Invalid integer value"),
        (["m", "--speculative-config", "{"], "argument --speculative-config: Value {"),
        (["m", "--port"], "argument --port: expected one argument"),
        (["m", "--swap-space", "4"], "unrecognized arguments: --swap-space"),
    ],
)
def test_a_wrong_argument_ends_with_two_and_its_name(preflight, words, error):
    done = preflight(*words)
    assert done.returncode == 2
    assert error in done.stderr


def test_combinations_are_validated(preflight):
    done = preflight("m", "--enable-auto-tool-choice")
    assert "--enable-auto-tool-choice requires --tool-call-parser" in done.stderr
    done = preflight("m", "--chat-template", "missing.jinja")
    assert "appears path-like, but doesn't exist!" in done.stderr


def test_an_older_image_has_its_arguments_at_the_old_place(preflight):
    done = preflight("m", SIM_VLLM_VERSION="0.20.0")
    assert done.returncode == 0, done.stderr
    trial = "import vllm; print(vllm.__version__); import vllm.entrypoints.common.cli_args"
    done = subprocess.run(
        [sys.executable, "-c", trial],
        env={"PYTHONPATH": str(ROOT / "simulator/engine/site"), "SIM_VLLM_VERSION": "0.20.0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "0.20.0\n"
    assert "ModuleNotFoundError" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--version"], 0, "0.33.0\n"),
        (["serve", "--help=all"], 0, "--gpu-memory-utilization"),
        (["serve", "m", "--enable-auto-tool-choice"], 1, "requires --tool-call-parser"),
        (["bench"], 2, "invalid choice: 'bench'"),
    ],
)
def test_the_program_answers_short_commands(tmp_path, words, code, said):
    host = Spark(tmp_path / "host")
    done = subprocess.run(
        [PROGRAMS / "vllm", *words],
        env=host.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stdout + done.stderr
