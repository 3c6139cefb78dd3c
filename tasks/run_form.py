"""The fields that the run forms in Prefect's UI share: what they are called, and what they take."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from blocks.words import Plain


def titled(title: str) -> Any:
    """
    What a field is called in the form.

    Prefect names each field after its parameter, over any `Field(title=…)`; what is in `json_schema_extra`
    is added to the field's schema after that (`process_v2_params` of Prefect 3.8.8).
    """
    return Field(json_schema_extra={"title": title})


def internal(title: str) -> Any:
    """The same for a field that is filled in by Spark Control itself."""
    return titled(f"(internal) {title}")


DryRun = Annotated[bool, titled("Only make the plan")]
Approval = Annotated[Literal["none", "ask"], titled("Ask before acting")]
Reason = Annotated[Plain, titled("Reason")]
LockPass = Annotated[str, internal("Pass of the lock's holder")]

NameOrBlank = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9._-]{0,62})?$")]
"""A name, or blank; one plain string, since the form shows alternatives as a choice between types."""
