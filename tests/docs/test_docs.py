"""What exists is documented, and what the documents name exists."""

import re
from pathlib import Path

import pytest

from blocks.prefect_blocks import BLOCKS
from blocks.recipe import Recipe
from gateway.control_api import CONTROLLERS

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    inside = [link for link in links if not link.startswith("http")]

    assert [link for link in inside if not (page.parent / link).exists()] == []


def test_every_page_is_on_the_index():
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")} - {"index.md"}

    assert [page for page in sorted(pages) if f"({page})" not in index] == []


def test_every_setting_is_in_the_reference():
    text = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    fields = {name for block in BLOCKS for name in block.model_fields} | set(Recipe.model_fields)

    assert [name for name in sorted(fields) if f"`{name}`" not in text and f".{name}`" not in text] == []


def test_every_variable_that_is_read_is_in_the_reference():
    text = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    folders = ("blocks", "tasks", "flows", "gateway", "control")
    code = "".join(p.read_text(encoding="utf-8") for folder in folders for p in (ROOT / folder).rglob("*.py"))
    read = set(re.findall(r"\"(SPARK_[A-Z_0-9]+)\"", code))

    assert [name for name in sorted(read - {"SPARK_LAUNCH"}) if name not in text] == []


def test_every_route_is_in_the_reference():
    text = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")
    paths = {path for thing in CONTROLLERS if isinstance(thing, type) for path in _paths(thing)}
    ours = {path for path in paths if path.startswith("/api") or path in {"/health", "/ready"}}

    assert len(ours) > 12
    assert [path for path in sorted(ours) if path not in text] == []


def test_every_test_that_a_contract_names_exists():
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for page in (ROOT / "docs/contracts").glob("*.md"):
        named = re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))

        assert named
        assert [name for name in named if f"def {name}(" not in tests] == []


def test_every_deployment_of_prefect_yaml_has_its_flow():
    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    for file, function in re.findall(r"entrypoint: (\S+):(\S+)", text):
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")
        assert Path(file).stem == function


def _paths(controller):
    prefix = controller.path if isinstance(controller.path, str) else ""
    handlers = [getattr(controller, name) for name in dir(controller)]
    parts = [path for handler in handlers if hasattr(handler, "paths") for path in handler.paths]
    return {re.sub(r"{(run_)?(\w+):\w+}", r"{\2}", (prefix + path).rstrip("/")) for path in parts}
