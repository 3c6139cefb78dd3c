"""Names by where they stand: behind a title, a greeting, a label, a closing line, before a mail address."""

from collections.abc import Iterator
from dataclasses import replace

from gateway.redaction.finding import Finding
from gateway.redaction.lexicon import Name
from gateway.redaction.page import PARTICLES, Page
from gateway.redaction.shadow import pattern
from gateway.redaction.wordset import words

_TITLES = words(
    """
    mr mrs ms miss mx dr prof professor doctor sir lady lord dame madam judge justice captain capt
    colonel col lieutenant lt sgt sergeant officer detective inspector ambassador rev reverend attorney
    nurse herr herrn frau hr mme mlle monsieur madame maitre sr sra srta senor senora senorita don dona
    sig signor signora dott dottor dottoressa ing avv dhr mevr mevrouw mw meneer pan pani uncle aunt
    auntie messrs mm mmes mlles mister missus fru professeur docteur doktor mag dipl adv familie fam kollege
    kollegin signorina signore grandma grandpa granny pastor imam rabbi sheikh
    """
)
_NOBODY = words(
    """
    sir sirs madam all team everyone everybody colleagues colleague customer customers client clients
    friends friend there support hiring manager recruiter folks guys both reader readers member members
    parents valued user users applicant candidate president speaker minister general damen herren kunde
    kunden kundin diary kollegen kolleginnen leute zusammen tous toutes equipe client collegues todos todas
    equipo tutti again world committee editor board council admin administrator staff department service
    services we i you it this the my your our
    """
)
_GREETING = pattern(
    r"(?im)(?:^|[>\n] ?|[\"“.!?] )(?:re: ?)?(?:(?:my )?dear(?:est)?|hi(?: again)?|hello|hey"
    r"|hiya|hallo|hej|hei|hola|moin|servus|liebe[rs]?|sehr geehrte[rs]?"
    r"|cher|ch[eè]re|bonjour|bonsoir|salut|estimad[oa]|querid[oa]|car[oa]|carissim[oa]|gentile"
    r"|egregio|ciao|salve|geachte|beste|prezad[oa]|ol[aá]"
    r"|kjære|kære|k[aä]ra|good (?:morning|afternoon|evening)|guten (?:tag|morgen|abend)|gr[uü]"
    r"(?:ß|ss) gott|buenos d[ií]as|buenas tardes|buongiorno"
    r"|goede(?:morgen|middag)|dzie[nń] dobry|witam|szanown[ya]|dragi|thanks|thank you|cheers"
    r"|merci|gracias|danke|grazie|obrigad[oa]|attention|attn"
    r"|welcome|congrat(?:ulation)?s|happy birthday|r\.?i\.?p\.?|@?cc)[ ,:]{1,2}\b"
)
_NAMED = (
    r"(?:(?:first|last|full|given|family|middle|maiden|sur|nick|legal|birth|display|user"
    r"|patient|customer|client|contact|employee|account|holder'?s?"
    r"|cardholder'?s?|mother'?s(?: maiden)?|father'?s|spouse'?s?)[ _-]?name|name|vor-?name"
    r"|nachname|familienname|nom|pr[eé]nom|nombre|apellidos?"
    r"|cognome|voornaam|achternaam|naam|nome|sobrenome|f[oö]rnamn|efternamn|namn|navn|nimi"
    r"|imi[eę]|nazwisko|first|last|surname|fname|lname"
    r"|cardholder|account[ _]holder|kontoinhaber(?:in)?|titulaire|titular|intestatario)"
)
_LABEL = pattern(rf"(?i)\b{_NAMED}[\"']?\]?(?: ?(?:[:=]|=>) ?| is | was )[\"'\[]{{0,2}} ?(?P<v>\b[A-Za-z])")
_WEAK = pattern(
    r"(?i)\b(?:patient|pt|employee|contact(?: person)?|customer|client|attn|attention|from|to"
    r"|cc|bcc|author|owner|assignee|assigned to|reporter"
    r"|reported by|manager|supervisor|signed(?: by)?|prepared by|approved by|reviewed by"
    r"|requested by|submitted by|created by|written by|applicant|tenant|landlord"
    r"|buyer|seller|witness|claimant|defendant|plaintiff|petitioner|respondent|beneficiary"
    r"|guarantor|borrower|insured|policyholder|provider"
    r"|physician|doctor|attending|referring|therapist|nurse|student|teacher|parent|guardian"
    r"|spouse|husband|wife|son|daughter|mother|father|brother"
    r"|sister|friend|colleague|boss|neighbou?r|member|guest|passenger|driver|candidate"
    r"|attendees?|participants?|speaker|host|recipient|sender"
    r"|ansprechpartner(?:in)?|mitarbeiter(?:in)?|kunde|kundin|patientin|mieter(?:in)?|absender"
    r"|empf[aä]nger|client[ea]?|destinataire|remitente"
    r"|destinatario|paciente|dipendente|paziente|re|subject|betreff|objet|asunto"
    r"|oggetto)[\"']?(?: ?[:=#] ?|\s)[\"']?(?P<v>\b[A-Za-z])"
)
_SELF = pattern(
    r"(?i)(?:\bmy name(?: is|'s)|\bi am|\bi'm|\bthis is|\bcall me|\bnamed?|\bcalled|\bknown as"
    r"|\ba\.?k\.?a\.?|\bich hei(?:ß|ss)e|\bmein name ist"
    r"|\bich bin|\bje m'appelle|\bmon nom est|\bje suis|\bme llamo|\bmi nombre es|\bsoy"
    r"|\bmi chiamo|\bsono|\bik heet|\bmijn naam is|\bchamo-me"
    r"|\bmeu nome [eé]|\bjag heter|\bjeg heter|\bspeak(?:ing)? (?:to|with)|\btalk(?:ed|ing)? "
    r"(?:to|with)|\bspoke (?:to|with)|\bgreetings from|\bmet with"
    r"|\bsincerely|\blove) (?P<v>\b[A-Za-z])"
)
_PARTICLE = pattern(r"\b(?:[vV]an de[rn]?|[vV]on(?: der)?|[tT]er|[bB]in|[iI]bn) (?P<v>[A-Z])")
_MAIL_AFTER = pattern(r"[ ,\"']{0,2}[<(\[] ?(?:mailto:)?[\w.+'-]{1,64}@")


