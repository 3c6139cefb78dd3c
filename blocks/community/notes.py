"""What reading or writing a community file comes to, and what is said of the parts that were left out."""

from dataclasses import dataclass

from blocks.recipe import Recipe


@dataclass(frozen=True)
class NotHonoured:
    """
    Something a file asks for that does not happen.

    Attributes:
        field: Where it stands in the file: `build_args`, or `command` for a flag of its command.
        why: In plain words what it is and what happens in its place.
    """

    field: str
    why: str


@dataclass(frozen=True)
class Read:
    """A recipe, and everything of its file that it does not hold."""

    recipe: Recipe
    not_honoured: tuple[NotHonoured, ...] = ()


@dataclass(frozen=True)
class Written:
    """The text of a file, and everything of its recipe that the other launcher will not do."""

    text: str
    not_honoured: tuple[NotHonoured, ...] = ()


class CannotRead(Exception):
    """A file makes no recipe; `field` says where, the message why."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class CannotWrite(Exception):
    """A recipe cannot be said in the community's format."""
