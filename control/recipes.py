"""`python -m control.recipes`: checks, imports and exports recipe files, ours and the community's."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError

from blocks.community import CannotWrite, NotHonoured, write_recipe
from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from blocks.own_catalog import catalog_data, change_catalog
from blocks.own_document import Data, DocumentBusy, NoDocument
from blocks.recipe import Catalog
from blocks.recipe_files import RECIPE_FILE, BadFile, Fault, FileRead, read_recipe_file
from blocks.settings import ledger_url, prefect_api_url, prefect_client
from blocks.tolerant import read_settings
from control.environment import CHECKOUT, house_environment

SCHEMA = CHECKOUT / "docs/reference/recipe.schema.json"


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
    except (CannotWrite, LookupError, DocumentBusy, NoDocument) as error:
        sys.exit(str(error.args[0]))
    except SQLAlchemyError as error:
        sys.exit(f"the ledger does not answer: {error}")
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
    new = {recipe.key for recipe in read.recipes}
    stored = Catalog(recipes=list(read.recipes), knobs=dict(read.knobs)).model_dump(
        mode="json", exclude_defaults=True
    )

    def with_new(data: Data) -> Data:
        kept = [entry for entry in data.get("recipes") or [] if entry.get("key") not in new]
        return {
            **data,
            "recipes": [*kept, *stored.get("recipes", [])],
            "knobs": {**(data.get("knobs") or {}), **stored.get("knobs", {})},
        }

    migrate(ledger_url())  # recipes may be imported before the first start of the other processes
    with closing(Ledger(ledger_url())) as ledger:
        change_catalog(ledger, with_new)
    _note(f"Imported {', '.join(sorted(new | set(read.knobs)))}.")


def _export(asked: argparse.Namespace) -> None:
    """The file goes to stdout; what the other launcher will not do to stderr."""
    data: Data = {}
    with prefect_client() as prefect, suppress(NoDocument):
        data = catalog_data(prefect)
    catalog, problems = read_settings(Catalog, data)
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
