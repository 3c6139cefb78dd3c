"""A virtual environment on a simulated host: ~/vllm-env, with vLLM, ray and a ptxas of CUDA 13."""

from __future__ import annotations

from pathlib import Path

PACKAGES = ("ray-2.52.1", "torch-2.14.0", "triton-3.6.0", "vllm-0.33.0")
BIN = Path(__file__).parent / "venv_bin"


def lay_venv(home: Path) -> None:
    """Make it; its programs are those of the simulator's containers."""
    folder = home / "vllm-env"
    (folder / "bin").mkdir(parents=True)
    for program in BIN.iterdir():
        (folder / "bin" / program.name).symlink_to(program)
    for package in PACKAGES:
        (folder / "lib" / "python3.12" / "site-packages" / f"{package}.dist-info").mkdir(parents=True)
