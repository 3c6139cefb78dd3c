"""`python -m control.bench.redaction`: what redaction costs, over HTTP, on mails and on hostile texts."""

import argparse
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from control.bench import usage
from control.bench.targets import Target, gateway, upstream

MAIL = """Dear Ms {surname},

thank you for your call. The invoice {n} of 12 March is paid; the refund goes to DE89 3704 0044 0532 0130 00
within ten days. {given} {surname} will look after the delivery and can be reached at
{given}.{surname}@example.org or +49 30 55501{n:02}. Should anything be missing, please let us know before the
end of the month: the warehouse keeps what came back for four weeks, and then it is sold again.

Kind regards
Marit Fjeldstad
Accounts, Example Ltd, 12 Harbour Street, Springfield
"""
SURNAMES = ("Achterkamp", "Bielawska", "Ceesay", "Drobnik", "Etxaniz", "Grigaitis", "Hrvatin", "Ilunga")
GIVEN = ("Oluwaseun", "Thandeka", "Bjartur", "Siiri", "Vendela", "Ignasi", "Radomil", "Ylva", "Tadeas")

FLOODS = {
    "prose with mail addresses": "Please write to user{n}@mail{n}.example.org, the invoice of May is due. ",
    "mails": "Dear Ida Fjeldstad, write to ida{n}@example.org.\n",
    "rows of JSON": '{"id": {n}, "name": "Ida Berg{n}", "mail": "i{n}@example.org"}\n',
    "names": "Ida Fjeldstad{n} ", "capitals": "Xq Zt ", "initials": "J. ", "streets": "12 Main ",
    "12-": "12-", "a.": "a.", "a:": "a:", "[": "[", "digits": "1 ", "one word": "A", "lines": "\n",
    "é": "é", "other digits": "\u0663", "invisible": "a\u200b", "HTML": "&lt;", "percent": "%41",
    "escapes": "\\u0041", "PEM": "-----BEGIN RSA PRIVATE KEY-----\n", "passwords": "password ",
    "spelled": "a at b dot ", "base64": "QUJD", "IBANs": "DE89 ", "token-like": "PERSON_",
    "tokens": "[PERSON_{n}] ",
}  # fmt: skip
"""Texts that make a careless pattern slow or a careless list long; `{n}` counts."""

SIZE = 1_000_000


@dataclass
class Scrubber:
    """The gateway's route, each request a task of its own that is forgotten afterwards."""

    client: httpx.Client
    target: Target

    def seconds(self, text: str) -> tuple[float, float]:
        """Time of one scrub, and processor time of the gateway and its workers."""
        task, before, start = uuid.uuid4().hex, usage.cpu_seconds(self.target.pids), time.perf_counter()
        answer = self.client.post("/scrub", json={"text": text, "task_id": task})
        taken, used = time.perf_counter() - start, usage.cpu_seconds(self.target.pids) - before
        answer.raise_for_status()
        self.client.delete(f"/scrub/{task}")
        return taken, used

    def flood(self, piece: str, size: int) -> dict[str, float]:
        """Seconds for a quarter and for the whole, and the most memory of the worker meanwhile, in MB."""
        text = "".join(piece.replace("{n}", str(n)) for n in range(size // len(piece)))
        usage.forget_peak(self.target.pids)
        quarter = self.seconds(text[: len(text) // 4])[1]
        wall, whole = self.seconds(text)
        worker = self.target.pids[-1]
        return {"quarter": quarter, "whole": whole, "wall": wall, "peak": usage.peak([worker])}


def mails() -> list[str]:
    """A morning's."""
    return [
        MAIL.format(n=n, given=GIVEN[n % len(GIVEN)], surname=SURNAMES[n % len(SURNAMES)]) for n in range(200)
    ]


def told(start: float, figures: list[tuple[float, float]], floods: Mapping[str, Mapping[str, float]]) -> str:
    """The tables in Markdown."""
    size = sum(map(len, mails()))
    walls, used = [one for one, _ in figures], sum(one for _, one in figures)
    percentiles = statistics.quantiles(walls, n=20)
    head = [
        "| mails | |", "| --- | ---: |",
        f"| first scrub, with the start of a worker, s | {start:.2f} |",
        f"| k characters a second | {size / sum(walls) / 1000:.0f} |",
        f"| k characters a processor second | {size / used / 1000:.0f} |",
        f"| p50, ms | {1000 * statistics.median(walls):.1f} |", f"| p95, ms | {1000 * percentiles[-1]:.1f} |",
        "", "| flood | a quarter, CPU s | whole, CPU s | growth | whole, s | peak of the worker, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    rows = [
        f"| {name} | {one['quarter']:.2f} | {one['whole']:.2f} "
        f"| {one['whole'] / max(one['quarter'], 0.01):.1f} | {one['wall']:.2f} | {one['peak']:.0f} |"
        for name, one in floods.items()
    ]
    return "\n".join((*head, *rows))


def main() -> None:
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m control.bench.redaction", description=__doc__)
    parser.add_argument("--size", type=int, default=SIZE, help="characters of a flood")
    size = parser.parse_args().size
    with tempfile.TemporaryDirectory(prefix="bench-redaction-") as name:
        folder = Path(name)
        own = {"MAP_DB": str(folder / "map.db"), "KEY_FILE": str(folder / "key"), "PROCESSES": "1"}
        os.environ.update({f"REDACTION_{name}": value for name, value in own.items()})
        with upstream(folder) as engine, gateway(engine, folder) as target:
            headers = {"authorization": f"Bearer {target.key}"}
            address = f"http://127.0.0.1:{target.port}"
            with httpx.Client(base_url=address, headers=headers, timeout=300, trust_env=False) as client:
                scrubber = Scrubber(client, target)
                start = scrubber.seconds("Dear Ylva,")[0]
                figures = [scrubber.seconds(mail) for mail in mails()]
                print(told(start, figures, {name: scrubber.flood(one, size) for name, one in FLOODS.items()}))


if __name__ == "__main__":
    main()
