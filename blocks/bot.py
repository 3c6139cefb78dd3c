"""The bot: a Docker Compose project in a git checkout on a host, with an SSH user of its own."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from blocks.cluster import Cluster, Host
from blocks.words import Name, Path, User

Branch = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_-]|[./][A-Za-z0-9_-])*$", max_length=128)
]
FileName = Annotated[str, StringConstraints(pattern=r"^(|[A-Za-z0-9][A-Za-z0-9._-]{0,127})$")]

BOT = "bot/state"
"""Subject of the ledger: the bot as it was last looked at."""

NO_BOT = "there is no bot: name its SSH user in the settings (block Bot) to have one"


class Bot(BaseModel):
    """Where the bot is and who drives it; without a user there is none."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    host: Name | None = None
    user: User | None = None
    key_path: Path | None = None
    directory: Path = Field(default="~/bot")
    branch: Branch = "main"
    compose_file: FileName = ""

    def place(self, cluster: Cluster) -> Host:
        """Its host as its own user reaches it; `LookupError` when there is no bot or no such host."""
        if self.user is None or not cluster.hosts:
            raise LookupError(NO_BOT)
        host = cluster.host(self.host) if self.host else cluster.hosts[-1]
        return host.model_copy(update={"user": self.user, "key_path": self.key_path or host.key_path})
