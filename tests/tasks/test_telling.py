"""What the observer tells Prefect: the values that a run form offers."""

from tasks.announce import Offer, with_offers

SCHEMA = {
    "type": "object",
    "properties": {"model": {"title": "model", "type": "string"}, "force": {"type": "boolean"}},
    "required": ["model"],
}


def test_a_form_offers_the_values_for_its_parameter_and_keeps_the_rest():
    changed = with_offers(SCHEMA, {"model": Offer(("a", "b"))})

    assert changed["properties"]["model"] == {"title": "model", "type": "string", "enum": ["a", "b"]}
    assert changed["properties"]["force"] == SCHEMA["properties"]["force"]
    assert changed["required"] == ["model"]
    assert "enum" not in SCHEMA["properties"]["model"], "the schema given is left as it was"


def test_new_values_replace_the_old_ones_and_none_means_any():
    offered = with_offers(with_offers(SCHEMA, {"model": Offer(("a",))}), {"model": Offer(("b",))})

    assert offered["properties"]["model"]["enum"] == ["b"]
    assert with_offers(offered, {"model": Offer(())}) == SCHEMA


def test_values_of_a_list_are_those_of_its_items():
    schema = {"properties": {"hosts": {"type": "array", "items": {"type": "string"}}}}

    offered = with_offers(schema, {"hosts": Offer(("a",))})

    assert offered == {"properties": {"hosts": {"type": "array", "items": {"type": "string", "enum": ["a"]}}}}
    assert with_offers(offered, {"hosts": Offer(())}) == schema


def test_where_other_values_may_be_given_the_help_text_names_those_that_are_known():
    schema = {"properties": {"repo": {"type": "string", "description": "A repository."}}}

    first = with_offers(schema, {"repo": Offer(("org/a", "org/b"), others=True)})
    second = with_offers(first, {"repo": Offer(("org/c",), others=True)})

    assert first["properties"]["repo"] == {
        "type": "string",
        "description": "A repository. Known: org/a, org/b.",
    }
    assert second["properties"]["repo"]["description"] == "A repository. Known: org/c."
    assert with_offers(second, {"repo": Offer((), others=True)}) == schema


def test_a_parameter_that_the_form_does_not_have_is_not_added():
    assert with_offers(SCHEMA, {"colour": Offer(("red",))}) == SCHEMA
