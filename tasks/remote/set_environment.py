"""Sets variables in a file of NAME=value lines, as pam_env reads it; its first state is kept."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

GIVEN: dict[str, Any]  # file, values by name, on_path: a folder that comes first on the PATH

USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LINE = re.compile(r"\s*(?:export\s+)?(\w+)=(.*)")


def main() -> None:
    """Write the file anew beside the old one, then put it in its place; nothing when all is well."""
    file = Path(GIVEN["file"])
    before = file.read_text() if file.exists() else ""
    wanted = dict(GIVEN["values"])
    path = next((found[2].strip("\"' ") for found in _lines(before) if found[1] == "PATH"), USUAL_PATH)
    folders = [folder for folder in path.split(":") if folder != GIVEN["on_path"]]
    wanted["PATH"] = ":".join([GIVEN["on_path"], *folders])
    after = _with(before, wanted)
    if after == before:
        return
    kept = file.with_name(f"{file.name}.before-spark-control")
    if file.exists() and not kept.exists():
        shutil.copy2(file, kept)
    new = file.with_name(f".{file.name}.new")
    new.write_text(after)
    new.chmod(0o644)
    os.replace(new, file)


def _lines(text: str) -> list[re.Match[str]]:
    return [found for found in map(LINE.match, text.splitlines()) if found]


def _with(text: str, wanted: dict[str, str]) -> str:
    """The text with each variable once, where it stood first, or at the end."""
    lines, left = [], dict(wanted)
    for line in text.splitlines():
        found = LINE.match(line)
        if found is None or found[1] not in wanted:
            lines.append(line)
        elif found[1] in left:
            lines.append(f'{found[1]}="{left.pop(found[1])}"')
    lines += [f'{name}="{value}"' for name, value in left.items()]
    return "\n".join(lines) + "\n"


main()
