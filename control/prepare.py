"""`python -m control.prepare`: makes Prefect know our blocks, first settings and deployments."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentCreate
from prefect.exceptions import ObjectAlreadyExists

from blocks.prefect_blocks import BLOCKS
from blocks.settings import DOCUMENT, ledger_url
from control.environment import CHECKOUT, house_environment
from control.first_settings import first_bot, first_cluster


async def prepare(documents: list[dict[str, Any]]) -> None:
    """Register the blocks and fill those that have no document yet."""
    for block, data in zip(BLOCKS, documents, strict=True):
        await block.aregister_type_and_schema()
        await _fill(block, data)


def first_documents() -> list[dict[str, Any]]:
    """The data of the first documents, in the order of `BLOCKS`."""
    cluster = first_cluster(os.environ, _text(os.environ.get("SPARK_CLUSTER_FILE")))
    webhook = {"url": os.environ.get("SPARK_WEBHOOK_URL", "")}
    bot = first_bot(_text(os.environ.get("SPARK_BOT_FILE")))
    return [cluster, {}, {"url": ledger_url()}, webhook, {}, bot, {}]


def _text(file: str | None) -> str | None:
    return Path(file).read_text(encoding="utf-8") if file else None


async def _fill(block: Any, data: dict[str, Any]) -> None:
    """
    Save a first document; one that is there already is the operator's and stays.

    It is saved as it was given: what is wrong in it is reported by name when it is read, not lost here.
    """
    async with get_client() as client:
        block_type = await client.read_block_type_by_slug(block.get_block_type_slug())
        schema = await client.read_block_schema_by_checksum(block._calculate_schema_checksum())
        document = BlockDocumentCreate(
            name=DOCUMENT, data=data, block_type_id=block_type.id, block_schema_id=schema.id
        )
        try:
            await client.create_block_document(document, include_secrets=True)
        except ObjectAlreadyExists:
            return


def deploy() -> None:
    """Publish the flows of prefect.yaml."""
    words = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the flows could not be published:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def main() -> None:
    """Blocks, first settings and deployments, on the server of the environment."""
    os.environ.update(house_environment(CHECKOUT / ".state"))
    asyncio.run(prepare(first_documents()))
    deploy()


if __name__ == "__main__":
    main()
