"""Why a field has its type, in plain sentences out of the counts over all values. Pure."""

from mapping_review.cells import TYPE_WORDS
from migrator.engine.inventory import Contradiction, SourceField, SourceKind, TypeEvidence, ValueType, Variant

_EXTRAS = (
    ("leading_zeros", "1 begins with a zero", "{n:,} begin with a zero"),
    ("decimal_commas", "1 has a decimal comma", "{n:,} have a decimal comma"),
    ("epochs", "1 is a Unix time", "{n:,} are Unix times"),
    (
        "broken_ids",
        "1 is what a spreadsheet left of an id or put in place of a value",
        "{n:,} are what a spreadsheet left of an id or put in place of a value",
    ),
    (
        "blanks",
        "1 is a date that stands for none, such as 1899-12-31, and counts as empty",
        "{n:,} are dates that stand for none, such as 1899-12-31, and count as empty",
    ),
)


def sentences_about(field: SourceField) -> tuple[str, ...]:
    """ "Number: 2,081 of 2,104 values. 23 read as something else: 20 as text, such as “L”." One sentence or two for
    each Section; none for what was stored before the evidence was kept."""
    if field.kind != SourceKind.ATTRIBUTE:
        return ()
    filled = [v for v in field.variants if v.evidence and (v.filled or v.evidence.blanks)]
    several = len(field.variants) > 1
    return tuple(_about(v, v.evidence, several) for v in filled if v.evidence)


def _about(variant: Variant, evidence: TypeEvidence, several: bool) -> str:
    where = f"{variant.section_name}: " if several else ""
    said = [f"{where}{_word(evidence.chosen)}, {evidence.agreeing:,} of {evidence.filled:,} values."]
    if evidence.contradicting:
        verb = "reads" if evidence.contradicting == 1 else "read"
        shapes = "; ".join(_shape(c) for c in evidence.contradictions)
        said.append(f"{evidence.contradicting:,} {verb} as something else{f': {shapes}' if shapes else ''}.")
    extras = [_extra(getattr(evidence, name), one, many) for name, one, many in _EXTRAS]
    said += [f"{extra}." for extra in extras if extra]
    return " ".join(said)


def _shape(found: Contradiction) -> str:
    examples = " and ".join(f"“{value[:40]}”" for value in found.examples[:2])
    word = _word(found.shape).lower()
    return f"{found.profiles:,} as {word}{f', such as {examples}' if examples else ''}"


def _extra(count: int, one: str, many: str) -> str:
    return "" if not count else one if count == 1 else many.format(n=count)


def _word(kind: ValueType) -> str:
    return TYPE_WORDS[kind][0]
