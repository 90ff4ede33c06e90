"""Mustache as webhooks use it: a table of templates, the bounds, and structures."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle import template as module
from rookery.particle.template import Budget, DeepTemplate, Template, TemplateError, render

DATA: dict[str, Any] = {
    "a": {"aa": "testing", "ab": 1234, "deep": {"er": "down"}},
    "b": "xxx",
    "c": [{"ca": "first", "cb": 123}, {"ca": "second", "cb": 456}],
    "html": "<a href=\"x\">'&'</a>",
    "path": "Temperature/Kitchen",
    "zero": 0,
    "no": False,
    "yes": True,
    "null": None,
    "empty": "",
    "none": [],
    "nothing": {},
    "whole": 20.0,
    "part": 21.5,
    "tiny": 1e-7,
    "huge": 1e21,
    "numbers": [1, 2.0, 3.5],
    "rows": [[1, 2], [3]],
}

CASES = {
    "plain text": ("no tag at all } } {", "no tag at all } } {"),
    "nothing": ("", ""),
    "a name": ("{{b}}", "xxx"),
    "blanks around a name": ("{{ b }}|{{{ b }}}|{{& b }}", "xxx|xxx|xxx"),
    "escaped": ("{{html}}", "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;"),
    "a slash is not escaped": ("{{path}}", "Temperature/Kitchen"),
    "raw by three braces": ("{{{html}}}", "<a href=\"x\">'&'</a>"),
    "raw by an ampersand": ("{{&html}}", "<a href=\"x\">'&'</a>"),
    "missing": ("[{{nobody}}{{{nobody}}}]", "[]"),
    "a path": ("{{{a.aa}}} {{{a.ab}}} {{a.deep.er}}", "testing 1234 down"),
    "a path that breaks": ("[{{a.x.y}}{{b.c}}{{null.x}}]", "[]"),
    "an index": ("{{{c.0.ca}}} {{{c.1.cb}}}", "first 456"),
    "an index that is not there": ("[{{c.2.ca}}{{c.-1.ca}}{{c.x}}{{c.99999999}}{{c.²}}]", "[]"),
    "the length of a list": ("{{c.length}} {{none.length}}", "2 0"),
    "a section of a text": ("{{#b}}{{{b}}}{{/b}}{{^b}}Missing{{/b}}", "xxx"),
    "a section of nothing": ("{{#z}}{{{z}}}{{/z}}{{^z}}Missing{{/z}}", "Missing"),
    "a section of a list": ("{{#c}}{{{ca}}}~{{/c}}", "first~second~"),
    "a section of an object": ("{{#a}}{{aa}} {{b}}{{/a}}", "testing xxx"),
    "the element itself": ("{{#numbers}}({{.}}){{/numbers}}", "(1)(2)(3.5)"),
    "lists in lists": ("{{#rows}}<{{#.}}{{.}},{{/.}}>{{/rows}}", "<1,2,><3,>"),
    "what JavaScript calls false": (
        "{{#zero}}0{{/zero}}{{#no}}f{{/no}}{{#null}}n{{/null}}{{#empty}}e{{/empty}}{{#none}}l{{/none}}",
        "",
    ),
    "inverted": (
        "{{^zero}}0{{/zero}}{{^no}}f{{/no}}{{^null}}n{{/null}}{{^empty}}e{{/empty}}{{^none}}l{{/none}}",
        "0fnel",
    ),
    "an empty object is true": ("{{#nothing}}there{{/nothing}}{{^nothing}}not{{/nothing}}", "there"),
    "numbers as JavaScript writes them": ("{{whole}} {{part}} {{tiny}} {{huge}} {{zero}}", "20 21.5 1e-7 1e+21 0"),
    "truth": ("{{yes}} {{no}} [{{null}}]", "true false []"),
    "a list as text": ("{{{numbers}}}", "1,2,3.5"),
    "an object as text": ("{{{a.deep}}}", '{"er":"down"}'),
    "a comment": ("a{{! nobody {reads} this }}b", "ab"),
    "JSON around a raw tag": ('{"a":{"b":{{{a.ab}}}}}', '{"a":{"b":1234}}'),
    "JSON around a tag": ('{"a":{{{part}}}}', '{"a":21.5}'),
    "four braces": ("{{{{b}}}}", "{xxx}"),
    "lines of their own": ("x\n  {{#c}}\n- {{ca}}\n  {{/c}}\n{{! gone }}\ny", "x\n- first\n- second\ny"),
    "lines with carriage returns": ("{{#b}}\r\nx\r\n{{/b}}\r\ny", "x\r\ny"),
    "not lines of their own": ("x {{#b}}\ny\n{{/b}} z", "x \ny\n z"),
    "two tags on a line": ("{{#b}}{{#b}}\nx{{/b}}{{/b}}", "\nx"),
    "the innermost counts": ("{{#c}}{{#a}}{{ca}}{{aa}}{{/a}} {{/c}}", "firsttesting secondtesting "),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    text, expected = CASES[name]
    assert render(text, DATA) == expected


BROKEN = {
    "no end": ("ab{{c", "A tag that begins at character 3 has no end (}})."),
    "no raw end": ("{{{c}}", "A tag that begins at character 1 has no end (}}})."),
    "no name": ("{{ }}", "The tag at character 1 has no valid name in it."),
    "a blank in a name": ("{{a b}}", "The tag at character 1 has no valid name in it."),
    "a section without an end": ("{{#a}}x", "The section 'a' has no end."),
    "an end without a section": ("x{{/a}}", "The section 'a' ends where it has not begun."),
    "crossed": ("{{#a}}{{^b}}{{/a}}{{/b}}", "The section 'a' ends where it has not begun."),
    "a partial": ("{{> other}}", "Partials ({{> …}}) are not supported."),
    "delimiters": ("{{=<% %>=}}", "Other delimiters ({{= … =}}) are not supported."),
    "too deep": ("{{#a}}" * 17 + "{{/a}}" * 17, "Sections can be at most 16 deep."),
    "too long": ("x" * (module.LENGTH + 1), "A template has at most 32768 characters; this one has 32769."),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken(name: str) -> None:
    text, sentence = BROKEN[name]
    with pytest.raises(TemplateError) as caught:
        Template(text)
    assert str(caught.value) == sentence


def test_what_comes_out_is_bounded() -> None:
    with pytest.raises(TemplateError, match="more text than is allowed"):
        render("{{#l}}{{{x}}}{{/l}}", {"l": list(range(100)), "x": "y" * 10_000})


def test_work_is_bounded_where_nothing_comes_out() -> None:
    tree = "{{#l}}" * 16 + "{{/l}}" * 16
    with pytest.raises(TemplateError, match="too many elements"):
        render(tree, {"l": list(range(1_000))})


def test_a_budget_is_shared_by_the_parts_of_a_structure() -> None:
    deep = DeepTemplate(["{{{x}}}"] * 100)
    with pytest.raises(TemplateError, match="more text"):
        deep.render({"x": "y" * 10_000})
    assert len(deep.render({"x": "y"}, Budget(characters=100))) == 100
    with pytest.raises(TemplateError, match="more text"):
        deep.render({"x": "y"}, Budget(characters=99))


def test_values_that_are_nested_without_end_are_an_error() -> None:
    value: list[Any] = []
    for _ in range(5_000):
        value = [value]
    with pytest.raises(TemplateError, match="too deeply"):
        render("{{x}}", {"x": value})
    with pytest.raises(TemplateError, match="too deeply"):
        DeepTemplate(value)


def test_a_structure_keeps_what_is_not_text() -> None:
    value = {"{{a}}": ["{{{b}}}", 1, 2.5, True, None, {"x": "{{c.0}}"}], "n": 0}
    assert DeepTemplate(value).render({"a": "key", "b": "<", "c": ["z"]}) == {
        "key": ["<", 1, 2.5, True, None, {"x": "z"}],
        "n": 0,
    }


def test_a_value_inside_a_structure_can_not_break_out() -> None:
    rendered = DeepTemplate({"data": "{{{x}}}"}).render({"x": '","admin":true,"y":"'})
    assert json.loads(json.dumps(rendered)) == {"data": '","admin":true,"y":"'}


def test_what_a_template_needs_is_known() -> None:
    assert Template("{{a.b}}{{#c}}{{{d}}}{{/c}}{{! e }}").names == {"a", "c", "d"}
    assert DeepTemplate({"{{x}}": ["{{y.0}}", 1]}).names == {"x", "y"}


def test_nothing_is_read_from_objects_that_are_not_data() -> None:
    class Leaky:
        secret = "s"

        def __str__(self) -> str:
            return "shown"

    assert render("[{{x.secret}}{{x.__class__}}{{b.upper}}]{{x}}", {"x": Leaky(), "b": "b"}) == "[]shown"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
pieces = st.lists(
    st.sampled_from(
        ["{{", "}}", "{{{", "}}}", "#a", "/a", "^b", "a", "b.0", "c.length", ".", "!", "&", "\n", " ", "x", ">"]
    ),
    max_size=12,
)


@given(st.text(max_size=40) | pieces.map("".join), st.dictionaries(st.sampled_from("abc"), json_values))
def test_any_text_renders_or_is_refused_in_a_sentence(text: str, context: dict[str, Any]) -> None:
    sentence = ""
    try:
        assert len(render(text, context)) <= module.OUTPUT
    except TemplateError as error:
        sentence = str(error)
    assert not sentence or sentence.endswith(".")


@given(st.text())
def test_a_raw_value_comes_out_as_it_is(value: str) -> None:
    assert render("<{{{x}}}>", {"x": value}) == f"<{value}>"
