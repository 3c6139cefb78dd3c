"""One SSH exec request: a real bash in the host's home folder, its streams passed through as they come."""

from __future__ import annotations

import asyncio
import contextlib
import os
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from signal import Signals

import asyncssh

from simulator.environment import fault, home_of, host_environment
from simulator.processes import group, ignores, send

CHUNK = 65_536
MERCY_SECONDS = 10.0  # for a trap on SIGHUP, before SIGKILL
LOOK_SECONDS = 0.1  # how often the faults are looked at

Channel = asyncssh.SSHServerProcess[bytes]


async def serve(channel: Channel, host: Path, scale: str, address: str, user: str) -> None:
    """Run the channel's command, or bash on its input when there is none."""
    await _misbehave(host)
    command = ["-c", channel.command] if channel.command is not None else []
    wishes = {name: value for name, value in channel.env.items() if name.startswith("LC_")}
    # Whoever started the simulator may ignore SIGHUP (nohup); a command of sshd never begins so.
    process = await asyncio.create_subprocess_exec(
        "env", "--default-signal=HUP", "bash", *command, stdin=PIPE, stdout=PIPE, stderr=PIPE,
        start_new_session=True, cwd=home_of(host, user),
        env=wishes | host_environment(host, scale, address, user),
    )  # fmt: skip
    feeding = asyncio.ensure_future(_feed(channel, process))
    running = asyncio.ensure_future(_finish(channel, process))
    leaving = asyncio.ensure_future(channel.wait_closed())
    cutting = asyncio.ensure_future(_cut(channel, host))
    await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
    for task in (feeding, cutting, leaving):
        task.cancel()
    if not running.done():
        running.cancel()
        await _hang_up(process)


async def _finish(channel: Channel, process: Process) -> None:
    """Pass the output on to its end, then tell how the command ended, as sshd does."""
    assert process.stdout  # noqa: S101 - PIPE was asked for
    assert process.stderr  # noqa: S101
    with contextlib.suppress(OSError, asyncssh.Error):
        await asyncio.gather(
            _pass_on(process.stdout, channel.stdout), _pass_on(process.stderr, channel.stderr)
        )
    status = await process.wait()
    with contextlib.suppress(OSError, asyncssh.Error):
        if status < 0:
            channel.exit_with_signal(Signals(-status).name.removeprefix("SIG"))
        else:
            channel.exit(status)
        await channel.wait_closed()


async def _pass_on(source: asyncio.StreamReader, target: asyncssh.SSHWriter[bytes]) -> None:
    while data := await source.read(CHUNK):
        target.write(data)
        await target.drain()


async def _feed(channel: Channel, process: Process) -> None:
    """The client's input to the command; its signals to the command's group."""
    assert process.stdin  # noqa: S101 - PIPE was asked for
    while True:
        try:
            data = await channel.stdin.read(CHUNK)
        except asyncssh.SignalReceived as received:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, Signals[f"SIG{received.signal}"])
            continue
        except (asyncssh.BreakReceived, asyncssh.TerminalSizeChanged):
            continue
        if not data:
            break
        with contextlib.suppress(OSError):
            process.stdin.write(data)
            await process.stdin.drain()
    process.stdin.close()


async def _hang_up(process: Process) -> None:
    """The client is gone: SIGHUP, then SIGKILL to what neither left the group nor ignores SIGHUP."""
    for number in (Signals.SIGHUP, Signals.SIGKILL):
        for pid in group(process.pid):
            if not ignores(pid, Signals.SIGHUP):
                send(pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), MERCY_SECONDS)
    if process.stdin:
        process.stdin.close()


async def _misbehave(host: Path) -> None:
    """Faults that hold a command back."""
    while fault("ssh-hang", host) is not None:  # noqa: ASYNC110 - a file tells no event
        await asyncio.sleep(LOOK_SECONDS)
    await asyncio.sleep(float(fault("ssh-slow", host) or 0))


async def _cut(channel: Channel, host: Path) -> None:
    """Fault: the connection breaks a number of seconds after this command began, once."""
    seconds = fault("ssh-cut", host)
    if seconds is None:
        return
    (host / "faults" / "ssh-cut").unlink(missing_ok=True)
    await asyncio.sleep(float(seconds or 0))
    channel.channel.get_connection().abort()
