"""The folder of a simulated cluster: made at first, taken up again later; and cluster.yaml from it."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import yaml

from simulator.bot import BOT, house_bot
from simulator.disk import stock
from simulator.host import Host
from simulator.sysfs import write_sysfs
from simulator.units import write_units
from simulator.venv import lay_venv
from simulator.workshop import publish, put_launcher, write_env

SERVICES = (
    # name, kind, container, path of its health route, image's program
    ("vllm", "vllm", "vllm_node", "/health", ""),
    ("parakeet", "stt", "parakeet-asr", "/health", "parakeet-server"),
    ("kokoro", "tts", "kokoro-tts", "/health", "kokoro-server"),
    ("embeddings", "embeddings", "embeddings", "/health", "embeddings-server"),
    ("qdrant", "qdrant", "qdrant", "/readyz", "qdrant"),
)

SPEECH_FILES = {
    "/app/main.py": '"""The server, as the image has it."""\n\nVERSION = 1\n',
    "/app/transcribe.py": '"""Speech to text, as the image has it."""\n\nVERSION = 1\n',
    "/app/diarize.py": '"""Who speaks when, as the image has it."""\n\nVERSION = 1\n',
}  # what an overlay patches in the speech container
PORTS = range(20_000, 32_000)


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    folder: Path
    hosts: int
    scale: str
    address: str
    ssh_ports: list[int]
    launcher: Path | None


class Cluster:
    """Hosts and services of one folder."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.folder = wish.folder
        self.hosts: list[Host] = []
        self.ports = self._ports()

    def prepare(self) -> None:
        """Make what is missing: keys, hosts, models, launcher, cluster.yaml."""
        (self.folder / "keys").mkdir(parents=True, exist_ok=True)
        self._python()
        publish(self.folder / "launcher.git")
        public = _key(self.folder / "keys" / "id_ed25519")
        for number in range(1, self.wish.hosts + 1):
            self.hosts.append(self._host(number, public))
        house_bot(self.folder, self.home(self.hosts[-1]), _key(self.folder / "keys" / f"{BOT}_ed25519"))
        self._write_yaml()

    def home(self, host: Host) -> Path:
        return self.folder / host.name

    def images_of(self, host: Host) -> list[tuple[str, str]]:
        """(container, image) of the services that run on a host from its boot on."""
        last = host.name == self.hosts[-1].name
        return [(container, container) for _, _, container, _, program in SERVICES if program and last]

    def _host(self, number: int, public: str) -> Host:
        name = f"spark-{number}"
        folder = self.folder / name
        # host.json is written last: without it a start was broken off, and is made anew.
        first_time = not (folder / "host.json").exists()
        if first_time:
            shutil.rmtree(folder, ignore_errors=True)
        for part in ("home/.ssh", "home/.local/bin", "docker/containers", "memory", "faults"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        host = Host(
            name=name, address=self.wish.address, ssh_port=self.ports[f"ssh-{name}"], user="spark",
            lan_address=f"192.168.1.{10 + number}", fabric_address=_fabric(number),
            peers=[f"spark-{other}" for other in range(1, self.wish.hosts + 1) if other != number],
            wake_port=self.ports[f"wake-{name}"],
        )  # fmt: skip
        _key(folder / "host_key")
        if first_time:
            self._furnish(host, folder, public)
        host.save(folder)
        write_sysfs(folder)
        return host

    def _furnish(self, host: Host, folder: Path, public: str) -> None:
        """A new host's disk."""
        authorized = folder / "home" / ".ssh" / "authorized_keys"
        authorized.write_text(public)
        authorized.chmod(0o600)
        here = Path(__file__).parent
        shutil.copy(here / "faults.md", folder / "faults" / "README.md")
        for program in ("uvx", "hf"):
            (folder / "home" / ".local" / "bin" / program).symlink_to(here / "home_bin" / program)
        (folder / "docker" / "images.json").write_text(json.dumps(self._images(), indent=1))
        stock(folder / "home", host.name)
        lay_venv(folder / "home")
        write_units(folder / "units")
        nodes = [_fabric(number) for number in range(1, self.wish.hosts + 1)]
        launcher = folder / "home" / "spark-vllm-docker"
        put_launcher(launcher, self.folder / "launcher.git", self.wish.launcher)
        write_env(launcher, nodes, host.fabric_address)

    def _images(self) -> dict[str, dict[str, object]]:
        built = {"Cmd": ["bash"], "Env": [], "Created": "2026-10-05T04:12:09.118220553Z"}
        records: dict[str, dict[str, object]] = {
            "vllm-node": {"Id": "sha256:" + "5bd2" * 16, "Entrypoint": [], **built}
        }
        for number, (name, _, container, _, program) in enumerate(SERVICES):
            if program:
                entrypoint = [program, "--port", str(self.ports[name])]
                identity = f"sha256:{number:x}" + "c47" * 21
                records[container] = {"Id": identity, "Entrypoint": entrypoint, **built, "Cmd": []}
        records["parakeet-asr"]["Files"] = SPEECH_FILES
        return records

    def _write_yaml(self) -> None:
        """What the control plane reads at its first start."""
        where = self.hosts[-1].name
        services = [
            {
                "name": name, "kind": kind, "host": where if program else self.hosts[0].name,
                "port": self.ports[name], "container": container, "health_path": health,
            }
            for name, kind, container, health, program in SERVICES
        ]  # fmt: skip
        content = {
            "hosts": [self._described(host) for host in self.hosts],
            "services": services,
            "launcher_directory": "~/spark-vllm-docker",
            "hf_cache": "",
            "image": "vllm-node",
        }
        file = self.folder / "cluster.yaml"
        file.write_text(yaml.safe_dump(content, sort_keys=False))

    def _described(self, host: Host) -> dict[str, object]:
        key = (self.home(host) / "host_key.pub").read_text().split()[:2]
        return {
            "name": host.name, "address": host.address, "ssh_port": host.ssh_port, "user": host.user,
            "key_path": str(self.folder / "keys" / "id_ed25519"), "host_key": " ".join(key),
            "fabric_address": host.fabric_address,
            "wake_address": host.address, "wake_port": host.wake_port,
        }  # fmt: skip

    def _ports(self) -> dict[str, int]:
        """Ports by what listens there, the same every time."""
        file = self.folder / "ports.json"
        kept: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        wanted = [f"ssh-spark-{number}" for number in range(1, self.wish.hosts + 1)]
        given = dict(zip(wanted, self.wish.ssh_ports, strict=False))
        cards = [f"wake-spark-{number}" for number in range(1, self.wish.hosts + 1)]
        missing = [name for name in (*wanted, *cards, *(one[0] for one in SERVICES)) if name not in kept]
        ports = kept | dict(zip(missing, _free_ports(self.wish.address, len(missing)), strict=True))
        self.folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(ports | given, indent=1))
        return ports | given

    def _python(self) -> None:
        """A python3 for the stand-ins: the base interpreter of this one, not what PATH may hold."""
        link = self.folder / "bin" / "python3"
        link.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


def _fabric(number: int) -> str:
    return f"192.168.177.{10 + number}"


def _key(file: Path) -> str:
    """An ed25519 key pair, made when missing; returns its public line."""
    public = file.with_name(f"{file.name}.pub")
    if not file.exists():
        key = asyncssh.generate_private_key("ssh-ed25519", comment=f"{file.parent.name}")
        file.touch(mode=0o600)
        file.write_bytes(key.export_private_key())
        key.write_public_key(str(public))
    return public.read_text()


def _free_ports(address: str, count: int) -> list[int]:
    """Ports nobody listens on now, below the range from which the kernel takes those of clients."""
    ports: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if len(ports) == count:
            break
        with contextlib.suppress(OSError), socket.create_server((address, port)):
            ports.append(port)
    return ports
