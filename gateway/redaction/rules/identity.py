"""Who somebody is to a state, an insurer or a hospital; and when they were born."""

from gateway.redaction import checksums
from gateway.redaction.rule import Rule

_CODE = r"(?P<v>[A-Za-z]{0,12}[-/]?\d(?:[-/.]?[A-Za-z0-9]){3,24})"
_IS = (
    r"(?:[ _-]?(?:numbers?|num|no|nos|nr|code|id|card)){0,2}[.\"']{0,2}(?: ?(?:is|was|es|ist|est|e|=|:|#|n°"
    r"|nº)){0,2}[ \t\"'(#|]{1,40}"
)

_MONTH = (
    r"(?i:jan|feb|m[aä]r|a[pv]r|ma[iy]|jun|juin|jul|juil|ao[uû]t|aug|sep|o[ck]t|nov|de[cz]|ene"
    r"|abr|ago|dic|gen|mag|giu|lug|set|ott"
    r"|f[eé]v|d[eé]c|mrt|mei|maa|huh|touko|kes|hein|elo|syys|loka|marras|joulu|tammi"
    r"|helmi)[A-Za-z]{0,9}\.?"
)
_DATE = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th|er|\.|º)? ?(?:de |of )?{_MONTH},?(?: de| del)? ?\d{{2,4}}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}"
    r"|\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|(?:19|20)\d{6})"
)
_BORN = (
    r"(?i)(?:\bborn(?: on| in)?|\bb\.|\bd\.? ?o\.? ?b\b\.?|date[ _]of[ _]birth|birth[ _]?(?:date"
    r"|day)|\bbirth|geb(?:oren|urtsdatum)?\b\.?(?: am)?"
    r"|\bn[eé]e?(?:\(e\))?(?: le)?|naissance|nacid[oa](?: el)?|nacimiento|nat[oa](?: il)?"
    r"|nascita|nascid[oa](?: em)?|geboortedatum"
    r"|f[oö]dd|f[oø]dt|syntynyt|ur(?:odzon[ya])?\.)[\"']?(?: ?[:=] ?| is | was | )?[\"'(]?"
)


def _named(name: str, kind: str, words: str, score: float = 0.9) -> Rule:
    """A number that the word before it names."""
    return Rule(name, kind, rf"(?i)\b(?:{words}){_IS}{_CODE}", score=score)


def _near(name: str, kind: str, words: str, score: float = 0.7) -> Rule:
    """The same with other words between: NIF of Beatriz is 123456789."""
    number = r"(?i)\b(?:[a-z]{1,3}|(?-i:[A-Z]{2}) )?[0-9](?:[ .-]?[a-z]?[0-9]){5,14}[a-z]?\b"
    return Rule(f"{name}-near", kind, number, near=rf"\b(?:{words})\b[^0-9\n.;]{{0,40}}$", score=score)


