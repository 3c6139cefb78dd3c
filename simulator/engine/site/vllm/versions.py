"""Which vLLM this container pretends to hold; SIM_VLLM_VERSION makes it an older one."""

import os

VERSION = os.environ.get("SIM_VLLM_VERSION", "0.33.0")

# 0.33 moved the server's arguments from entrypoints/openai to entrypoints/common.
HAS_COMMON = tuple(int(part) for part in VERSION.split(".")[:2]) >= (0, 33)
