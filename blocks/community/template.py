"""The command of a community file: its placeholders filled in, and its words as bash would make them."""

import json
import re
import shlex
import string
from collections.abc import Mapping
from typing import Any

from blocks.community.notes import CannotRead
from blocks.flags import value_of

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")
_CONTINUED = re.compile(r"\\[ \t]*\n|\\\s*$")
_COMMENTS_AROUND = re.compile(r"\A(\s*#[^\n]*\n)+|(\n[ \t]*(#[^\n]*)?)+\Z")
_SHELL = {
    "|": "a pipe or list",
    "&": "a list or background command",
    ";": "a second command",
    "\n": "a second command",
    "<": "a redirection",
    ">": "a redirection",
    "(": "a subshell",
    ")": "a subshell",
    "$": "a variable or substitution",
    "`": "a substitution",
    "*": "a file pattern",
    "?": "a file pattern",
    "{": "braces outside quotes",
    "~": "the home folder",
    "#": "a comment",
}
_INSIDE_QUOTES = "$`"
_AT_THE_BEGINNING = "~#"


def fill_doubled(template: str, values: Mapping[str, Any]) -> str:
    """
    A template of recipe version 1: `{name}`, and doubled braces for literal ones (`str.format`).

    Raises:
        CannotRead: A placeholder has no value or is more than a name.
    """
    filled = []
    try:
        for text, name, spec, conversion in string.Formatter().parse(template):
            filled.append(text)
            if name is None:
                continue
            if not name.isidentifier() or spec or conversion:
                raise CannotRead("command", f"the placeholder {{{name}}} is more than a name")
            filled.append(_value(name, values))
    except ValueError as error:
        raise CannotRead("command", f"its braces do not match: {error}") from None
    return "".join(filled)


def fill_plain(template: str, values: Mapping[str, Any]) -> str:
    """
    A template of sparkrun's version 2: `{name}`, also in values; other braces stand as they are.

    A template with doubled braces keeps to version 1, which sparkrun still reads.
    """
    doubled = "{{" in template
    for _ in range(10):
        filled = _PLACEHOLDER.sub(lambda found: _value(found[1], values), template)
        if filled == template:
            break
        template = filled
    return template.replace("{{", "{").replace("}}", "}") if doubled else template


def words_of(command: str) -> list[str]:
    """
    The words of one simple command.

    Raises:
        CannotRead: It is more than that; the part of the shell's language is named.
    """
    text = _CONTINUED.sub(" ", _COMMENTS_AROUND.sub("", command)).strip()
    _refuse_shell(text)
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise CannotRead("command", f"it cannot be taken apart: {error}") from None
    return [_on_one_line(word) for word in words]


def _value(name: str, values: Mapping[str, Any]) -> str:
    if name not in values or values[name] is None:
        raise CannotRead("command", f"the placeholder {{{name}}} has no value under defaults")
    return str(values[name])


def _refuse_shell(text: str) -> None:
    quote, at = "", 0
    while at < len(text):
        letter = text[at]
        if letter == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if letter == quote else quote
            if quote == '"' and letter in _INSIDE_QUOTES:
                _refuse(text, at)
        elif letter in "'\"":
            quote = letter
        elif letter in _SHELL and (letter not in _AT_THE_BEGINNING or text[at - 1].isspace()):
            _refuse(text, at)
        at += 1


def _refuse(text: str, at: int) -> None:
    around = " ".join(text[max(0, at - 20) : at + 20].split())
    raise CannotRead("command", f"it uses {_SHELL[text[at]]} of the shell, which is not read (at: {around})")


def _on_one_line(word: str) -> str:
    """JSON may be written over several lines; an argument may not."""
    value = value_of(word)
    return json.dumps(value, separators=(",", ":")) if "\n" in word and isinstance(value, dict) else word
