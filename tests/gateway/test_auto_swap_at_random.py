"""Two applications can neither thrash the GPU nor starve one another, whatever they do."""

import math
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.next_swap import Rules, Situation, next_swap
from gateway.wants import Failures, Wants


@dataclass
class Life:
    """A cluster and its applications, second by second."""

    rules: Rules
    swap_seconds: int
    now: float = 0.0
    present: str = "alpha"
    ready: float = -math.inf
    used: float = -math.inf
    target: str = ""
    ends: float = 0.0
    fails: bool = False
    wants: Wants = field(default_factory=Wants)
    failures: Failures = field(init=False)
    held: dict[tuple[str, str], float] = field(default_factory=dict)
    begun: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.failures = Failures(self.rules)

    def want(self, key: str, client: str) -> None:
        free = key != self.present and self.failures.standing(key, self.now) is None
        if free and (key, client) not in self.held:
            self.wants.join(key, client, self.now)
            self.held[key, client] = self.now

    def leave(self, key: str, client: str) -> None:
        if self.held.pop((key, client), None) is not None:
            self.wants.leave(key, client)

    def pass_time(self, seconds: int, *, in_use: bool) -> None:
        for _ in range(seconds):
            self.now += 1
            self.used = self.now if in_use else self.used
            self.swap()
            self.check_waits()

    def swap(self) -> None:
        if self.target and self.now >= self.ends:
            if self.fails:
                self.failures.add(self.target, "no memory", self.now)
            else:
                self.present = self.target
            self.ready = self.now
            for key, client in list(self.held):
                if key == self.target:
                    self.leave(key, client)
            self.target = ""
        wants = [
            want for want in self.wants.oldest(self.now) if not self.failures.standing(want.key, self.now)
        ]
        situation = Situation(
            self.now, self.present, self.ready, self.now - self.used, bool(self.target), wants
        )
        verdict = next_swap(situation, self.rules)
        if verdict.why == "due":
            assert verdict.key in {key for key, _ in self.held}, "a want that was withdrawn loads nothing"
            self.begun.append((self.now, self.ready))
            self.target, self.ends = verdict.key, self.now + self.swap_seconds

    def check_waits(self) -> None:
        """A want waits for the swaps to the other models and their stays at most, beside its longest wait."""
        stay, models = self.rules.least_stay_seconds, 4
        patience = max(self.rules.longest_wait_seconds, stay)
        longest = patience + models * (self.swap_seconds + stay) + 1
        assert all(self.now - since <= longest for since in self.held.values())


KEYS = st.sampled_from(("alpha", "beta", "gamma", "delta"))
DEEDS = st.one_of(
    st.tuples(st.just("want"), KEYS, st.sampled_from(("ann", "bob"))),
    st.tuples(st.just("leave"), KEYS, st.sampled_from(("ann", "bob"))),
    st.tuples(st.just("pass"), st.integers(1, 200), st.booleans()),
    st.tuples(st.just("fail"), st.booleans(), st.none()),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(DEEDS, min_size=20, max_size=60),
    st.integers(0, 200),
    st.integers(0, 300),
    st.integers(1, 60),
)
def test_whatever_applications_do_there_is_no_thrashing_and_no_starving(deeds, stay, wait, swap_seconds):
    rules = Rules(least_stay_seconds=stay, longest_wait_seconds=wait)
    life = Life(rules, swap_seconds)
    for deed, one, two in deeds:
        if deed == "want":
            life.want(one, two)
        elif deed == "leave":
            life.leave(one, two)
        elif deed == "pass":
            life.pass_time(one, in_use=two)
        else:
            life.fails = one
    life.fails = False
    life.pass_time(wait + 5 * (stay + swap_seconds), in_use=True)

    assert all(at - ready >= stay for at, ready in life.begun)
    assert life.held == {}
