"""Who may do what."""

from __future__ import annotations

import pytest

from rookery.core.access import Action, Principal, check, may
from rookery.core.errors import Forbidden, NotFound
from rookery.core.records import Role

MATRIX = {
    Role.VIEWER: {Action.READ},
    Role.SUPPORT: {Action.READ, Action.WRITE_VALUE},
    Role.EDITOR: {Action.READ, Action.WRITE_VALUE, Action.CHANGE},
    Role.ADMIN: {Action.READ, Action.WRITE_VALUE, Action.CHANGE, Action.MANAGE},
    Role.OWNER: set(Action),
}


def principal(role: Role) -> Principal:
    return Principal(person_id="ada", space_id="lab", roles={"ada": Role.OWNER, "lab": role})


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", list(Action))
def test_each_role_may_do_what_the_matrix_says(role: Role, action: Action) -> None:
    assert may(principal(role), action, "lab") is (action in MATRIX[role])


@pytest.mark.parametrize("action", list(Action))
def test_a_space_without_a_role_is_not_there(action: Action) -> None:
    who = principal(Role.OWNER)
    assert not may(who, action, "somewhere")
    with pytest.raises(NotFound):
        check(who, action, "somewhere", "thing")


def test_what_is_seen_but_not_allowed_is_forbidden() -> None:
    with pytest.raises(Forbidden, match="thing"):
        check(principal(Role.VIEWER), Action.CHANGE, "lab", "thing")


def test_the_organisation_is_named_only_when_it_is_one() -> None:
    assert principal(Role.OWNER).organisation_id == "lab"
    assert Principal(person_id="ada", space_id="ada", roles={}).organisation_id is None
