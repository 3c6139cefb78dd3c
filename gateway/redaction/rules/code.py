"""Numbers that lead to one person through a register: file numbers, cases, customers, orders of a court."""

from gateway.redaction.checksums import digits
from gateway.redaction.rule import Rule

_VALUE = r"(?P<v>[A-Z0-9]{0,8}[-/. ]?\d[A-Z0-9]*(?:[-/.][A-Z0-9]{1,12}){0,5})"


def _five_or_mixed(value: str) -> bool:
    """Five digits at least, unless letters stand among them: the third row of a table is nobody."""
    return len(digits(value)) > 4 or any(one.isalpha() for one in value)


CODE = (
    Rule("docket", "CODE", r"\b\d{1,2}:\d{2}-[a-z]{2,4}-\d{3,6}(?:-[A-Z]{2,4})*\b"),
    Rule(
        "id",
        "ID",
        r"(?i)\b(?:\w+[ _-])?id(?:entification)?(?:[ _-]?(?:number|no\.?|nr\.?|#))?[\"']?(?: ?"
        r"(?:is|:|=|#) ?| ){1,2}[\"']?(?P<v>[A-Z]{0,4}-?\d[A-Z0-9]{2,20}"
        r"(?:[-/.][A-Z0-9]{1,12}){0,4})",
        check=_five_or_mixed,
        score=0.6,
    ),
    Rule(
        "meeting",
        "ID",
        r"\b\d{3}[ -]?\d{3,4}[ -]?\d{3,4}\b",
        near=r"(?:meeting|conference|webinar)[ -](?:id|number|code)[^\n]{0,8}$",
        score=0.85,
    ),
    Rule(
        "booking",
        "ID",
        r"(?i)\b(?:pnr|record locator|(?:booking|reservation|buchungs|reservierungs)[ -]?(?:code|ref"
        r"(?:erence)?|number|nummer|no\.?))(?: is|:|=|#)? ?(?P<v>(?-i:[A-Z0-9]{5,8}))\b",
        score=0.7,
    ),
    Rule(
        "application",
        "CODE",
        r"(?i)(?:\bapplications?|\bapp\.?|\brequ[eê]tes?|\bdemandas?|\bcases?|\baffaires?"
        r"|\basuntos?|\bbeschwerden?)(?: \()?\s?\(?(?:nos?\.?|n[°ºo]s?\.?|numbers?|nr\.?"
        r"|núm\.?)? ?(?P<v>\d{1,6}/\d{2,4}(?:(?:,| and| et| y|;) \d{1,6}/\d{2,4}){0,20})",
        whole=False,
    ),
    Rule(
        "slashed",
        "CODE",
        r"\b\d{1,6}(?:/\d{1,6}){1,4}\b",
        near=r"(?:\bno|\bnos|n[°º]|\bnr|\bnum(?:ber|ero)?|application|request|case|requ|demanda|\bfile"
        r"|ref)s?\b\.? ?[^\n]{0,40}$",
        score=0.7,
    ),
    Rule(
        "customer",
        "ID",
        r"(?i)\b(?:customer|client|member|employee|staff|student|account|subscriber|kunden|klient"
        r"|mitarbeiter|personal)[ _-]?(?:id|no\.?|number|nr\.?|nummer|#)[\"']?(?: ?(?:is|:|=|#) ?"
        rf"| )[\"']?{_VALUE}",
        score=0.7,
    ),
    Rule(
        "case-file",
        "CODE",
        r"(?i)\b(?:case|docket|file|matter|claim|dossier|aktenzeichen|az\.?|geschäftszeichen"
        r"|expediente|fascicolo|zaak)(?: ?(?:number|no\.?|nr\.?|id|#|n[°º]))?[\"']?(?: ?(?:is|:|="
        rf"|#) ?| ){_VALUE}",
        check=lambda value: len(digits(value)) > 2,
        score=0.7,
    ),
)
