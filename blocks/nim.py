"""NIM containers: NVIDIA's images, and the key for their registry."""

from pydantic import BaseModel, ConfigDict, SecretStr


class NgcKey(BaseModel):
    """The key for nvcr.io; blank: none."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    key: SecretStr = SecretStr("")
