"""Where one request goes, and what is changed in it on the way."""

from dataclasses import dataclass, field

from blocks.cluster import Service
from gateway.heads import Header
from gateway.multipart import ModelField
from gateway.upstream_address import Address


@dataclass(frozen=True, slots=True)
class Target:
    """
    Where one request goes.

    Attributes:
        model: The id of the model it is for; blank when none was named.
        body: What is sent, when the body was read to find the model; None: it goes on as it comes.
        length: Of a body that goes on as it comes, in bytes; None: nobody knows.
        query: In the place of the client's, when the model is named in it; None: the client's.
        rename: Replaces the model in a multipart body; None: nothing is replaced.
        credentials: The service's own key as headers.
    """

    service: Service
    address: Address
    model: str = ""
    body: bytes | None = None
    length: int | None = None
    query: bytes | None = None
    rename: ModelField | None = None
    credentials: list[Header] = field(default_factory=list)

    @property
    def who(self) -> str:
        """The service in words, for messages: 'vllm on spark-1 (model alpha)'."""
        model = f" (model {self.model})" if self.model else ""
        return f"{self.service.name} on {self.service.host}{model}"

    def without_clients_key(self, headers: list[Header]) -> list[Header]:
        """A request's headers, without those in whose place the service's own key is sent."""
        if not self.credentials:
            return headers
        ours = {name for name, _value in self.credentials}
        return [pair for pair in headers if pair[0] not in ours]

    def rewritten(self, data: bytes, *, more: bool = False) -> bytes:
        """A part of the body, the last one unless there is `more`, with the model's name replaced."""
        return data if self.rename is None else self.rename.feed(data, more=more)