def positions(page: Page) -> Iterator[Finding]:
    """Names that something beside them points at."""
    yield from _titled(page)
    for sign, rule, score, strict in (
        (_LABEL, "label", 0.9, False),
        (_WEAK, "role", 0.75, True),
        (_SELF, "introduced", 0.8, True),
    ):
        for found in sign.finditer(page.shadow):
            yield from _name_at(page, found.start(1), rule, score, strict=strict)
    for found in _PARTICLE.finditer(page.shadow):
        if page.language not in ("german", "dutch"):
            yield from _name_at(page, found.start(1), "particle", 0.7, strict=False)
    for found in _GREETING.finditer(page.shadow):
        yield from _greeted(page, found.end())
    yield from _mailed(page)


def _titled(page: Page) -> Iterator[Finding]:
    for index, word in enumerate(page.words[:-1]):
        if _is_title(page, index) and (word.capital or page.lower_case):
            first = index + 1
            while first < len(page.words) - 1 and (
                page.words[first].known.folded in ("and", "et", "und", "y", "e") or _is_title(page, first)
            ):
                first += 1
            if all(
                page.text[page.words[at].end : page.words[at + 1].start] in (" ", ". ", ".")
                for at in range(index, first)
            ):
                for one in _name(page, first, "title", 0.9, strict=False):
                    short = not any(
                        len(part) > 1 for part in page.text[one.start : one.end].replace(".", " ").split()
                    )
                    yield replace(one, start=word.start) if short else one


