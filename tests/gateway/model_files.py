"""Small files of a made-up model, as the observer leaves them in the ledger; recipes once they are known."""

import asyncio
import json
from typing import Any

import httpx

from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from blocks.menu import files_subject

CONFIG = {
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "torch_dtype": "bfloat16",
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
    "hidden_size": 4096, "intermediate_size": 12288, "max_position_embeddings": 40960,
}  # fmt: skip


def leave_files(ledger: Ledger, model: str, host: str = "spark-1", **config: Any) -> None:
    """A model whose config.json was read."""
    texts = {"config.json": json.dumps({**CONFIG, **config}), "generation_config.json": "{}"}
    write_seen(ledger, files_subject(host, model), {"model": model, "digest": "d1", "texts": texts})


def leave_disk(ledger: Ledger, host: str, **bytes_by_name: int) -> None:
    """A disk with whole models org/name, and the half of org/half."""
    models = [
        {"model": f"org/{name}", "bytes": size, "complete": True, "disk_bytes": size + 1}
        for name, size in bytes_by_name.items()
    ]
    half = {
        "model": "org/half", "bytes": 5, "complete": False, "missing": ["w.safetensors"],
        "disk_bytes": 9, "partial_bytes": 4,
    }  # fmt: skip
    write_seen(ledger, f"disk/{host}", {"models": [*models, half], "free_bytes": 700})


async def add_recipe(http: httpx.AsyncClient, recipe: dict[str, Any]) -> None:
    """A recipe the gateway goes by: a reading of the settings that was under way may hide it for a moment."""
    added = await http.post("/api/models", json=recipe)
    assert added.status_code == 201, added.text
    until = asyncio.get_running_loop().time() + 20
    while recipe["key"] not in {m["key"] for m in (await http.get("/api/models")).json()["models"]}:
        assert asyncio.get_running_loop().time() < until
        await asyncio.sleep(0.1)
