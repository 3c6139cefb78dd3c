"""Postal addresses: where one begins, and how far it goes on."""

from gateway.redaction.rule import Rule
from gateway.redaction.rules.address_rest import MILITARY, OF
from gateway.redaction.shadow import pattern

_CAP = r"[A-Z][A-Za-z'.-]*"
_NUMBER = r"\d{1,6}(?:[ -]?[A-Za-z]\b|[-/]\d{1,5}(?:[ -]?[a-zA-Z]\b)?)?"
_KIND = (
    r"(?:st(?:reet)?|ave(?:nue)?|av|blvd|boulevard|r(?:oa)?d|dr(?:ive)?|l(?:a)?n(?:e)?|ct"
    r"|court|cir(?:cle)?|pl(?:ace)?|sq(?:uare)?|ter(?:race)?|way|pkwy|parkway"
    r"|hwy|highway|trail|trl|loop|alley|aly|plaza|crescent|cres|close|mews|row|grove|gardens?"
    r"|hill|rise|walk|wharf|quay|point|pt|ridge|run|path|pike|xing|crossing"
    r"|green|view|heights|hts|park|meadows?|bend|cove|creek|glen|landing|manor|mill|oaks?|pass"
    r"|route|rte|turnpike|expressway|bypass|esplanade|parade|vale|bridge"
    r"|knolls?|springs?|valley|village|station|stream|summit|track|tunnel|union|via|ville"
    r"|vista|wells|estates?|falls|ferry|fields?|flats?|fords?|forest|forges?|forks?"
    r"|harbors?|haven|hollow|inlet|islands?|isle|junctions?|keys?|lakes?|lights?|locks?|lodge"
    r"|mountains?|neck|orchard|oval|overpass|plains?|port|prairie|ranch|rapids?|rest|shoals?"
    r"|shores?|spurs?|square|stravenue|mount|divide|extension|fort|burg|camp|canyon|cape"
    r"|causeway|center|cliffs?|club|common|corner|course|curve|dale|dam)"
)
_SUFFIX = (
    r"[A-Z][A-Za-z.'-]*(?:stra(?:s|ss)e|str\.?|straat|gata|gatan|gate|gade|vej|vagen|veien?"
    r"|vei|tie|katu|kuja|polku|weg|gasse|allee|platz|ring|damm|ufer|laan|plein|gracht|kade"
    r"|dreef"
    r"|hof|singel|utca|torget|stien|bakken|berg|steig|graben|markt|chaussee|steenweg|dijk|pad"
    r"|park|hove|platze|strade|stredet|backen|grand|kaari|ranta|rinne|lund|marken|toften"
    r"|bakke|lokka|lia|kroken|vangen|parken|haugen|braut|holt|gerdi|stigur|tun|moor|enget|skov"
    r"|parkvej)"
)
_BEFORE = (
    r"(?:via|viale|piazza|piazzale|corso|vicolo|largo|strada|rue|avenue|av\.|boulevard|bd\.?"
    r"|place|allee|chemin|impasse|quai|cours|route|calle|c/|avda\.?|avenida|plaza|paseo|carrer"
    r"|carretera|camino|ronda|rua|r|travessa|praca|ul\.|ulica|aleja|al\.|os\.|ulitsa|str\."
    r"|bulevardul|namesti|trida|tr\.|gran via|glorieta|rambla|pasaje|kalea|jl\.|jalan)"
)
_LABEL = (
    r"(?i)(?:\baddress(?:es)?|\banschrift|\badresse|\bdireccion|\bdomicilio|\bindirizzo"
    r"|\bmorada|\bendereco|\badres|\bosoite|\blives? (?:at|in|on)|\bliving at"
    r"|\blived at|\bresid(?:es?|ing|ed) at|\blocated at|\bship(?:ped|ping)? to|\bdeliver(?:ed"
    r"|y)? to|\bmoved to|\bsituated at|\bwohnhaft|\bwohnt|\bhome is|\bsend (?:it|them|this) to"
    r"|\bhabite|\bdemeurant|\bmeet you at|\bvenue|\bcome to)"
)
_TO = (
    r"(?:[\"']? ?(?::|=|is(?: now)?|was|change to|to|has changed to|changed to|at|in"
    r"|-){0,2}[ ]{0,12}[\"'\n]{0,2} ?)"
)


