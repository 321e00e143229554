"""A source field sums up its Sections' variants."""

from dataclasses import replace

from migrator.engine.inventory import Contradiction, SourceKind, TypeEvidence, ValueType
from tests import factories as made


def test_the_fullest_variant_decides_the_type() -> None:
    few, many = made.variant(ValueType.TEXT, 10), made.variant(ValueType.NUMBER, 300)
    assert made.source_field(variants=[few, many]).inferred == ValueType.NUMBER


def test_equally_full_variants_give_one_answer_in_any_order() -> None:
    first = made.variant(ValueType.TEXT, 10, section="a")
    second = made.variant(ValueType.NUMBER, 10, section="b")
    assert made.source_field(variants=[first, second]).inferred == ValueType.NUMBER
    assert made.source_field(variants=[second, first]).inferred == ValueType.NUMBER


def test_a_field_without_variants_is_empty() -> None:
    field = replace(made.source_field(), kind=SourceKind.TAG, variants=())
    assert (field.inferred, field.filled, field.sources) == (ValueType.EMPTY, 0, ())


def test_it_is_filled_as_often_as_its_variants_together() -> None:
    assert made.source_field(variants=[made.variant(filled=10), made.variant(filled=32)]).filled == 42


def test_its_sources_name_section_and_discriminator() -> None:
    variants = [
        made.variant(section="s1", discriminator="d1"),
        made.variant(section="s2", discriminator="d2"),
    ]
    assert made.source_field(variants=variants).sources == (("s1", "d1"), ("s2", "d2"))


def evidence(*against: Contradiction) -> TypeEvidence:
    return TypeEvidence(ValueType.NUMBER, contradictions=against)


def test_what_speaks_against_the_types_of_its_sections_is_summed_up_by_shape() -> None:
    text, address = (
        Contradiction(ValueType.TEXT, 3, ("L", "M")),
        Contradiction(ValueType.EMAIL, 4, ("a@b.se",)),
    )
    more = Contradiction(ValueType.TEXT, 2, ("M", "S", "XL"))
    first, second = made.variant(evidence=evidence(address, text)), made.variant(evidence=evidence(more))
    assert made.source_field(variants=[first, second, made.variant()]).contradictions == (
        Contradiction(ValueType.TEXT, 5, ("L", "M", "S")),
        address,
    )


def test_at_most_three_contradictions_are_named() -> None:
    shapes = (ValueType.TEXT, ValueType.EMAIL, ValueType.DATE, ValueType.URL)
    against = [Contradiction(shape, n) for n, shape in enumerate(shapes, start=1)]
    field = made.source_field(variants=[made.variant(evidence=evidence(*against))])
    assert [c.profiles for c in field.contradictions] == [4, 3, 2]
