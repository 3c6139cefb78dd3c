"""Asking a person for a go or no-go, with the plan in Prefect's UI and in the dashboard."""

from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from tasks.markdown import plain
from tasks.report import Report

GO_SECONDS = 24 * 3600


class GoNoGo(RunInput):
    """Answer to the plan: shall it be carried out?"""

    go: bool = Field(default=True, description="Carry the plan out")


def has_a_go(report: Report, sentences: list[str], progress: float = 0.01) -> bool:
    """
    Wait for the answer.

    The run is suspended: its process ends here, and with the answer the run begins anew and comes here again,
    so that nothing is held for hours and what is done rests on a fresh look.
    """
    report.phase("waiting for a go", "the plan is made; nothing has been changed", progress)
    report.state("waiting", plan=sentences)
    question = GoNoGo.with_initial_data(description="\n".join(f"1. {plain(line)}" for line in sentences))
    answer: GoNoGo = suspend_flow_run(wait_for_input=question, timeout=GO_SECONDS, key="go")
    return answer.go
