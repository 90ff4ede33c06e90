"""Form fields with brackets."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.api.errors import ApiError
from rookery.particle.api.forms import FIELDS, NESTING, parse_form, parse_query

FORMS: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("arg=255%2C0%2C0", {"arg": "255,0,0"}),
    ("arg=a+b%2Bc", {"arg": "a b+c"}),
    ("arg=", {"arg": ""}),
    ("blank", {"blank": ""}),
    ("name=%E2%98%83", {"name": "☃"}),
    ("groups[]=a&groups[]=b", {"groups": ["a", "b"]}),
    ("groups%5B%5D=a", {"groups": ["a"]}),
    ("id=1&id=2&id=3", {"id": ["1", "2", "3"]}),
    ("account_info[first_name]=X&account_info[last_name]=Y", {"account_info": {"first_name": "X", "last_name": "Y"}}),
    ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
    ("a[0]=x&a[1]=y", {"a": ["x", "y"]}),
    ("a[1]=y&a[0]=x", {"a": ["x", "y"]}),
    ("a[1]=b&a[]=c", {"a": ["b", "c"]}),
    ("a[5]=x", {"a": ["x"]}),
    ("a[21]=x", {"a": {"21": "x"}}),
    ("a[01]=x", {"a": {"01": "x"}}),
    ("a[0][b]=1&a[0][c]=2&a[1][b]=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
    ("a[b][]=1&a[b][]=2", {"a": {"b": ["1", "2"]}}),
    ("a[x]=1&a[x]=2", {"a": {"x": ["1", "2"]}}),
    ("a=1&a[]=2", {"a": ["1", "2"]}),
    ("a=1&a=2&a[]=3", {"a": ["1", "2", "3"]}),
    ("a[]=1&a=2", {"a": ["1", "2"]}),
    ("a[b]=1&a=2", {"a": {"b": "1", "1": "2"}}),
    ("[a]=x", {"a": "x"}),
    ("a[b=1", {"a[b": "1"}),
    ("a]b=1", {"a]b": "1"}),
    ("a[b]c=1", {"a[b]c": "1"}),
    ("a[[b]]=1", {"a[[b]]": "1"}),
    ("=x", {"": "x"}),
    ("&&a=1&", {"a": "1"}),
    ("__proto__[x]=1", {"__proto__": {"x": "1"}}),
    ("a" + "[b]" * NESTING + "=1", {"a": {"b": {"b": {"b": {"b": {"b": "1"}}}}}}),
]


@pytest.mark.parametrize(("text", "fields"), FORMS, ids=[text for text, _ in FORMS])
def test_forms(text: str, fields: dict[str, Any]) -> None:
    assert parse_form(text.encode()) == fields


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"a=%ff", "The form is not UTF-8"),
        (b"a=\xff", "The form is not UTF-8"),
        (b"a" + b"[b]" * (NESTING + 1) + b"=1", "The form is nested more than 5 deep"),
        (b"&".join([b"a=1"] * (FIELDS + 1)), "The form has more than 1000 fields"),
    ],
)
def test_what_is_refused(raw: bytes, error: str) -> None:
    with pytest.raises(ApiError) as refusal:
        parse_form(raw)
    assert (refusal.value.status, refusal.value.body) == (400, {"ok": False, "error": error})


def test_as_many_fields_as_allowed_make_one_list() -> None:
    assert parse_form(b"&".join([b"a[]=1"] * FIELDS)) == {"a": ["1"] * FIELDS}


names = st.text(min_size=1, max_size=6).filter(
    lambda text: not set(text) & set("[]") and not text.isdigit() and text.isprintable()
)
leaves = st.text(max_size=8)


def trees(depth: int) -> st.SearchStrategy[Any]:
    """Texts, lists and dictionaries, none of them empty: a form can not say that."""
    if depth == 0:
        return leaves
    inner = trees(depth - 1)
    return st.one_of(
        leaves, st.lists(inner, min_size=1, max_size=4), st.dictionaries(names, inner, min_size=1, max_size=4)
    )


def written(name: str, value: Any) -> list[str]:
    """A value as the Node library writes it, lists with indexes."""
    if isinstance(value, dict):
        return [line for key, each in value.items() for line in written(f"{name}[{key}]", each)]
    if isinstance(value, list):
        return [line for index, each in enumerate(value) for line in written(f"{name}[{index}]", each)]
    return [f"{quote_plus(name)}={quote_plus(value)}"]


@given(st.dictionaries(names, trees(3), max_size=4))
def test_what_is_written_is_read(fields: dict[str, Any]) -> None:
    text = "&".join(line for name, value in fields.items() for line in written(name, value))
    assert parse_form(text.encode()) == fields


@given(st.binary(max_size=200) | st.text(alphabet="ab[]=&%0123", max_size=80).map(str.encode))
def test_anything_is_fields_or_refused(raw: bytes) -> None:
    try:
        fields = parse_form(raw)
    except ApiError:
        return
    assert all(isinstance(name, str) for name in fields)
    assert isinstance(parse_query(raw), dict)


QUERIES: list[tuple[bytes, dict[str, str]]] = [
    (b"a=1&a=2", {"a": "1"}),
    (b"a[]=1&b%5Bc%5D=2", {"a[]": "1", "b[c]": "2"}),
    (b"nonce=0.123&format", {"nonce": "0.123", "format": ""}),
    (b"a=%ff+%2B", {"a": "\ufffd +"}),
]


@pytest.mark.parametrize(("raw", "expected"), QUERIES)
def test_queries(raw: bytes, expected: dict[str, str]) -> None:
    assert parse_query(raw) == expected


def test_a_query_has_a_limit_as_well() -> None:
    with pytest.raises(ApiError) as refusal:
        parse_query(b"&".join([b"a=1"] * (FIELDS + 1)))
    assert refusal.value.status == 400
