"""`nvidia-smi` of a GB10: one GPU that has no memory of its own to report, and the oddities that follow."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import sys
import time

from simulator.environment import fault, here
from simulator.memory import holders
from simulator.options import UnknownFlag, parse
from simulator.processes import alive, command_line

DRIVER, CUDA = "580.126.09", "13.0"
UUID = "GPU-5f1d0c2e-7a44-4b0e-9d2b-0a1b2c3d4e5f"
IDLE_WATTS, IDLE_CELSIUS = 4.5, 38
UNITS = {
    "utilization.gpu": "%", "utilization.memory": "%", "power.draw": "W", "power.limit": "W",
    "memory.total": "MiB", "memory.used": "MiB", "memory.free": "MiB", "used_memory": "MiB",
    "used_gpu_memory": "MiB", "clocks.sm": "MHz", "clocks.gr": "MHz", "clocks.current.sm": "MHz",
    "fan.speed": "%",
}  # fmt: skip
SHORT = {"clocks.sm": "clocks.current.sm", "clocks.gr": "clocks.current.graphics"}


def main(words: list[str]) -> int:
    """Print the table or answer a query."""
    wanted = fault("nvidia-smi")
    if wanted == "hang":
        time.sleep(3600)
    if wanted is not None:
        status, _, message = wanted.partition("\n")
        print(message or "NVIDIA-SMI has failed because it couldn't communicate with the driver.")
        return int(status or 9)
    try:
        options, rest = parse(words, "query-gpu= query-compute-apps= format= id/i= list-gpus/L")
        _refuse(rest)
        if options.get("query-gpu"):
            return _answer(options.get("query-gpu"), options.get("format"), [_gpu()])
        if options.get("query-compute-apps"):
            return _answer(options.get("query-compute-apps"), options.get("format"), _processes())
    except UnknownFlag as flag:
        print(f"Invalid combination of input arguments: {flag}", file=sys.stderr)
        return 1
    print(f"GPU 0: NVIDIA GB10 (UUID: {UUID})" if "list-gpus" in options else _table())
    return 0


def _refuse(rest: list[str]) -> None:
    if rest:
        raise UnknownFlag(rest[0])


def _load() -> tuple[int, float]:
    """Use in percent and watts: that of the busiest live process that says it works."""
    percent, watts = 0, IDLE_WATTS
    for file in (here() / "busy").glob("*"):
        if file.name.isdigit() and alive(int(file.name)):
            said = file.read_text().split()
            if len(said) == 2:
                percent, watts = max(percent, int(said[0])), max(watts, float(said[1]))
    return percent, watts


def _gpu() -> dict[str, str]:
    percent, watts = _load()
    celsius = IDLE_CELSIUS + int((watts - IDLE_WATTS) / 2)
    clock = "2411" if percent else "208"
    return {
        "timestamp": time.strftime("%Y/%m/%d %H:%M:%S.000"), "name": "NVIDIA GB10", "index": "0",
        "count": "1", "uuid": UUID, "gpu_uuid": UUID, "gpu_name": "NVIDIA GB10",
        "serial": "1234567890123", "driver_version": DRIVER, "pstate": "P0" if percent else "P8",
        "pci.bus_id": "0000000F:01:00.0", "gpu_bus_id": "0000000F:01:00.0", "compute_cap": "12.1",
        "utilization.gpu": str(percent), "utilization.memory": "0",
        "temperature.gpu": str(celsius), "power.draw": f"{watts:.2f}", "clocks.sm": clock,
        "clocks.gr": clock, "clocks.current.sm": clock, "memory.total": "[N/A]",
        "memory.used": "[N/A]", "memory.free": "[N/A]", "power.limit": "[N/A]",
        "fan.speed": "[N/A]", "temperature.memory": "N/A",
        "clocks_throttle_reasons.active": "0x0000000000000000",
        "clocks_event_reasons.active": "0x0000000000000000",
    }  # fmt: skip


def _processes() -> list[dict[str, str]]:
    return [
        {
            "gpu_uuid": UUID, "pid": str(pid), "process_name": command_line(pid).partition(" ")[0],
            "name": command_line(pid).partition(" ")[0], "used_memory": str(int(gib * 1024)),
            "used_gpu_memory": str(int(gib * 1024)), "gpu_name": "NVIDIA GB10",
        }
        for pid, gib in sorted(holders(here()).items())
        if gib
    ]  # fmt: skip


def _answer(fields: str, form: str, rows: list[dict[str, str]]) -> int:
    if form.split(",", maxsplit=1)[0] != "csv":
        print('Unknown or missing option for "--format"', file=sys.stderr)
        return 1
    names = [name.strip() for name in fields.split(",")]
    known = rows[0] if rows else dict.fromkeys(["gpu_uuid", "pid", "process_name", *UNITS], "")
    for name in names:
        if name not in known:
            print(f'Field "{name}" is not a valid field to query.\n', file=sys.stderr)
            return 2
    plain, bare = "noheader" in form.split(","), "nounits" in form.split(",")
    if not plain:
        print(", ".join(_heading(name, bare=bare) for name in names))
    for row in rows:
        print(", ".join(_cell(name, row[name], bare=bare) for name in names))
    return 0


def _heading(name: str, *, bare: bool) -> str:
    unit = UNITS.get(name)
    return f"{SHORT.get(name, name)} [{unit}]" if unit and not bare else SHORT.get(name, name)


def _cell(name: str, value: str, *, bare: bool) -> str:
    unit = UNITS.get(name)
    return f"{value} {unit}" if unit and not bare and value != "[N/A]" else value


def _table() -> str:
    gpu = _gpu()
    cells = f"N/A   {gpu['temperature.gpu']}C    {gpu['pstate']}"
    power = f"{float(gpu['power.draw']):.0f}W /  N/A"
    rows = [
        f"| NVIDIA-SMI {DRIVER}             Driver Version: {DRIVER}     CUDA Version: {CUDA}     |",
        "| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |",
        "|   0  NVIDIA GB10                    On  |   0000000F:01:00.0 Off |                  N/A |",
        f"| {cells:<20}{power:>19} | Not Supported          |{gpu['utilization.gpu']:>7}%      Default |",
    ]
    processes = [
        f"|    0   N/A  N/A {row['pid']:>15}      C   {row['process_name'][-24:]:<24} "
        f"{row['used_memory'] + 'MiB':>15} |"
        for row in _processes()
    ]
    line = f"+{'-' * 89}+"
    return "\n".join([time.strftime("%a %b %e %H:%M:%S %Y"), line, *rows, line, *processes, line])