def _is_title(page: Page, index: int) -> bool:
    word = page.words[index]
    if word.known.folded in _TITLES:
        return True
    dotted = page.text[word.end : word.end + 1] == "."
    return (word.text == "M" and dotted and page.language == "french") or (
        word.text in ("D", "Dª", "Me") and page.language in ("spanish", "french")
    )


def _greeted(page: Page, place: int) -> Iterator[Finding]:
    index = page.index_at(place)
    while index < len(page.words) and _is_title(page, index):
        index += 1
    if (
        index < len(page.words)
        and page.words[index].start - place < 24
        and "\n" not in page.text[place : page.words[index].start]
    ):
        yield from _name(page, index, "greeting", 0.8, strict=False)


def _name_at(page: Page, place: int, rule: str, score: float, *, strict: bool) -> Iterator[Finding]:
    index = page.index_at(place)
    if index < len(page.words) and page.words[index].start == place:
        if _is_title(page, index) and index + 1 < len(page.words):
            index += 1
        yield from _name(page, index, rule, score, strict=strict)


def _name(page: Page, first: int, rule: str, score: float, *, strict: bool) -> Iterator[Finding]:
    """
    The name that begins at a word, if one does.

    Args:
        page: The text.
        first: Index of the word.
        rule: Told with the finding.
        score: Of the finding.
        strict: A word of the dictionary is no name here.
    """
    word = page.words[first]
    if word.known.folded in _NOBODY or not (word.capital or page.lower_case) or word.code:
        return
    if not _fits(page, first, strict=strict or not word.capital) and not _before_name(page, first):
        return
    last = first
    for index in range(first + 1, min(first + 6, len(page.words))):
        if not page.goes_on(index):
            break
        if page.is_initial(index) or _fits(page, index, strict=not page.is_initial(index - 1)):
            last = index
        elif page.words[index].known.folded not in PARTICLES:
            break
    if rule in ("role", "label") and _turned_round(page, last):
        last += 1
    yield page.finding(first, last, rule, score)


def _turned_round(page: Page, last: int) -> bool:
    """A given name behind the surname and a comma: Moretti, Viola, born then."""
    if last + 1 >= len(page.words) or page.between(last + 1) != ", " or not page.words[last + 1].capital:
        return False
    end = page.words[last + 1].end
    listed = page.text[end : end + 2] == ", " and page.words[min(last + 2, len(page.words) - 1)].capital
    return not listed and page.text[end : end + 1] in ("", ",", ";", "\n", ")", "|", '"')


def _fits(page: Page, index: int, *, strict: bool) -> bool:
    word = page.words[index]
    if not word.capital:
        return (
            page.lower_case and page.language == "english" and (word.known.name in (Name.YES, Name.UNKNOWN))
        )
    return not strict or word.known.name is not Name.NO or page.is_initial(index)


def _before_name(page: Page, index: int) -> bool:
    """A capitalised ordinary word that a word of no dictionary follows: Rock Petrović."""
    if index + 1 >= len(page.words) or not page.words[index].capital or not page.goes_on(index + 1):
        return False
    then = page.words[index + 1]
    return then.capital and then.known.name in (Name.YES, Name.UNKNOWN) and not then.upper


def _mailed(page: Page) -> Iterator[Finding]:
    """Capitalised words right before an address in brackets."""
    for found in _MAIL_AFTER.finditer(page.shadow):
        last = page.index_at(found.start()) - 1
        first = last
        if last < 0 or page.words[last].end < found.start() or not page.words[last].capital:
            continue
        while (
            first > 0
            and last - first < 4
            and page.goes_on(first)
            and page.words[first - 1].capital
            and not page.words[first].starts
        ):
            if page.words[first - 1].known.name is Name.NO and not page.is_initial(first - 1):
                break
            first -= 1
        yield page.finding(first, last, "before-mail", 0.85)
