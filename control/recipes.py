"""`python -m control.recipes`: checks, imports and exports recipe files, ours and the community's."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from blocks.community import CannotWrite, NotHonoured, write_recipe
from blocks.recipe import Catalog
from blocks.recipe_files import RECIPE_FILE, BadFile, Fault, FileRead, read_recipe_file
from blocks.settings import DOCUMENT, prefect_api_url, prefect_headers
from blocks.tolerant import read_settings
from control.environment import CHECKOUT, house_environment

SCHEMA = CHECKOUT / "docs/reference/recipe.schema.json"
NO_CATALOG = "Prefect holds no Catalog yet: start the house once (make up)"


def main(words: Sequence[str] | None = None) -> None:
    """Do what the command line says with the Catalog of the environment's Prefect."""
    asked = _parser().parse_args(words)
    os.environ.update(house_environment(CHECKOUT / ".state"))
    try:
        asked.do(asked)
    except BadFile as bad:
        sys.exit("\n".join(f"{asked.file}:{fault}" for fault in bad.faults))
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    except (CannotWrite, LookupError) as error:
        sys.exit(str(error.args[0]))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        sys.exit(f"Prefect does not answer at {prefect_api_url()}: {error}")


def schema() -> dict[str, Any]:
    """The published JSON Schema: of the bundled file, and of an operator's own."""
    made = RECIPE_FILE.json_schema()
    # A block may hold fields of another version; in a file a field that does not exist is a slip.
    made["$defs"]["Catalog"]["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _check(asked: argparse.Namespace) -> None:
    _read(asked)


def _import(asked: argparse.Namespace) -> None:
    """Recipes of a file replace those of the same key; knobs of a file those of the same recipe."""
    read = _read(asked)
    with _prefect() as prefect:
        document = _catalog_document(prefect)
        if document is None:
            raise LookupError(NO_CATALOG)
        data = document.get("data") or {}
        new = {recipe.key for recipe in read.recipes}
        kept = [entry for entry in data.get("recipes") or [] if entry.get("key") not in new]
        stored = Catalog(recipes=list(read.recipes), knobs=dict(read.knobs)).model_dump(
            mode="json", exclude_defaults=True
        )
        changed = {
            "recipes": [*kept, *stored.get("recipes", [])],
            "knobs": {**(data.get("knobs") or {}), **stored.get("knobs", {})},
        }
        prefect.patch(f"/block_documents/{document['id']}", json={"data": changed}).raise_for_status()
    _note(f"Imported {', '.join(sorted(new | set(read.knobs)))}.")


def _export(asked: argparse.Namespace) -> None:
    """The file goes to stdout; what the other launcher will not do to stderr."""
    with _prefect() as prefect:
        document = _catalog_document(prefect) or {}
    catalog, problems = read_settings(Catalog, document.get("data") or {})
    for problem in problems:
        _note(f"catalog: {problem}")
    written = write_recipe(catalog.recipe(asked.key))
    sys.stdout.write(written.text)
    _note_left_out(written.not_honoured)


def _write_schema(asked: argparse.Namespace) -> None:
    asked.to.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")


def _read(asked: argparse.Namespace) -> FileRead:
    try:
        text = Path(asked.file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadFile([Fault(1, "", "it is not UTF-8 text")]) from None
    read = read_recipe_file(text, asked.key, asked.hosts, Path(asked.file).stem)
    for recipe in read.recipes:
        on = "one host" if recipe.hosts == 1 else f"{recipe.hosts} hosts"
        sys.stdout.write(f"{recipe.key}: {recipe.model} on {on}, by {recipe.launcher}\n")
    _note_left_out(read.not_honoured)
    return read


def _note_left_out(notes: Sequence[NotHonoured]) -> None:
    for note in notes:
        _note(f"not honoured: {note.field}: {note.why}")


def _prefect() -> httpx.Client:
    return httpx.Client(base_url=prefect_api_url(), headers=prefect_headers(), timeout=30)


def _catalog_document(prefect: httpx.Client) -> dict[str, Any] | None:
    answer = prefect.get(f"/block_types/slug/catalog/block_documents/name/{DOCUMENT}")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    document: dict[str, Any] = answer.raise_for_status().json()
    return document


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="control.recipes", description="Recipe files: ours, spark-vllm-docker's and sparkrun's"
    )
    verbs = parser.add_subparsers(required=True, metavar="check | import | export | schema")
    check = verbs.add_parser("check", help="say what is wrong in a file, and what of it is not honoured")
    check.set_defaults(do=_check)
    import_ = verbs.add_parser("import", help="put the recipes of a file into the Catalog")
    import_.set_defaults(do=_import)
    for verb in (check, import_):
        verb.add_argument("file")
        verb.add_argument("--key", default="", help="key of a community file's recipe; the file's name")
        verb.add_argument("--hosts", type=int, help="on how many hosts a community file's recipe runs")
    export = verbs.add_parser("export", help="print a recipe as a file of spark-vllm-docker")
    export.add_argument("key")
    export.set_defaults(do=_export)
    published = verbs.add_parser("schema", help="write the JSON Schema of recipe files anew")
    published.add_argument("--to", type=Path, default=SCHEMA)
    published.set_defaults(do=_write_schema)
    return parser


if __name__ == "__main__":
    main()
