"""What the observer tells Prefect: the choices of a run form."""

from tasks.announce import with_choices

SCHEMA = {
    "type": "object",
    "properties": {"model": {"title": "model", "type": "string"}, "force": {"type": "boolean"}},
    "required": ["model"],
}


def test_a_form_offers_the_choices_for_its_parameter_and_keeps_the_rest():
    changed = with_choices(SCHEMA, "model", ["a", "b"])

    assert changed["properties"]["model"] == {"title": "model", "type": "string", "enum": ["a", "b"]}
    assert changed["properties"]["force"] == SCHEMA["properties"]["force"]
    assert changed["required"] == ["model"]
    assert "enum" not in SCHEMA["properties"]["model"], "the schema given is left as it was"


def test_new_choices_replace_the_old_ones_and_none_means_any():
    offered = with_choices(with_choices(SCHEMA, "model", ["a"]), "model", ["b"])

    assert offered["properties"]["model"]["enum"] == ["b"]
    assert with_choices(offered, "model", []) == SCHEMA


def test_choices_of_a_list_are_those_of_its_items_and_a_blank_stays_allowed():
    schema = {
        "properties": {
            "hosts": {"type": "array", "items": {"type": "string"}},
            "host": {"anyOf": [{"type": "string"}, {"const": ""}]},
        }
    }

    offered = with_choices(with_choices(schema, "hosts", ["a"]), "host", ["a"])

    assert offered["properties"] == {
        "hosts": {"type": "array", "items": {"type": "string", "enum": ["a"]}},
        "host": {"anyOf": [{"type": "string", "enum": ["a"]}, {"const": ""}]},
    }
    assert with_choices(with_choices(offered, "hosts", []), "host", []) == schema
