"""Those who want the swap lock in a simulated house, held against plain reckoning."""

import random
from collections import Counter
from dataclasses import dataclass, field

from blocks.ledger.lock import (
    LockHeld,
    WrongToken,
    current_lock,
    issue_pass,
    release_lock,
    renew_lock,
    require_lock,
    take_lock,
)
from blocks.ledger.store import Ledger
from tests.operations.world import HOUR, MINUTE, Time

ACTORS = ("nightly", "batch", "crm", "owner")


@dataclass
class Actors:
    """Those who want the lock, and what must hold of it by plain reckoning."""

    ledger: Ledger
    chance: random.Random
    time: Time
    holder: str = ""
    until: float = 0.0
    token: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def held(self) -> bool:
        return bool(self.holder) and self.time.boot < self.until

    def act(self) -> None:
        """One of them does something; the ledger has to agree with the reckoning before and after."""
        self.agree()
        self.chance.choice((self.take, self.take, self.renew, self.release, self.force, self.lose))()
        self.agree()

    def agree(self) -> None:
        lock = current_lock(self.ledger)
        assert (lock.holder if lock else "") == (self.holder if self.held else "")

    def take(self) -> None:
        actor, ttl = self.chance.choice(ACTORS), self.chance.uniform(MINUTE, 6 * HOUR)
        try:
            token = take_lock(self.ledger, actor, "a simulated week", ttl)
        except LockHeld:
            assert self.held, "a lock does not end"
            self.counts["refused"] += 1
            return
        assert not self.held, "the lock of another one was lost"
        self.holder, self.until, self.token = actor, self.time.boot + ttl, token
        self.counts["taken"] += 1

    def renew(self) -> None:
        held, ttl = self.held and bool(self.token), self.chance.uniform(MINUTE, 3 * HOUR)
        try:
            renew_lock(self.ledger, self.token or "none", ttl)
        except WrongToken:
            assert not held, "the holder lost its lock"
            return
        assert held, "a lock that had run out came back"
        self.until = self.time.boot + ttl
        self.counts["renewed"] += 1

    def release(self) -> None:
        if self.held and self.token and self.chance.random() < 0.3:
            assert release_lock(self.ledger, self.token)
            self.holder = ""
            self.counts["released"] += 1

    def force(self) -> None:
        if self.chance.random() < 0.05:
            assert release_lock(self.ledger, None, force=True) is self.held
            self.counts["forced"] += self.held
            self.holder = ""

    def lose(self) -> None:
        """The holder's process dies with its token: only time frees the lock."""
        if self.held and self.token and self.chance.random() < 0.2:
            self.token = ""
            self.counts["lost"] += 1

    def may_swap(self) -> bool:
        """Whether a swap begins: the holder's with its pass, anybody's while there is no lock."""
        if self.held and self.token and self.chance.random() < 0.7:
            require_lock(self.ledger, issue_pass(self.ledger, self.token))
            return True
        try:
            require_lock(self.ledger)
        except LockHeld:
            assert self.held
            return False
        assert not self.held, "a swap went past the lock"
        return True
