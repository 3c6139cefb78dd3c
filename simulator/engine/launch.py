"""One start of `vllm serve`: its arguments, world, voices, and once known its model and plan."""

import hashlib
import os
from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path

from simulator.engine.logs import Voice
from simulator.engine.plan import Plan
from simulator.engine.weights import Model
from simulator.engine.world import Fault, World


@dataclass(slots=True)
class Launch:
    """What the stages of a start share; model and plan are set by the stages that find them."""

    world: World
    args: Namespace
    api: Voice = field(init=False)
    core: Voice = field(init=False)
    worker: Voice = field(init=False)
    model: Model = field(init=False)
    plan: Plan = field(init=False)
    _struck: Fault | None = None

    def __post_init__(self) -> None:
        pid = os.getpid()
        self.api = Voice("APIServer", pid)
        self.core = Voice("EngineCore", pid + 66)
        ranks = self.args.tensor_parallel_size > 1
        self.worker = Voice(f"Worker_TP{self.args.node_rank}", pid + 90) if ranks else self.core

    @property
    def nodes(self) -> int:
        """Hosts that share the weights."""
        return max(int(self.args.nnodes), 1)

    @property
    def names(self) -> list[str]:
        """The names clients may use for the model."""
        return list(self.args.served_model_name or [self.args.model_tag])

    def fault(self) -> Fault:
        """The engine fault that is meant for this model: asked for now, or one that struck it `once`."""
        if self._struck is None:
            fault = self.world.fault("engine", self.args.model_tag)
            if "once" not in fault.words:
                return fault
            self._struck = fault
            (self.world.host / "faults" / "engine").unlink(missing_ok=True)
        return self._struck

    @property
    def compiled(self) -> Path:
        """Where compiled graphs of this model are kept: there already means a warm start."""
        key = hashlib.sha256(self.args.model_tag.encode()).hexdigest()[:10]
        return self.world.home / ".cache" / "vllm" / "torch_compile_cache" / key
