"""Scripts that run on a host, given to its bash or python3 by stdin; they look and change nothing."""

from importlib.resources import files


def script(name: str) -> str:
    """The text of a script of this folder."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
