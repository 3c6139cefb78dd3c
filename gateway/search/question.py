"""A search as a client asks for it, and what of it does not fit (pure)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway.problem import Problem
from gateway.search.filters import Filter, fault_of_filter
from gateway.search.names import fault_of_name

MOST_RESULTS = 100
MOST_CANDIDATES = 500
_LONGEST_QUERY = 8000

Mode = Literal["hybrid", "dense", "sparse"]
Fusion = Literal["rrf", "dbsf"]


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """
    What is looked for, and how.

    Attributes:
        collection: Of the vector store.
        query: In plain language.
        limit: Results of this page.
        offset: Results before this page.
        filter: Of the vector store's payload, as Qdrant writes it.
        mode: By meaning (`dense`), by words (`sparse`), or both.
        fusion: How both become one order.
        rerank: Whether the candidates are judged once more, by their text.
        candidates: How many each half finds, and so how many are fused, ranked and paged through.
        text_key: The field of the payload with the text, dotted; none: the first usual one that is there.
    """

    collection: str
    query: str
    limit: Annotated[int, Meta(ge=1, le=MOST_RESULTS)] = 10
    offset: Annotated[int, Meta(ge=0, le=MOST_CANDIDATES)] = 0
    filter: Filter | None = None
    mode: Mode = "hybrid"
    fusion: Fusion = "rrf"
    rerank: bool = True
    candidates: Annotated[int, Meta(ge=1, le=MOST_CANDIDATES)] = 50
    text_key: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


def require_fit(question: Question) -> None:
    """`Problem` 422 names the field that cannot be followed."""
    if fault := fault_of_name(question.collection):
        raise _unfit("collection", fault)
    if not question.query.strip() or len(question.query) > _LONGEST_QUERY:
        raise _unfit("query", f"'query' is a text of 1 to {_LONGEST_QUERY} characters")
    if question.filter is not None and (fault := fault_of_filter(question.filter)):
        raise _unfit("filter", fault)
    end = question.offset + question.limit
    if end > question.candidates:
        message = (
            f"results up to {end} are asked for, of {question.candidates} candidates: raise 'candidates' "
            f"(at most {MOST_CANDIDATES}), to the same number for every page"
        )
        raise _unfit("candidates", message)


def _unfit(param: str, message: str) -> Problem:
    return Problem(422, message, "unfit_value", param=param)
