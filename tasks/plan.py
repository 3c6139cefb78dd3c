"""The plan of a swap in plain words, for the person who says go or no-go (pure)."""

from blocks.cluster import Cluster
from tasks.launch import LaunchPlan
from tasks.situation import Situation


def plan_sentences(
    cluster: Cluster, plan: LaunchPlan, situation: Situation, memory_gib: float, expected_seconds: float
) -> list[str]:
    """What a swap will do, one sentence a step."""
    where = _and([host.name for host in plan.hosts])
    sentences = [_stop_sentence(situation, cluster.drain_seconds)]
    sentences.append(f"Wait until {memory_gib:.0f} GiB of memory are free and steady on {where}.")
    sentences.append(f"Start {plan.recipe.title} on {where}; this usually takes {spoken(expected_seconds)}.")
    sentences.append("Until it answers, requests to the language model wait or are told to come back.")
    back = situation.previous
    if back is None:
        sentences.append("If it fails, no model is loaded afterwards: there is none to go back to.")
    else:
        sentences.append(f"If it fails, {back.title} is started again.")
    sentences += [f"{name} is out of reach and takes no part." for name in _bystanders(cluster, situation)]
    return sentences


def spoken(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} seconds"
    minutes = round(seconds / 60)
    return f"about {minutes} minute{'s' if minutes != 1 else ''}"


def _stop_sentence(situation: Situation, drain_seconds: int) -> str:
    if not situation.engine_hosts:
        return "Nothing has to be stopped: no model is loaded."
    where = _and(list(situation.engine_hosts))
    when = f", once the answers under way have ended (up to {drain_seconds} s)" if drain_seconds else ""
    return f"Stop {_shown(situation)} on {where}{when}."


def _shown(situation: Situation) -> str:
    """What runs now, as far as it is known."""
    if situation.launch is not None:
        return str(situation.launch.recipe.get("name") or situation.launch.model)
    return _and(list(situation.serving)) if situation.serving else "what runs in the vLLM container"


def _bystanders(cluster: Cluster, situation: Situation) -> list[str]:
    return [host.name for host in cluster.hosts if host.name in situation.unreachable]


def _and(names: list[str]) -> str:
    return " and ".join(names)