def _no_date(value: str) -> bool:
    """No month among its words (12 May 2020), and no sentence ends among them."""
    months = (
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "nov",
        "dec",
        "article",
        "rule",
        "section",
        "chapter",
        "protocol",
        "no.",
        "act",
        "version",
        "page",
        "step",
        "table",
    )
    ends = any(word.endswith(".") and len(word) > 5 and word.isascii() for word in value.split()[1:-1])
    return not ends and not any(word.lower().startswith(months) for word in value.split())


_KINDS = pattern(rf"(?i)^{_KIND}$")


def _street(value: str) -> bool:
    """Ends in a kind of street (a compass point may follow), and is no date."""
    words = [word.rstrip(".") for word in value.split()]
    return _no_date(value) and any(
        _KINDS.search(word.encode()) for word in words[-2:] if len(word) > 1 or word in "NSEW"
    )


def _no_way(value: str) -> bool:
    """None of its words says of what kind a way is, or how long: 4 lane road, 50 miles of road."""
    kinds = "lane way mile miles minute hour day week month year years car the and off per star level busy"
    return not set(kinds.split()) & set(value.split()[:-1])


ADDRESS = (
    Rule(
        "street",
        "ADDRESS",
        rf"\b(?:{_NUMBER} )?{_NUMBER},? (?:(?:[NSEW]|NE|NW|SE|SW)\.? )?(?:{_CAP} |\d{{1,3}}(?:st|nd"
        rf"|rd|th) ){{1,4}}(?:{_CAP} )?(?:st|street|road|rd|ave|avenue|lane|drive|blvd|[A-Z]\w+|St"
        r"|Rd|Dr)\b\.?(?: (?:[NSEW]|NE|NW|SE|SW)\b)?",
        check=_street,
        score=0.8,
    ),
    Rule("street-with-ending", "ADDRESS", rf"(?:{_CAP} ){{0,2}}{_SUFFIX} {_NUMBER}", score=0.8),
    Rule(
        "number-street-with-ending",
        "ADDRESS",
        rf"\b{_NUMBER} (?:{_CAP} ){{0,2}}{_SUFFIX}\b(?: {_NUMBER})?",
        score=0.75,
    ),
    Rule(
        "street-after-kind",
        "ADDRESS",
        rf"\b(?:{_NUMBER},? )?(?i:{_BEFORE}) {OF}{{0,2}}(?:{_CAP} ?{OF}?){{1,5}},? ?"
        rf"(?:n[o°.]{{0,2}} ?|nr\.? ?|num\.? ?)?{_NUMBER}",
        score=0.8,
    ),
    Rule(
        "number-kind-street",
        "ADDRESS",
        rf"\b{_NUMBER},? (?:bis |ter )?(?i:{_BEFORE}) {OF}{{0,2}}(?:{_CAP} ?{OF}?){{1,4}}"
        rf"(?: {_NUMBER})?",
        score=0.8,
    ),
    Rule(
        "small-letters", "ADDRESS", rf"\b\d{{1,5}},? (?:{_BEFORE}) (?:[a-z']+ ){{1,4}}\d{{1,4}}\b", score=0.7
    ),
    Rule(
        "number-street-number",
        "ADDRESS",
        rf"\b\d{{1,6}} (?:{_CAP} |z ){{1,4}}\d{{1,5}}[A-Za-z]?\b\.?",
        check=_no_date,
        score=0.7,
    ),
    Rule(
        "post-box",
        "ADDRESS",
        r"(?i)\b(?:\d{1,6} )?(?:p\.? ?o\.? ?box|postfach|boite postale|apartado de correos"
        r"|casella postale|postbus|postboks) ?\d{1,7}",
        score=0.8,
    ),
    Rule(
        "military",
        "ADDRESS",
        r"(?i)\b(?:psc|cmr|unit|uss|usns|usnv|usnb|usav|uscgc"
        rf"|box) [^\n]{{1,40}}[\n,]{{1,2}} ?{MILITARY}",
        score=0.85,
    ),
    Rule(
        "corner",
        "ADDRESS",
        rf"(?i)\b(?:the )?corner of (?-i:(?:{_CAP} ?|\d{{1,5}} ?|{OF}){{1,6}} ?and "
        rf"(?:\d{{1,5}} )?{_CAP}(?: {_CAP}){{0,3}})",
        score=0.8,
    ),
    Rule(
        "labelled",
        "ADDRESS",
        rf"{_LABEL}{_TO}(?-i:(?P<v>(?:\d[A-Za-z\d/-]{{0,9}},? )?(?:{_CAP},? |{OF}){{1,5}}{_NUMBER}))",
        check=_no_date,
        whole=False,
        score=0.75,
    ),
    Rule(
        "labelled-number",
        "ADDRESS",
        rf"{_LABEL}{_TO}(?-i:(?P<v>{_NUMBER},? (?:{_CAP},? ?|{OF}|\d{{1,4}} ?){{1,6}}))",
        check=_no_date,
        whole=False,
        score=0.75,
    ),
    Rule(
        "labelled-quoted",
        "ADDRESS",
        r"(?i)\b(?:address|street|anschrift|adresse|direccion|indirizzo|strasse)(?:_?"
        r"(?:line)?_?\d)?[\"'] ?[:=] ?[\"'](?P<v>[^\"'\n]{3,120})[\"']",
        whole=False,
        score=0.8,
    ),
    Rule(
        "street-and-town",
        "ADDRESS",
        rf"(?:{_CAP} ){{1,4}}{_NUMBER}, ?(?:\d{{4,6}} )?(?:{_CAP} ?){{1,4}},? "
        rf"(?:[A-Z]{{1,2}}-?)?\d{{3,6}}(?:[ -][A-Z]{{2}}\b|-\d{{3,4}}|-\d{{2}})?",
        check=_no_date,
        score=0.75,
    ),
    Rule(
        "german-place-and-town",
        "ADDRESS",
        r"\b(?:Am|An de[rnm]|Auf de[rm]|Im|In de[rnm]|Zu[mr]|Unter de[rn]|(?:Hinter|Vor|Bei) de[rm]) "
        rf"(?:{_CAP} ){{1,3}}\d{{1,4}} ?[a-zA-Z]?, ?(?:D-)?\d{{5}} {_CAP}",
        score=0.8,
    ),
    Rule(
        "street-in-small-letters",
        "ADDRESS",
        r"\b\d{1,5}[a-z]? (?:[a-z']{3,20} ){1,2}(?:street|road|rd|avenue|ave|lane|boulevard|blvd|crescent"
        r"|terrace|gardens|mews)\b",
        check=_no_way,
        score=0.6,
    ),
    Rule(
        "labelled-postcode",
        "ADDRESS",
        r"(?i)\b(?:zip|(?:zip|postal|post)[ _-]?code|plz|postleitzahl|code[ _]postal|codigo[ _]postal)[\"']?"
        r" ?[:=] ?[\"']?(?P<v>[A-Z]{0,2}\d[A-Z0-9]{1,5}(?:[ -][A-Z0-9]{2,4})?)",
        score=0.6,
    ),
    Rule("postcode-uk", "ADDRESS", r"\b[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}\b", score=0.6),
    Rule("postcode-canada", "ADDRESS", r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d\b", score=0.6),
    Rule(
        "state-and-code",
        "ADDRESS",
        r"\b(?:[A-Z][A-Za-z'.-]* ){1,3}(?:[A-Z][A-Za-z'.-]*)?, ?[A-Z]{2} \d{5}(?:-\d{4})?\b",
        score=0.6,
    ),
)
