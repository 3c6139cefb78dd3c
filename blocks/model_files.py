"""What a model's own files say, read without trusting their types (pure)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LARGEST = 10**9
"""No size in a config is larger; a number beyond it is a broken file, not a size."""

INNER = ("text_config", "llm_config", "language_config", "thinker_config")
"""Where models that also see or hear keep the sizes of their language part (spark-tools.md 3.4)."""


@dataclass(frozen=True)
class ModelFiles:
    """
    The files of one model that decide how it is launched.

    Attributes:
        config: config.json.
        quant: hf_quant_config.json; None when there is none (newer exports keep it in config.json).
        chat_template: The template's text, from its own file or from tokenizer_config.json.
        weights_bytes: Sum of the weight files.
        files: Names of all files, relative to the model's folder.
    """

    config: Mapping[str, Any]
    quant: Mapping[str, Any] | None = None
    tokenizer_config: Mapping[str, Any] | None = None
    chat_template: str | None = None
    weights_bytes: int = 0
    files: tuple[str, ...] = ()

    @property
    def template(self) -> str | None:
        """The chat template; None when no file holds one."""
        if isinstance(self.chat_template, str):
            return self.chat_template
        held = mapping(self.tokenizer_config).get("chat_template")
        if isinstance(held, list):
            held = "\n".join(str(mapping(entry).get("template", "")) for entry in held)
        return held if isinstance(held, str) else None


def files_from(texts: Mapping[str, str], sizes: Mapping[str, int]) -> ModelFiles:
    """The files of a model from the text of its settings and the sizes of all, both by name in its folder."""
    settings = {name: _document(text) for name, text in texts.items()}
    held = mapping(settings.get("chat_template.json")).get("chat_template")
    template = texts.get("chat_template.jinja") or held
    return ModelFiles(
        config=mapping(settings.get("config.json")),
        quant=settings.get("hf_quant_config.json"),
        tokenizer_config=settings.get("tokenizer_config.json"),
        chat_template=template if isinstance(template, str) else None,
        weights_bytes=weights_in(sizes),
        files=tuple(sizes),
    )


def weights_in(sizes: Mapping[str, int]) -> int:
    """Bytes of the weights vLLM loads: those at the top of the folder, not a second copy in another form."""
    top = {name: max(size, 0) for name, size in sizes.items() if "/" not in name}
    safe = {name: size for name, size in top.items() if name.endswith(".safetensors")}
    shards = {name: size for name, size in safe.items() if not name.startswith("consolidated")}
    older = {name: size for name, size in top.items() if name.endswith((".bin", ".pt", ".pth"))}
    return sum((shards or safe or older).values())


@dataclass(frozen=True)
class Machine:
    """The cluster a model is to run on: memory of one host (MemTotal, bytes), and how many hosts."""

    memory_total_bytes: int
    hosts: int = 1


@dataclass(frozen=True)
class ModelConfig:
    """config.json: the language part's value of a key first, then the outer one."""

    outer: Mapping[str, Any]
    text: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outer", mapping(self.outer))
        object.__setattr__(self, "text", _language_part(self.outer))

    @property
    def architecture(self) -> str:
        """The first of `architectures`; blank when there is none."""
        named = self.outer.get("architectures")
        return named[0] if isinstance(named, list) and named and isinstance(named[0], str) else ""

    @property
    def model_type(self) -> str:
        """`model_type` of the outer config; blank when there is none."""
        named = self.outer.get("model_type")
        return named if isinstance(named, str) else ""

    def get(self, key: str) -> Any:
        """The raw value; None when absent."""
        found = self.text.get(key)
        return self.outer.get(key) if found is None else found

    def number(self, *keys: str, default: int = 0) -> int:
        """The first of the keys that holds a whole number above zero."""
        for key in keys:
            if found := whole(self.get(key)):
                return found
        return default

    def words(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty when it is anything else."""
        found = self.get(key)
        good = isinstance(found, list) and all(isinstance(word, str) for word in found)
        return tuple(found) if good else ()

    def part(self, key: str) -> Mapping[str, Any]:
        """A mapping within the outer config, as vision_config; empty when absent."""
        return mapping(self.outer.get(key))


def mapping(value: Any) -> Mapping[str, Any]:
    """The value when it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def whole(value: Any) -> int:
    """A whole number between 1 and LARGEST; 0 for anything else (also true and false)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= LARGEST:
        return 0
    return int(value) if value == int(value) else 0


def _document(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _language_part(outer: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in INNER:
        if inner := mapping(mapping(outer).get(key)):
            return mapping(inner.get("text_config")) or inner
    return {}
