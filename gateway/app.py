"""The wiring of the gateway, read top to bottom."""

import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from socket import socket

from gateway.audio.sound import Decoder
from gateway.audio.speech_service import SpeechService
from gateway.audio.transcriber import Transcriber
from gateway.auto_swap import AutoSwap
from gateway.catalog import OwnCatalog
from gateway.changes import Changes
from gateway.connectivity import Connectivity
from gateway.control_api import control_api
from gateway.edge.asgi import Asgi
from gateway.edge.limits import Limits
from gateway.edge.server import Server
from gateway.explain import Explain
from gateway.front import Front
from gateway.inside import Inside
from gateway.keys import Keys
from gateway.models import Models
from gateway.next_swap import Rules
from gateway.operations import RunList
from gateway.options import Options
from gateway.own_settings import OwnSettings
from gateway.prefect_api import PrefectApi
from gateway.proxy import Proxy
from gateway.rate import Rate
from gateway.records import Records
from gateway.redaction.lan import Lan
from gateway.redaction.lan_finder import LanFinder
from gateway.redaction.outside import Outside
from gateway.redaction.redaction import Redaction
from gateway.relay import Relay
from gateway.search.search import Search
from gateway.service_list import ServiceList
from gateway.service_logs import ServiceLogs
from gateway.speech import MagpieSpeech
from gateway.speeds import Speeds
from gateway.stream import Streams
from gateway.swaps import Swaps
from gateway.telemetry.access_log import AccessLog
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.telemetry import Telemetry
from gateway.traffic import Traffic, resting
from gateway.turns import Turns
from gateway.upstream_pool import Pool
from gateway.upstreams import Upstreams
from gateway.watch import Watch
from gateway.wedge import Wedge

_COLLECT = (20_000, 20, 20)
"""Objects of some 600 requests under way before the collector looks for cycles: a sixth less work each."""


class Gateway:
    """The gateway's parts, wired."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._server: Server | None = None
        self._pool = pool = Pool()
        self._records = records = Records(options.ledger_url)
        self._prefect = prefect = PrefectApi(options.prefect_url, options.prefect_ui_url)
        self._telemetry = telemetry = Telemetry(Metrics(), AccessLog(options.access_log))
        keys, turns = Keys(records), Turns()
        self._watch = watch = Watch(records, pool, keys, turns)
        models = Models(records, watch)
        self._swaps = swaps = Swaps(records, prefect, models)
        rules = Rules(options.least_stay_seconds, options.longest_wait_seconds)
        self._auto_swap = auto_swap = (
            AutoSwap(models, swaps, watch, turns, rules) if options.auto_swap else None
        )
        self._wedge = wedge = Wedge(prefect, why_not=resting(records, watch))
        self._traffic = Traffic(records, watch, turns, swaps, wedge)
        self._speeds = speeds = Speeds(records, watch)
        telemetry.also = (self._traffic.finished, speeds.finished)
        self._connectivity = Connectivity(records, watch, prefect)
        upstreams = Upstreams(watch, models, swaps, auto_swap, options.hold_seconds)
        self._streams = streams = Streams(records, swaps)
        self._relay = relay = Relay(pool, upstreams, turns, wedge, options)
        own_settings = OwnSettings(records, watch)
        self._changes = changes = Changes(Inside(lambda: self._control))
        self._lan = lan = Lan(options.redaction, lambda: watch.loaded)
        finder = LanFinder(
            lan,
            options.redaction.lan_finder_seconds,
            lambda: bool(watch.loaded) and not upstreams.is_leaving(),
        )
        self._redaction = redaction = Redaction(options.redaction, finder)
        self._outside = outside = Outside(options.redaction, redaction)
        self._speech_service, self._search = speech, search = (
            SpeechService(watch, turns, wedge, options.audio.answer_seconds),
            Search(watch, turns, wedge),
        )
        self._control = control_api(
            watch=watch, models=models, swaps=swaps, streams=streams, records=records, keys=keys,
            prefect=prefect, options=options, telemetry=telemetry, turns=turns,
            own_catalog=OwnCatalog(records, watch), own_settings=own_settings,
            service_list=ServiceList(own_settings),
            service_logs=ServiceLogs(records, swaps, streams, prefect),
            explain=Explain(upstreams, pool, turns), connectivity=self._connectivity,
            reports=Rate(burst=30, seconds=2.0), connections=self._count_connections, redaction=redaction,
            outside=outside, lan=lan, changes=changes, run_list=RunList(records, prefect), speeds=speeds,
            speech_service=speech, transcriber=Transcriber(speech, options.audio), decoder=Decoder(),
            search=search,
        )  # fmt: skip
        proxy = Proxy(upstreams, relay, MagpieSpeech(relay), options)
        self._front = Front(proxy, Asgi(self._control), keys, telemetry, options)

    async def serve(
        self,
        until: Coroutine[None, None, None],
        sock: socket | None = None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Serve until told to stop; then running answers get their time.

        Args:
            until: Ends when the gateway is to stop.
            sock: Listen on this one, not on the address of the options.
            on_ready: Called as soon as connections are taken.
        """
        options = self._options
        async with self._running():
            limits = Limits(stall_seconds=options.stall_seconds, connections=options.max_connections)
            self._server = server = Server(
                self._front, limits, on_tick=self._relay.tick, on_stop=self._relay.tell_all
            )
            await (server.listen_on(sock) if sock else server.listen(options.host, options.port))
            self._lan.address = sock.getsockname()[:2] if sock else (options.host, options.port)
            gc.collect()
            gc.freeze()  # what is there now stays: the collector need not walk it again under load
            gc.set_threshold(*_COLLECT)
            on_ready()
            await until
            self._streams.close()
            self._changes.close()
            await server.stop(options.drain_seconds)

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        """Watch upstreams, settings and swaps until the block ends."""
        async with (
            self._control.lifespan(),
            self._watch.watching(),
            self._swaps.watching(),
            self._traffic.watching(),
            self._speeds.watching(),
            self._connectivity.watching(),
        ):
            yield
            if self._auto_swap is not None:
                await self._auto_swap.close()
            await self._wedge.close()
        await self._outside.close()
        await self._speech_service.close()
        await self._search.close()
        await self._lan.close()
        await self._redaction.close()
        self._pool.close()
        await self._prefect.close()
        self._records.close()
        self._telemetry.close()

    def _count_connections(self) -> int:
        return self._server.connections if self._server else 0
