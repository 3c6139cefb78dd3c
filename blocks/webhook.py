"""The webhook that is called when a swap has ended."""

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr


class Webhook(BaseModel):
    """Where to tell that a swap completed or failed; nowhere while the URL is blank."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    url: HttpUrl | None = Field(default=None, description="Called with POST on swap_complete and swap_failed")
    secret: SecretStr = Field(
        default=SecretStr(""), description="Signs the body: X-Spark-Signature: sha256=HMAC"
    )
