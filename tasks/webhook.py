"""One call of a webhook: signed, to an address that was checked, past no redirect, within a time limit."""

import asyncio
import hashlib
import hmac
import ipaddress
import socket
from dataclasses import dataclass

import httpx

from blocks.ledger import clock
from blocks.ledger.deliveries import Delivery

CALL_SECONDS = 20.0
CONNECT_SECONDS = 5.0
_WORDS = 300


@dataclass(frozen=True)
class Answer:
    """What came of a call: the status of the answer, None when there was none, and in plain words why not."""

    status: int | None
    error: str = ""


class Forbidden(Exception):
    """The address is not one that may be called."""


def call(url: str, secret: str, delivery: Delivery, *, allow_public: bool = False) -> Answer:
    """
    Send a delivery once; never raises for whatever is at the other end.

    Args:
        url: Where, 'http' or 'https'.
        secret: What it is signed with; blank: it is not signed.
        delivery: What.
        allow_public: Also to an address that is not on the LAN.
    """
    try:
        return asyncio.run(_call(httpx.URL(url), secret, delivery, allow_public=allow_public))
    except TimeoutError:
        return Answer(None, f"no answer within {CALL_SECONDS:.0f} seconds")
    except Forbidden as error:
        return Answer(None, str(error))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return Answer(None, f"the call failed: {error or type(error).__name__}"[:_WORDS])


def headers_of(delivery: Delivery, secret: str, timestamp: int) -> dict[str, str]:
    """The headers of a call; `X-Signature` is the HMAC-SHA256 of the time stamp, a dot and the body."""
    headers = {
        "Content-Type": "application/json",
        "X-Event": delivery.event,
        "X-Delivery": delivery.id,
        "X-Timestamp": str(timestamp),
    }
    if secret:
        signed = f"{timestamp}.{delivery.body}".encode()
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        headers["X-Signature"] = f"sha256={digest}"
    return headers


def may_call(address: str, *, allow_public: bool) -> bool:
    """
    Whether an IP address may be called: those of a LAN, a VPN and this machine; with `allow_public` others.

    What is not global counts as LAN: RFC 1918, link-local, unique local, and 100.64.0.0/10 of VPNs (pure).
    """
    given = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(given, "ipv4_mapped", None) or given
    if ip.is_multicast or ip.is_unspecified or ip == ipaddress.ip_address("255.255.255.255"):
        return False
    return allow_public or not ip.is_global


async def _call(url: httpx.URL, secret: str, delivery: Delivery, *, allow_public: bool) -> Answer:
    async with asyncio.timeout(CALL_SECONDS):
        addresses = await _addresses(url, allow_public=allow_public)
        timeout = httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS)
        # trust_env: a proxy of the environment would take the call where nobody checked the address.
        async with httpx.AsyncClient(
            trust_env=False, timeout=timeout, verify=url.scheme == "https"
        ) as client:
            for address in addresses[:-1]:
                try:
                    return await _post(client, url, address, secret, delivery)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    continue
            return await _post(client, url, addresses[-1], secret, delivery)


async def _addresses(url: httpx.URL, *, allow_public: bool) -> list[str]:
    """Every address of the URL's host, IPv4 first; `Forbidden` when one of them may not be called."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Forbidden(f"the name {url.host} has no address: {error.strerror or error}") from error
    addresses = [str(where[0]) for *_, where in sorted(found, key=lambda each: each[0] != socket.AF_INET)]
    for address in addresses:
        if not may_call(address, allow_public=allow_public):
            raise Forbidden(
                f"{url.host} leads to {address}, which is not on the LAN: allow public addresses to call it"
            )
    return addresses


async def _post(
    client: httpx.AsyncClient, url: httpx.URL, address: str, secret: str, delivery: Delivery
) -> Answer:
    """Send it to the address that was checked, under the name of the URL; the answer's body is not read."""
    headers = {"Host": url.netloc.decode("ascii"), **headers_of(delivery, secret, int(clock.now()))}
    async with client.stream(
        "POST",
        url.copy_with(host=address),
        content=delivery.body.encode(),
        headers=headers,
        follow_redirects=False,
        extensions={"sni_hostname": url.host},
    ) as answer:
        if answer.is_success:
            return Answer(answer.status_code)
        more = ", a redirect, which is not followed" if answer.is_redirect else ""
        return Answer(answer.status_code, f"it answered with status {answer.status_code}{more}")