IDENTITY = (
    Rule("born", "DOB", _BORN + f"(?P<v>{_DATE})", score=0.95),
    Rule(
        "born-somewhere",
        "DOB",
        r"(?i)\b(?:born|geb(?:oren|\.)|n[eé]e?(?:\(e\))?|nacid[oa]|nat[oa]|nascid[oa]|urodzon[ya]|f[oö]dd|f[oø]dt)"
        r" (?:in|at|a|à|en|em|te|zu|w|i) [^\n\d;]{2,40}[ ,]"
        rf"(?P<v>{_DATE})",
        score=0.95,
    ),
    Rule("us-ssn", "NATIONAL_ID", r"\b\d{3}[- .]\d{2}[- .]\d{4}\b", check=checksums.us_ssn, score=0.95),
    Rule(
        "us-ssn-near",
        "NATIONAL_ID",
        r"\b\d{3}[- ]?\d{2}[- ]?\d{4}\b",
        near=r"ssn|social|\bsin\b|tax",
        score=0.9,
    ),
    Rule("us-ssn-last", "NATIONAL_ID", r"(?i)\b(?:ssn|social)\b[^\d\n]{0,24}(?P<v>\d{4})\b", score=0.8),
    Rule("ca-sin", "NATIONAL_ID", r"\b\d{3}[ -]\d{3}[ -]\d{3}\b", check=checksums.luhn),
    Rule(
        "uk-nino",
        "NATIONAL_ID",
        r"(?i)\b[a-ceghj-prstw-z][a-ceghj-nprstw-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d]\b",
        score=0.95,
    ),
    Rule(
        "uk-nhs",
        "MEDICAL_ID",
        r"\b\d{3}[ -]\d{3}[ -]\d{4}\b",
        check=checksums.nhs,
        near="nhs|patient|health",
        score=0.97,
    ),
    Rule(
        "fr-insee",
        "NATIONAL_ID",
        r"\b[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}\b",
        check=checksums.insee,
        score=0.98,
    ),
    Rule("es-dni", "NATIONAL_ID", r"(?i)\b[xyz]?-?\d{7,8}[ -]?[a-z]\b", check=checksums.dni, score=0.95),
    Rule("it-cf", "NATIONAL_ID", r"(?i)\b[a-z]{6}\d{2}[abcdehlmprst]\d{2}[a-z]\d{3}[a-z]\b", score=0.99),
    Rule("pl-pesel", "NATIONAL_ID", r"\b\d{11}\b", check=checksums.pesel, score=0.8),
    Rule(
        "de-steuer",
        "TAX_ID",
        r"\b\d{2} ?\d{3} ?\d{3} ?\d{3}\b",
        check=checksums.steuer_id,
        near="steuer|tax|idnr|tin",
        score=0.9,
    ),
    Rule(
        "nl-bsn",
        "NATIONAL_ID",
        r"\b\d{3}[ .]?\d{3}[ .]?\d{3}\b",
        check=checksums.bsn,
        near="bsn|burgerservice|sofi",
        score=0.95,
    ),
    Rule(
        "ch-ahv", "NATIONAL_ID", r"\b756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}\b", check=checksums.ean13, score=0.99
    ),
    Rule("br-cpf", "NATIONAL_ID", r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b", check=checksums.cpf, score=0.99),
    Rule("br-cnpj", "TAX_ID", r"\b\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}\b", score=0.98),
    Rule(
        "in-aadhaar",
        "NATIONAL_ID",
        r"\b[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}\b",
        check=checksums.verhoeff,
        score=0.8,
    ),
    Rule("in-pan", "TAX_ID", r"\b[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]\b", score=0.97),
    Rule("nordic", "NATIONAL_ID", r"\b\d{6}(?:\d{2})?[-+A]\d{3}[0-9A-Za-z]\b", score=0.8),
    Rule("cz-sk-birth-number", "NATIONAL_ID", r"\b\d{2}[0156]\d[0-3]\d/\d{3,4}\b", score=0.8),
    Rule("us-ein", "TAX_ID", r"\b\d{2}-\d{7}\b", near=r"ein|tax|employer|tin|fein", score=0.9),
    Rule("us-itin", "TAX_ID", r"\b9\d{2}-[5-9]\d-\d{4}\b", score=0.97),
    Rule(
        "eu-vat",
        "TAX_ID",
        r"\b(?:ATU|BE0|CHE|DE|DK|ES|FI|FR|GB|IE|IT|LU|NL|PL|PT|SE)[ -]?[0-9A-Z]{0,2}\d{7,10}"
        r"(?:B\d{2})?\b",
        near=r"vat|ust|uid|tva|iva|btw|tax",
        score=0.9,
    ),
    _named(
        "national",
        "NATIONAL_ID",
        r"ssn|sin|social[ _-]?(?:security|insurance)|national[ _-]?(?:id(?:entity|entification)?"
        r"|insurance)|nin|nino|n\.?i\.?|personal(?:ausweis)?(?:[ _-]?(?:id(?:entity)?|code))?"
        r"|identity(?:[ _-]card)?|id[ _-]?card|personnummer|fødselsnummer|cpr|bsn|pesel|dni|nie"
        r"|curp|cpf|rg|aadhaa?r|nric|hkid|ausweis(?:nummer)?|voter(?:[ _-]?id)?|citizen(?:ship)?"
        r"|ahv|rodné číslo|oib|jmbg|cnp|egn|tckn|nif|codice fiscale|sozialversicherungs(?:nummer)?"
        r"|carte d'identit[ée]|s[eé]curit[eé] sociale",
    ),
    _near(
        "national",
        "NATIONAL_ID",
        r"ssn|social security|national (?:id|insurance)|n[°o]? de securite sociale|nir|sozialversicherung\w*"
        r"|ausweis\w*|personnummer|fodselsnummer|cpr|bsn|pesel|dni|nie|nif|curp|cpf|codice fiscale|oib|cnp"
        r"|identity card|id card",
    ),
    _near(
        "tax",
        "TAX_ID",
        r"tax(?:payer)? (?:id|number|ref\w*)|tin|utr|steuer-?(?:id|nummer)|siret|siren"
        r"|vat|ust-?id\w*|tva|btw|partita iva|numero fiscal",
    ),
    _near("passport", "PASSPORT", r"passport|reisepass|passeport|pasaporte|passaporto?|paspoort"),
    _named(
        "tax",
        "TAX_ID",
        r"tin|ein|vat|tax(?:payer)?(?:[ _-]?(?:id(?:entification)?|ref(?:erence)?|file))?|utr"
        r"|steuer(?:-?id|nummer)?|ust-?id(?:nr)?|siret|siren|pan|gstin?|abn|cnpj|btw|p"
        r"(?:artita )?\.? ?iva|rfc|cuit",
    ),
    _named(
        "passport",
        "PASSPORT",
        r"passport|reisepass|passeport|pasaporte|passaporto|paspoort|passnummer|pass",
        0.95,
    ),
    _named(
        "licence",
        "DRIVER_LICENCE",
        r"(?:driv(?:er'?s?|ing)|driver)[ _-]?(?:licen[cs]e|permit)|licen[cs]e|dl|dln"
        r"|f[uü]hrerschein(?:nummer)?|permis(?: de conduire)?|carn[eé] de conducir|patente"
        r"|rijbewijs|k[oö]rkort|cdl",
        0.95,
    ),
    _named(
        "medical",
        "MEDICAL_ID",
        r"mrn|med(?:ical)?\.?[ _-]?(?:rec(?:ord)?|id)\.?(?: ?(?:number|no\.?|#))?|patient(?:[ _-]?"
        r"(?:id|number|record|file))|npi|dea|nhs|medicare|medicaid|health[ _-]?(?:plan|card"
        r"|insurance|id)(?: id)?|insurance(?:[ _-]?(?:id|policy|member))?|member(?:[ _-]?id)?"
        r"|beneficiary|subscriber|policy|chart|record|krankenversicher[A-Za-z]*"
        r"|versicherten[A-Za-z]*|hospital|encounter|accession|specimen|ehr|emr|rx|prescription"
        r"|provider|dossier m[eé]dical|case|mutuelle|p[oó]liza|polizza|policen?(?:nummer)?",
        0.85,
    ),
    Rule("dea", "MEDICAL_ID", r"\b[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}\b", near="dea", score=0.95),
    Rule("npi", "MEDICAL_ID", r"\b[1-9]\d{9}\b", signs=("npi", "provider identifier"), score=0.88),
    Rule("mrn-shaped", "MEDICAL_ID", r"(?i)\b(?:mrn|mr|pt|pat)[-#: ]{1,3}\d{4,12}\b", score=0.9),
    Rule(
        "vin",
        "VEHICLE",
        r"\b[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{8}\b",
        near="vin|vehicle|chassis|car|fin",
        score=0.9,
    ),
    Rule(
        "plate-shaped",
        "VEHICLE",
        r"\b(?:[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]{2}-\d{3}-[A-Z]{2}|[A-Z]{1,3}[- ][A-Z]{1,2} ?\d{1,4}[EH]?"
        r"|\d{4} ?[A-Z]{3})\b",
        near=r"\breg\b|registr|plate|vehic|\bcar\b|\bvan\b|kennzeichen|kfz|auto|wagen|immatric|plaque|voiture"
        r"|matricula|coche|targa|kenteken",
        score=0.7,
    ),
    _named(
        "plate",
        "VEHICLE",
        r"licen[cs]e plate|plate|registration|kennzeichen|immatriculation|matr[ií]cula|targa"
        r"|kenteken|vin|chassis",
        0.9,
    ),
)
