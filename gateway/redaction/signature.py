"""Names in the lines under a closing formula, in columns headed as names, and in bare lines of their own."""

from collections.abc import Iterator

from gateway.redaction.finding import Finding
from gateway.redaction.lexicon import Name
from gateway.redaction.page import PARTICLES, Page
from gateway.redaction.shadow import pattern
from gateway.redaction.wordset import words

_CLOSING = pattern(
    r"(?im)^[ >]{0,4}(?:(?:with |mit |med |avec )?(?:(?:kind|best|warm|warmest|many|kindest|my"
    r"|all the|freundlichen?|herzlichen?|liebe|lieben|viele|vielen|beste|besten"
    r"|sch[oö]nen?|bien|tr[eè]s|v[aä]nliga|vennlig|venlig|med|met|vriendelijke|hartelijke"
    r"|cordiali|distinti|atenciosos|un|saludos|mes) ){0,2}(?:regards|wishes|best|thanks"
    r"|thank you(?: (?:very|so) much)?|thx|cheers|sincerely(?: yours)?|yours(?: (?:sincerely"
    r"|faithfully|truly))?|respectfully|cordially|love|xoxo|best|take care|gr[uü](?:ß|ss)e?n?"
    r"|gru(?:ß|ss)"
    r"|danke|hochachtungsvoll|cordialement|amicalement|sinc[eè]rement|salutations"
    r"(?: distingu[eé]es)?|merci|bises?|saludos?(?: cordiales)?|atentamente|cordialmente|"
    r"(?:un )?abrazo|gracias"
    r"|saluti|grazie|baci|groet(?:en)?|hoogachtend|abra[cç]os?|atenciosamente|cumprimentos"
    r"|obrigad[oa]|h[aä]lsningar|hilsen|mvh|terveisin|pozdrawiam|lg|vg|mfg|br|rgds))"
    r"(?: (?:und|and|et|y) [A-Za-z ]{2,20})?[ ]?(?:[,.!;:]|-{1,2})?[ ]*(?P<v>\n\s{0,4}|[ ]|$)"
)
_HEADED = words(
    """
    name names fullname full_name firstname first_name lastname last_name surname first last customer
    client patient employee contact vorname nachname nom prenom nombre apellido apellidos cognome nome
    owner user person
    """
)
_CELLS = ";", "\t", "|", ","


def signatures(page: Page) -> Iterator[Finding]:
    """The line, or the rest of the line, behind a closing formula."""
    for found in _CLOSING.finditer(page.shadow):
        place = found.end()
        for _ in range(2):
            end = page.text.find("\n", place)
            end = len(page.text) if end < 0 else end
            yield from _line_of_names(page, place, end)
            place = end + 1
            if place >= len(page.text):
                break


def _line_of_names(page: Page, place: int, end: int) -> Iterator[Finding]:
    """A short line of nothing but capitalised words and particles, one of which can be a name."""
    first, behind = page.index_at(place), page.index_at(end)
    words = page.words[first:behind]
    if not 1 <= len(words) <= 5 or any(one.isdigit() or one in "@:?" for one in page.text[place:end]):
        return
    if all(word.capital or word.known.folded in PARTICLES for word in words) or page.lower_case:
        names = [word for word in words if word.known.name is not Name.NO]
        if names or (len(words) == 1 and not page.lower_case and words[0].known.folded not in page.lower):
            yield page.finding(first, behind - 1, "signature", 0.75)


def columns(page: Page) -> Iterator[Finding]:
    """Cells of a table (CSV, Markdown) whose first line names a column of names."""
    head, _, rest = page.text.partition("\n")
    for cut in _CELLS:
        names = [cell.strip(" \"'").lower() for cell in head.split(cut)]
        wanted = [at for at, name in enumerate(names) if name in _HEADED]
        if len(names) > 1 and wanted and len(head) < 400:
            yield from _cells(len(head) + 1, rest, cut, wanted)
            return


def _cells(place: int, rest: str, cut: str, wanted: list[int]) -> Iterator[Finding]:
    for line in rest.split("\n"):
        start = place
        for at, cell in enumerate(line.split(cut)):
            if at in wanted and any(one.isalpha() for one in cell) and "@" not in cell:
                plain = cell.strip(" \"'")
                begin = start + cell.index(plain)
                yield Finding(begin, begin + len(plain), "PERSON", "column", 0.85)
            start += len(cell) + 1
        place += len(line) + 1
