"""The probe of Qdrant: it is ready, and searches one of its collections (pure)."""

from typing import Any
from urllib.parse import quote

from tasks.probes.probe import Ask, Failing, Probe, require_good


def search() -> Probe:
    """Readiness, the collections, and a search in the first of them, if there is one."""
    require_good((yield Ask("/readyz")), "/readyz")
    listed = yield Ask("/collections")
    require_good(listed, "/collections")
    name = _first(listed.data)
    if name is None:
        return "it is ready and has no collections"
    path = f"/collections/{quote(name, safe='')}"
    shown = yield Ask(path)
    if shown.status == 404:
        return "it is ready; the collection was dropped just now"
    require_good(shown, path)
    found = yield Ask(f"{path}/points/query", "POST", json=question(shown.data))
    require_good(found, f"{path}/points/query")
    if not isinstance(found.data, dict) or not isinstance(found.data.get("result"), dict):
        raise Failing(f"its answer to a search is none: {found.said}")
    return f"it searched the collection {name}"


def question(collection: Any) -> dict[str, Any]:
    """A search that suits a collection: by a dense vector where it has one, else for any point."""
    sizes = _sizes(collection)
    if not sizes:
        return {"limit": 1}
    name, size = next(iter(sizes.items()))
    near = {"query": [0.1] * size, "limit": 1}
    return {**near, "using": name} if name else near


def _first(data: Any) -> str | None:
    """The name of the first collection."""
    result = data.get("result") if isinstance(data, dict) else None
    listed = result.get("collections") if isinstance(result, dict) else None
    if not isinstance(listed, list):
        raise Failing("its list of collections cannot be read")
    names = [item.get("name") for item in listed if isinstance(item, dict)]
    return next((name for name in names if isinstance(name, str)), None)


def _sizes(collection: Any) -> dict[str, int]:
    """Sizes of the dense vectors by name; the name of the only one may be blank."""
    try:
        vectors = collection["result"]["config"]["params"]["vectors"]
    except (KeyError, TypeError):
        return {}
    if not isinstance(vectors, dict):
        return {}
    named = {"": vectors} if "size" in vectors else vectors
    sizes = {name: kind.get("size") for name, kind in named.items() if isinstance(kind, dict)}
    return {name: size for name, size in sizes.items() if isinstance(size, int) and 0 < size <= 65_536}
