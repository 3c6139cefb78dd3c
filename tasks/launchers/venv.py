"""The launcher of a virtual environment: vLLM as a process of the host, by absolute paths (pure)."""

from blocks.cluster import Host
from tasks.check import Answer, Check, Command, command
from tasks.checks.arguments import ArgumentsParse
from tasks.checks.processes import ProcessGone, log_command, look_command
from tasks.checks.venv import VenvThere
from tasks.engine import without_secrets
from tasks.launch import (
    LAUNCH_MARK,
    CannotLaunch,
    LaunchPlan,
    expand,
    is_folder,
    model_argument,
    rank_arguments,
    serve_arguments,
    variables,
)
from tasks.launchers.launcher import Step
from tasks.remote import script_with

PTXAS = "/usr/local/cuda/bin/ptxas"
"""The one of the CUDA toolkit: Triton's own may not know sm_121 (spark-tools.md 5.6)."""


class VirtualEnvironment:
    """A process of its own session on every host, the workers first; PID and log lie in ~/.local/state."""

    def start(self, plan: LaunchPlan) -> tuple[Step, ...]:
        ranks = reversed(list(enumerate(plan.hosts)))
        return tuple(Step(host, self._run(plan.on(host), host, rank)) for rank, host in ranks)

    def refusal(self, answer: Answer) -> str:
        return "" if answer.ok else without_secrets(answer.said)

    def look(self, name: str, since: str) -> Command:
        return look_command(name, since)

    def logs(self, name: str, most: int) -> Command:
        return log_command(name, most)

    def gone(self, name: str) -> Check[str]:
        return ProcessGone(name)

    def software(self, plan: LaunchPlan, host: Host) -> VenvThere:
        there = plan.on(host)
        return VenvThere(_folder(there), tuple(programs(there).items()))

    def files(self, plan: LaunchPlan, host: Host) -> tuple[str, ...]:
        return (model_argument(plan.on(host)),) if is_folder(plan.recipe) else ()

    def parser(self, plan: LaunchPlan) -> ArgumentsParse:
        given = tuple(f"{name}={value}" for name, value in _environment(plan).items())
        return ArgumentsParse(
            _folder(plan), serve_arguments(plan), given, python=f"{_folder(plan)}/bin/python"
        )

    def _run(self, plan: LaunchPlan, host: Host, rank: int) -> Command:
        link = host.peer_address if len(plan.hosts) > 1 else ""
        told = {LAUNCH_MARK: plan.id, **({"VLLM_HOST_IP": link} if link else {}), **_environment(plan)}
        engine = (programs(plan)["VLLM_BIN"], "serve", *serve_arguments(plan), *rank_arguments(plan, rank))
        text = script_with(
            "run_process.py",
            process=plan.container,
            mark=plan.id,
            link=link,
            environment=told,
            argv=list(engine),
        )
        return command("python3", "-", stdin=text, timeout=60)


def programs(plan: LaunchPlan) -> dict[str, str]:
    """The programs of an engine by absolute path; the recipe's environment may name others."""
    usual = {"VLLM_BIN": f"{_folder(plan)}/bin/vllm", "PTXAS_BIN": PTXAS}
    if "ray" in (plan.recipe.flag("--distributed-executor-backend") or ""):
        usual["RAY_BIN"] = f"{_folder(plan)}/bin/ray"
    paths = {name: expand(plan.recipe.env.get(name, path), plan.home) for name, path in usual.items()}
    for name, path in paths.items():
        if not path.startswith("/"):
            raise CannotLaunch(f"{name} is {path!r}: give its absolute path")
    return paths


def _environment(plan: LaunchPlan) -> dict[str, str]:
    """The engine's environment; every program that vLLM starts is named by its path."""
    paths = programs(plan)
    own = {"VIRTUAL_ENV": _folder(plan), "HF_HOME": plan.cache, "TRITON_PTXAS_PATH": paths["PTXAS_BIN"]}
    return {**own, **variables(plan), **paths}


def _folder(plan: LaunchPlan) -> str:
    if not plan.recipe.venv:
        raise CannotLaunch("the recipe names no virtual environment")
    return expand(plan.recipe.venv, plan.home)
