"""`vllm serve`, from its command line to its end."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

from simulator.engine import failures, nodes, startup
from simulator.engine.app import App
from simulator.engine.engine import Engine
from simulator.engine.flags import VERSION, parse
from simulator.engine.http import bind, listen
from simulator.engine.launch import Launch
from simulator.engine.plan import Refused
from simulator.engine.world import World, from_environment

LOADING = (35, 31.0)  # GPU use in percent and watts
CONFIG_ERRORS = (Refused, OSError)


def main(argv: list[str]) -> int:
    """Run the command line; returns the exit code."""
    if argv in (["--version"], ["-v"]):
        sys.stdout.write(f"{VERSION}\n")
        return 0
    if not argv or argv[0] != "serve":
        wrong = f"argument subparser: invalid choice: {argv[0]!r}" if argv else "no command"
        sys.stderr.write(f"usage: vllm [-h] [-v] {{serve}} ...\nvllm: error: {wrong}\n")
        return 2
    world = from_environment()
    _keep(world, argv)
    fault = world.fault("engine", " ".join(argv))
    if fault.name == "libcudart":
        missing = "libcudart.so.12: cannot open shared object file: No such file or directory"
        sys.stderr.write(f"Traceback (most recent call last):\nImportError: {missing}\n")
        return 1
    extra = ["--not-in-this-image"] if fault.name == "unrecognized" else []
    args = parse([*argv[1:], *extra])
    with suppress(asyncio.CancelledError):
        return asyncio.run(_run(Launch(world, args)))
    return 0


def _keep(world: World, argv: list[str]) -> None:
    """Write down the command line, for tests that compare it byte for byte."""
    folder = world.host / "docker"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(argv, ensure_ascii=False)
    (folder / f"last-vllm-argv-{world.container}.json").write_text(text)


async def _run(launch: Launch) -> int:
    """Start, serve until a signal or death, clean up."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
    try:
        return await _life(launch)
    except asyncio.CancelledError:
        launch.api.info("launcher.py:110", "Shutting down FastAPI HTTP server.")
        launch.api.plain("INFO:     Application shutdown complete.")
        raise
    finally:
        launch.world.release()
        if launch.nodes > 1:
            nodes.leave(launch)


async def _life(launch: Launch) -> int:
    if launch.args.headless:
        return await _start(launch, failures.report_worker) or await _follow(launch)
    try:
        # vLLM takes its port first and listens last: until then connections are refused.
        sock = bind(launch.world.address, launch.args.port)
    except OSError as reason:
        failures.report_config(launch, _cause(reason))
        return 1
    with sock:
        return await _start(launch, failures.report_engine) or await _serve(launch, sock)


async def _start(launch: Launch, report: Callable[[Launch, str], None]) -> int:
    """Come up; returns 0, or the exit code of a start that failed and has been reported."""
    try:
        await _before(launch)
        await startup.configure(launch)
    except CONFIG_ERRORS as reason:
        failures.report_config(launch, _cause(reason))
        return 1
    try:
        await _start_engine(launch)
    except Refused as reason:
        report(launch, str(reason))
        return 1
    except TimeoutError:
        failures.report_timeout(launch, startup.ready_timeout())
        return 1
    return 0


async def _before(launch: Launch) -> None:
    """Faults that leave no word in the log."""
    name = launch.fault().name
    if name == "silent-exit":
        os._exit(1)
    if name == "dies-at-start":
        launch.api.info("utils.py:302", "  model   " + launch.args.model_tag)
        await launch.world.pause(1)
        os._exit(1)


async def _start_engine(launch: Launch) -> None:
    """All stages up to a ready engine; raises Refused or TimeoutError."""
    await startup.begin(launch)
    if launch.fault().name == "engine-timeout":
        await launch.world.pause(startup.ready_timeout())
        raise TimeoutError
    if launch.nodes > 1:
        await nodes.meet(launch, startup.ready_timeout())
        await nodes.together(launch, _stages(launch))
    else:
        await _stages(launch)


async def _stages(launch: Launch) -> None:
    launch.world.work(*LOADING)
    for name, stage in startup.STAGES.items():
        if name == "compile" and launch.fault().name == "silent-hang":
            await asyncio.Event().wait()
        await stage(launch)
    launch.world.rest()


async def _follow(launch: Launch) -> int:
    """A headless rank works until the head is gone."""
    await nodes.parted(launch)
    launch.worker.error("multiproc_executor.py:598", "Connection closed by peer; head is gone.")
    return 1


async def _serve(launch: Launch, sock: socket.socket) -> int:
    """Listen and answer; ends when the engine is dead and the fault wants the process gone."""
    engine = Engine(launch)
    key = os.environ.get("VLLM_API_KEY")
    app = App(engine, [*(launch.args.api_key or []), *([key] if key else [])])
    server = await listen(app, sock)
    _announce(launch, app)
    watches: list[Callable[[Engine], Awaitable[None]]] = [_doom, Engine.chatter]
    if launch.nodes > 1:
        watches.append(_peer)
    tasks = [asyncio.ensure_future(watch(engine)) for watch in watches]
    try:
        await tasks[0]
    finally:
        for task in tasks:
            task.cancel()
        server.close()
    return 1


def _announce(launch: Launch, app: App) -> None:
    """The last lines of a start."""
    where = f"http://{launch.args.host or '0.0.0.0'}:{launch.args.port}"  # noqa: S104
    launch.api.info("api_server.py:599", f"Starting vLLM server on {where}")
    launch.api.info("launcher.py:37", "Available routes are:")
    for path, methods in app.routes.items():
        launch.api.info("launcher.py:46", f"Route: {path}, Methods: {methods}")
    launch.api.plain("INFO:     Application startup complete.")
    launch.api.plain(f"INFO:     Uvicorn running on {where} (Press CTRL+C to quit)")


async def _doom(engine: Engine) -> None:
    """Kill the engine when `dies-after-ready` says; returns when the process is to end too."""
    launch = engine.launch
    while True:
        fault = launch.fault()
        if fault.name == "dies-after-ready" and not engine.dead:
            await launch.world.pause(fault.number("seconds", 0))
            cause = "Worker proc VllmWorker-0 died unexpectedly (exit code: -9)"
            launch.core.error("multiproc_executor.py:314", f"{cause}, shutting down executor.")
            engine.die("RuntimeError: cancelled")
            if "exits" in (*fault.words, fault.setting("then")):
                return
        await asyncio.sleep(0.05)


async def _peer(engine: Engine) -> None:
    """The engine dies with its other half."""
    await nodes.parted(engine.launch)
    cause = "Worker proc VllmWorker-1 died unexpectedly (exit code: None), shutting down executor."
    engine.launch.core.error("multiproc_executor.py:314", cause)
    engine.die("RuntimeError: cancelled")


def _cause(reason: Exception) -> str:
    """`OSError: text`, as a traceback ends; Refused carries its own class name."""
    return str(reason) if isinstance(reason, Refused) else f"{type(reason).__name__}: {reason}"
