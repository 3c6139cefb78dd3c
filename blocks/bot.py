"""The bot: a Docker Compose project in a git checkout on a host, with an SSH user of its own."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from blocks.words import Name, Path, User

Branch = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_-]|[./][A-Za-z0-9_-])*$", max_length=128)
]
FileName = Annotated[str, StringConstraints(pattern=r"^(|[A-Za-z0-9][A-Za-z0-9._-]{0,127})$")]


class Bot(BaseModel):
    """Where the bot is and who drives it; without a user there is none."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    host: Name | None = None
    user: User | None = None
    key_path: Path | None = None
    directory: Path = Field(default="~/bot")
    branch: Branch = "main"
    compose_file: FileName = ""
