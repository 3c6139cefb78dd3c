"""`python -m gateway.redaction.worker`: finds and replaces for the gateway, beside its event loop."""

import gc
import sys
from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from gateway.redaction.egress import left_in
from gateway.redaction.finders import model_finder, together
from gateway.redaction.known_file import NoList
from gateway.redaction.known_people import KnownPeople
from gateway.redaction.lexicon import load
from gateway.redaction.quotes import Quote, quoted
from gateway.redaction.scrub import Entity, Finder, Policy, TooMuch, find, replaced
from gateway.redaction.task_map import Entry, TaskMap


class Job(msgspec.Struct):
    """
    Texts to scrub in one task.

    Attributes:
        texts: In the order in which their tokens are counted.
        policy: What is looked for.
        entries: What the task gave out before.
        known: Files of the known people.
        named: Known people of this request alone.
        quotes: What the model on the LAN says stands in the texts.
        outgoing: The texts were scrubbed and are to be looked at a last time; nothing is replaced.
    """

    texts: list[str]
    policy: Policy
    entries: list[Entry]
    known: list[str] = []
    named: list[str] = []
    quotes: list[Quote] = []
    outgoing: bool = False


class Done(msgspec.Struct):
    """What came of it; `error` is a sentence without a word of the texts, `ours`: they are not at fault."""

    texts: list[str] = []
    entities: list[list[Entity]] = []
    fresh: list[Entry] = []
    error: str = ""
    ours: bool = False


def scrub(job: Job, known: KnownPeople, models: Sequence[Finder] = ()) -> Done:
    """Scrub the texts of a job, one after another, in one task; the models add what they find."""
    task = TaskMap()
    for entry in job.entries:
        task.load(entry)
    people = known.finder(job.known, job.named)
    finder = together([*filter(None, (people, quoted(job.quotes))), *models])
    try:
        found = [find(text, job.policy, task.names, finder) for text in job.texts]
    except TooMuch as error:
        return Done(error=str(error))
    done = Done()
    for index, text in enumerate(job.texts):
        scrubbed, entities = replaced(text, found[index], task)
        done.texts.append(scrubbed)
        done.entities.append(entities)
    done.fresh = task.fresh
    return done


def last_look(job: Job) -> Done:
    """Whether scrubbed texts may leave the house."""
    left = left_in(job.texts, job.policy.off)
    return Done(error=f"a value of the type {left} is left in it" if left else "")


def serve(source: BinaryIO, sink: BinaryIO, models: Sequence[Finder] = ()) -> None:
    """Answer jobs until the gateway closes the pipe: four bytes of length, then MessagePack, both ways."""
    decoder, encoder = msgspec.msgpack.Decoder(Job), msgspec.msgpack.Encoder()
    known = KnownPeople()

    def answer(body: bytes) -> None:  # so that nothing of one job is kept while the next is done
        told = encoder.encode(_done(decoder.decode(body), known, models))
        sink.write(len(told).to_bytes(4, "big") + told)
        sink.flush()

    while head := source.read(4):
        answer(source.read(int.from_bytes(head, "big")))


def _done(job: Job, known: KnownPeople, models: Sequence[Finder]) -> Done:
    try:
        return last_look(job) if job.outgoing else scrub(job, known, models)
    except NoList as error:
        return Done(error=str(error), ours=True)
    except Exception as error:  # noqa: BLE001  # the kind alone: a message could hold a piece of the text
        return Done(error=f"the search failed ({type(error).__name__})", ours=True)


def main() -> None:
    """Read the lists and the models named `KIND=PATH`, say that it is ready, serve."""
    gc.disable()  # a search leaves no cycles behind, and looking for them would grow with the text
    load()
    models = [model_finder(*named.split("=", 1)) for named in sys.argv[1:]]
    scrub(Job(["Dear Ada, call +1 202 555 0100."], Policy(), []), KnownPeople())
    sys.stdout.buffer.write(b"\0\0\0\0")
    sys.stdout.buffer.flush()
    serve(sys.stdin.buffer, sys.stdout.buffer, models)


if __name__ == "__main__":
    main()
