"""The process between docker and a container's PID 1, as containerd's shim: it outlives the SSH session."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time

from simulator.docker.inside import environment, find_program, translate
from simulator.docker.logs import Recorder
from simulator.docker.store import Container, NotStarted, now
from simulator.environment import scaled
from simulator.memory import note_the_dead
from simulator.processes import Signal, alive, catches, end, send, started

GRACE_SECONDS = 10  # between `docker stop`'s SIGTERM and SIGKILL
FORWARDED = (Signal.SIGTERM, Signal.SIGINT, Signal.SIGHUP)
LONGEST_PAUSE = 60  # seconds between restarts


def launch(one: Container, *, stdin: bool = False) -> int:
    """Start a container; returns its shim's process id once PID 1 runs. Raises NotStarted."""
    answer, ready = os.pipe()
    shim = os.fork()
    if not shim:
        os.close(answer)
        _become_shim(one, ready, stdin=stdin)
    os.close(ready)
    said = b"".join(iter(lambda: os.read(answer, 4096), b"")).decode()
    os.close(answer)
    if said != "started":
        os.waitpid(shim, 0)
        raise NotStarted(said)
    return shim


def stop(one: Container, grace: float) -> None:
    """SIGTERM to PID 1, SIGKILL to everything `grace` seconds later; returns when all is over."""
    state = one.state
    if not state.get("Running"):
        return
    (one.folder / "grace").write_text(str(grace))
    send(state["ShimPid"], Signal.SIGUSR1)
    while alive(state["ShimPid"], state["ShimStarted"]):
        time.sleep(0.01)


def _become_shim(one: Container, ready: int, *, stdin: bool) -> None:
    """The child's side of the fork: away from the session and its pipes; never returns."""
    status = 255
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2) if stdin else (0, 1, 2):
            os.dup2(nothing, stream)
        shim = Shim(one, ready)
        try:
            status = shim.serve()
        except OSError as error:
            shim.answer(f"failed to start container: {error}")
    finally:
        os._exit(status)


class Shim:
    """Runs PID 1 again and again as the restart policy says, and records what the container prints."""

    def __init__(self, one: Container, ready: int) -> None:
        self.container = one
        self.spec = one.spec
        self.ready = ready
        self.recorder = Recorder(one)
        self.stopping = False
        self.kill_at = float("inf")
        self.wake, wake = os.pipe()
        for end_of_pipe in (self.wake, wake):
            os.set_blocking(end_of_pipe, False)
        signal.set_wakeup_fd(wake)
        for number in (*FORWARDED, Signal.SIGUSR1, Signal.SIGCHLD):
            signal.signal(number, lambda *_: None)

    def serve(self) -> int:
        """Live until the container is over; returns its exit status."""
        restarts = 0
        while True:
            status = self._run(restarts)
            if self.stopping or not self._wants_restart(status, restarts):
                break
            self._pause(min(0.1 * 2**restarts, LONGEST_PAUSE))
            restarts += 1
        if self.spec["HostConfig"]["AutoRemove"]:
            self.container.remove()
        return status

    def _run(self, restarts: int) -> int:
        """One life of PID 1."""
        child = self._start()
        self.container.update(
            Status="running", Running=True, Pid=child.pid, ShimPid=os.getpid(), ExitCode=0, Error="",
            ShimStarted=started(os.getpid()), StartedAt=now(), RestartCount=restarts,
        )  # fmt: skip
        self.answer("started")
        while child.poll() is None:
            self._watch(child.pid)
        end(self.container.owns)
        note_the_dead()
        self.recorder.finish()
        status = child.returncode if child.returncode >= 0 else 128 - child.returncode
        self.container.update(Status="exited", Running=False, Pid=0, ExitCode=status, FinishedAt=now())
        return status

    def _start(self) -> subprocess.Popen[bytes]:
        variables = environment(self.container)
        words = [*self.spec["Config"]["Entrypoint"], *self.spec["Config"]["Cmd"]]
        argv = translate(self.container, words)
        directory = translate(self.container, [self.spec["Config"]["WorkingDir"]])[0]
        program = find_program(argv, variables["PATH"], directory)
        if program is None:
            self._refuse(words)
        return subprocess.Popen(
            argv, executable=program, env=variables, start_new_session=True,
            cwd=directory,
            stdout=self.recorder.inlet("stdout"), stderr=self.recorder.inlet("stderr"),
        )  # fmt: skip

    def _refuse(self, words: list[str]) -> None:
        said = f'exec: "{words[0]}": executable file not found in $PATH' if words else "no command"
        self.container.update(Status="created", ExitCode=127, Error=said)
        self.answer(
            "failed to create task for container: failed to create shim task: OCI runtime create "
            f"failed: runc create failed: unable to start container process: {said}"
        )
        if self.spec["HostConfig"]["AutoRemove"]:
            self.container.remove()
        os._exit(127)

    def answer(self, said: str) -> None:
        """Tell `launch`, once."""
        if self.ready >= 0:
            os.write(self.ready, said.encode())
            os.close(self.ready)
            self.ready = -1

    def _watch(self, pid: int, within: float = 3600) -> None:
        """Wait for output, a signal or the end of the grace, and deal with it."""
        left = max(0.0, min(self.kill_at - time.monotonic(), within))
        readable, _, _ = select.select([self.wake, *self.recorder.outlets], [], [], left)
        for outlet in readable:
            if outlet == self.wake:
                self._obey(os.read(self.wake, 512), pid)
            else:
                self.recorder.take(outlet)
        if time.monotonic() >= self.kill_at and pid:
            send(pid, Signal.SIGKILL)
            self.kill_at = float("inf")

    def _obey(self, numbers: bytes, pid: int) -> None:
        for number in numbers:
            if number in FORWARDED:
                self._deliver(pid, Signal(number))
            elif number == Signal.SIGUSR1:
                self.stopping = True
                grace = float((self.container.folder / "grace").read_text())
                self.kill_at = time.monotonic() + grace
                self._deliver(pid, Signal.SIGTERM)

    def _deliver(self, pid: int, number: Signal) -> None:
        """Signal PID 1, which like any in a PID namespace feels only what it handles."""
        if pid and (self.spec["HostConfig"]["Init"] or catches(pid, number)):
            send(pid, number)

    def _wants_restart(self, status: int, restarts: int) -> bool:
        policy = self.spec["HostConfig"]["RestartPolicy"]
        if policy["Name"] == "on-failure":
            most = policy["MaximumRetryCount"]
            return status != 0 and (not most or restarts < most)
        return policy["Name"] in ("always", "unless-stopped")

    def _pause(self, seconds: float) -> None:
        self.container.update(Status="restarting", Running=True)
        until = time.monotonic() + max(scaled(seconds), 0.1)
        while not self.stopping and (left := until - time.monotonic()) > 0:
            self._watch(0, left)
