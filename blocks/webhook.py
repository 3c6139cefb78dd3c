"""The webhooks: who is told what happens."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, HttpUrl, SecretStr

from blocks.words import Name

EVENTS = (
    "swap_started", "swap_complete", "swap_failed", "swap_rolled_back", "service_restarted",
    "service_exhausted", "host_down", "host_up", "test",
)  # fmt: skip

_FORM = ConfigDict(extra="ignore", frozen=True)


class Target(BaseModel):
    """One address that is told."""

    model_config = _FORM

    name: Name
    url: HttpUrl = Field(description="Called with POST")
    events: list[str] = Field(default_factory=list, description="Names of events; none: every one")


def _secrets(raw: object) -> object:
    """Values that are no text are dropped without a word of them: they may be secrets."""
    return (
        {str(name): value for name, value in raw.items() if isinstance(value, str)}
        if isinstance(raw, dict)
        else {}
    )


class Webhook(BaseModel):
    """
    Who is told what happens; nobody while there is no URL.

    Attributes:
        url, secret: One target without more ado, which is called 'webhook'.
        targets, secrets: More of them, and their secrets by name.
        allow_public: Addresses that are not on the LAN are called as well.
    """

    model_config = _FORM

    url: HttpUrl | None = Field(default=None, description="Called with POST")
    secret: SecretStr = Field(default=SecretStr(""), description="Signs the time stamp and the body")
    targets: list[Target] = Field(default_factory=list, max_length=20)
    secrets: Annotated[dict[str, SecretStr], BeforeValidator(_secrets)] = Field(default_factory=dict)
    allow_public: bool = False


DEFAULT_TARGET = "webhook"


def every_target(webhook: Webhook) -> list[Target]:
    """The one of `url` first, then the others; of two with the same name the first counts."""
    first = [Target(name=DEFAULT_TARGET, url=webhook.url)] if webhook.url else []
    return list({target.name: target for target in reversed([*first, *webhook.targets])}.values())[::-1]


def secret_of(webhook: Webhook, target: str) -> str:
    """What signs the calls of a target; blank: they are not signed."""
    if target == DEFAULT_TARGET and webhook.url:
        return webhook.secret.get_secret_value()
    secret = webhook.secrets.get(target)
    return secret.get_secret_value() if secret else ""
