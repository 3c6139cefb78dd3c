"""/api/settings: every block of settings with its values, defaults and words, and changing them."""

from typing import Annotated, Any

from litestar import Controller, Request, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody

from blocks.own_settings import Change, Wish
from blocks.setting_fields import BlockView
from gateway.keys import Keys
from gateway.own_settings import OwnSettings
from gateway.watch import Watch
from gateway.who import who_asks

IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", required=False)]


class SettingsApi(Controller):
    """Settings."""

    path = "/api/settings"
    tags = ("settings",)

    @get("/")
    async def show(
        self, own_settings: NamedDependency[OwnSettings], watch: NamedDependency[Watch]
    ) -> dict[str, Any]:
        """Every block as Prefect has it now; secrets are stars: `{"blocks": […], "problems": […]}`."""
        blocks: list[BlockView] = await own_settings.show()
        return {"blocks": blocks, "problems": list(watch.settings.problems)}

    @put("/{block:str}")
    async def change(
        self,
        request: Request[Any, Any, Any],
        block: FromPath[str],
        data: JSONBody[dict[str, Any]],
        own_settings: NamedDependency[OwnSettings],
        keys: NamedDependency[Keys],
        if_match: IfMatch = None,
    ) -> Change:
        """
        Change some fields of a block: the body is `{field: value}`, null for the default, stars for as it is.

        With the block's `version` in `If-Match`, 409 when somebody else has changed it since it was read.
        """
        version = if_match.strip('" ') if if_match and if_match.strip() != "*" else None
        return await own_settings.change(Wish(block, data, version, who_asks(request, keys)))
