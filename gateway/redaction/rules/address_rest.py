"""How far an address goes on behind its street: unit, town, postcode, country."""

from gateway.redaction.shadow import pattern

OF = (
    r"(?:(?i:de|des|du|la|le|les|del|della|dei|d'|l'|delle|dos|das|da|do|los|las|el|degli|di"
    r"|den|der|van|the|of|z|ten|op) )"
)
"""Small words inside the names of streets and towns."""

MILITARY = r"(?:APO|FPO|DPO) A[AEP] \d{5}"
"""Where the post of the United States hands over to the forces."""

_BREAK = r"(?:[ \t]*,?[ \t]*\n[>?|* \t]{0,8},?[ ]?)"
_POSTCODE = (
    r"(?:[A-Z]{1,3}[- ])?(?:\d{2}-\d{3}|\d{3,6}(?:[- ]?[A-Z]{2}\b|-\d{2,4})?|\d{3} ?\d{2}"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d)\b"
)
_PLACE = r"(?:[A-Z][A-Za-z'-]*[A-Za-z]\b|(?:St|Ste|Mt|Ft)\.)"
_TOWN = rf"{_PLACE}(?:[ -](?:{_PLACE}|{OF}{_PLACE}|am|an|nad|sur|sous|im|ob)){{0,3}}"
_WHICH = r"(?:\.? ?#?\d[A-Za-z0-9-]{0,7}|[. ] ?#?[A-Za-z0-9-]{1,8})\b"
_SURELY = pattern(
    rf"^(?:/[IVX\d]{{1,4}}\b|(?:[, ]{{0,2}}|{_BREAK})(?i:apt|apartment|suite|ste|unit|floor|fl|room|rm"
    rf"|building|bldg|flat|lot|box|#){_WHICH}"
    r"|, ?\d{1,2}\.?[oa]? ?(?i:izq(?:da)?|dcha|der|centro|piso|planta|esq|dto|andar|og|stock|etage|et)\b\.?"
    r"|, ?(?i:piso|planta|portal|escalera|esc|puerta|pta|andar|etage|whg|wohnung|top|bat|appt|apto|sala|bloco"
    r"|scala|interno|bajo|atico)"
    rf"{_WHICH}"
    rf"|(?:, ?|{_BREAK}){_POSTCODE}|(?:, ?|{_BREAK})(?i:{MILITARY})(?: \d{{3,6}})?"
    rf"| \d{{5}}\b)"
)
_MORE = pattern(
    rf"^(?:(?:, ?|{_BREAK}| | in ){_POSTCODE} {_TOWN}"
    rf"|{_BREAK}{_TOWN}(?:[ ,]{{1,2}}[A-Z]{{2,3}}\b)?(?:[ ,]{{1,2}}{_POSTCODE})?"
    rf"|, ?{_TOWN}(?:,? [A-Z]{{2,3}}\b)?(?:,? {_POSTCODE})?| {_TOWN}(?:,? [A-Z]{{2,3}}\b)?"
    rf"(?:,? {_POSTCODE})?| \([A-Z][A-Za-z]+\))"
)
_GOES_ON = pattern(r"^(?:[ ]*(?:[,.;:!?)\"'\n]|$)| [\d(])")
_ENDS_IN_CODE = pattern(r"\d[A-Z]{0,2}$")
_MOST_PIECES = 7
_MOST_CHARACTERS = 120


def extended(seen: bytes, end: int) -> int:
    """
    Where the address ends that goes on at `end`: unit, town, postcode, country, on this line or the next.

    Args:
        seen: The shadow of the view.
        end: Where the street ends.
    """
    for _ in range(_MOST_PIECES):
        rest = seen[end : end + _MOST_CHARACTERS]
        more = _SURELY.search(rest) or _MORE.search(rest)
        if more is None or not (
            _SURELY.search(rest) or _ENDS_IN_CODE.search(more[0]) or _GOES_ON.search(rest[more.end() :])
        ):
            break
        end += more.end()
    return end
