"""The table of docs/reference/inference.md: `python -m tests.blocks.inference.table` prints it."""

import sys

from blocks.inference.infer import Inferred, infer
from tests.blocks.inference.some_models import MODELS, TWO_SPARKS, Some

HEAD = "| config | what its files say | inferred recipe | why |\n| --- | --- | --- | --- |\n"
TOLD = (
    "hosts",
    "--max-model-len",
    "--moe-backend",
    "--kv-cache-dtype",
    "--speculative-config",
    "--trust-remote-code",
)


def row(model: Some) -> str:
    found = infer(model.name, model.files, TWO_SPARKS)
    facts = {value.field: value for value in found.values}
    said = f"{facts['family'].reason}, {facts['quantization'].value}, {model.files.weights_bytes / 1e9:g} GB"
    return f"| {model.name.removeprefix('org/')} | {said} | {_recipe(found)} | {_why(found)} |\n"


def _recipe(found: Inferred) -> str:
    if found.recipe is None:
        return "refused"
    hosts = "1 host" if found.recipe.hosts == 1 else f"{found.recipe.hosts} hosts"
    pairs = [" ".join(value.args) for value in found.values if value.args]
    return f"{hosts}<br>" + "<br>".join(f"`{pair}`" for pair in pairs)


def _why(found: Inferred) -> str:
    if found.refused:
        return found.refused
    return "<br>".join(
        f"{value.reason} ({value.confidence})" for value in found.values if value.field in TOLD
    )


def table() -> str:
    return HEAD + "".join(row(model) for model in MODELS)


if __name__ == "__main__":
    sys.stdout.write(table())
