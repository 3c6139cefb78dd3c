"""What may be done without asking: how often a service is restarted, and what guards a host's memory."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_FORM = ConfigDict(extra="ignore", frozen=True)


class RestartPolicy(BaseModel):
    """How often a service that failed its deep check is restarted before it is left to a person."""

    model_config = _FORM

    grace_seconds: int = Field(
        default=60, ge=0, le=7200, description="A service that started so recently is given time"
    )
    cooldown_seconds: int = Field(default=120, ge=0, le=86400, description="Least time between two restarts")
    at_most: int = Field(default=3, ge=0, le=100, description="Restarts within the window; 0: never")
    window_seconds: int = Field(default=1800, ge=1, le=7 * 86400)


class MemoryGuard(BaseModel):
    """What happens before a host runs out of memory and freezes."""

    model_config = _FORM

    floor_gib: float = Field(
        default=4.0, ge=0, le=64, description="Available memory below this is an alert; 0: no guard"
    )
    fall_gib_per_second: float = Field(
        default=2.0,
        ge=0,
        le=64,
        description="Falling faster than this towards the floor is one; 0: no matter",
    )
    action: Literal["alert", "drop_caches", "stop_engine"] = Field(
        default="alert",
        description="What is done beside telling: nothing, drop the page cache, or stop the engine",
    )
