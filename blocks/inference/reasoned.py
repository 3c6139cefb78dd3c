"""One inferred value, and where it comes from."""

from dataclasses import dataclass
from typing import Literal

Confidence = Literal["sure", "likely", "guess"]
ON = "on"
"""The value of a flag that takes none."""


@dataclass(frozen=True)
class Reasoned:
    """
    One value of an inferred recipe.

    Attributes:
        field: A flag of vLLM (--max-model-len), a variable of the environment, a field of the recipe,
            or a fact about the model (family, quantization).
        value: `on` for a flag without value; blank when it is left unset on purpose.
        source: The file and key it was read from.
        reason: Why, in a sentence a person who does not program understands.
    """

    field: str
    value: str
    source: str
    confidence: Confidence
    reason: str

    @property
    def args(self) -> tuple[str, ...]:
        """The arguments of vllm serve it stands for; none for a fact or an unset flag."""
        if not self.field.startswith("--") or not self.value:
            return ()
        return (self.field,) if self.value == ON else (self.field, self.value)
