"""Names of collections: what one may be, and how it stands in a path (pure)."""

import re
from urllib.parse import quote

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff/\\<>:\"|?*%#]")
"""What Qdrant refuses itself, and whatever could end a path's part or be decoded a second time."""

LONGEST = 255


def fault_of_name(name: str) -> str:
    """Why this cannot be a collection's name, in plain words; blank: it can."""
    if not name or len(name.encode("utf-8", "surrogatepass")) > LONGEST:
        return f"a collection's name has 1 to {LONGEST} bytes"
    if name in (".", "..") or _UNFIT.search(name):
        return r"a collection's name holds no control character, quotation mark or any of / \ < > : | ? * % #"
    return ""


def collection_path(name: str, rest: str = "") -> str:
    """
    The path of a collection, or of what is below it.

    Args:
        name: Encoded here; `ValueError` when it cannot be one.
        rest: Such as '/points/query'.
    """
    if fault := fault_of_name(name):
        raise ValueError(fault)
    return f"/collections/{quote(name, safe='')}{rest}"
