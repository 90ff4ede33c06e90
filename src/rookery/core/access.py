"""Who may do what: one question, asked by every route and every topic.

A principal acts in spaces. What it may do there follows from its role; a board may do only what concerns itself. The
answer is a boolean, or one of two refusals: an object in a space that the principal has no part in does not exist for
it (`NotFound`), and one that it can see but not change is `Forbidden`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

import msgspec

from rookery.core.errors import Forbidden, NotFound
from rookery.core.records import Role


class Action(IntEnum):
    """What can be done to what a space owns, from harmless to grave."""

    READ = 1
    WRITE_VALUE = 2
    CHANGE = 3
    MANAGE = 4
    OWN = 5


_ROLE_MAY: Mapping[Role, Action] = {
    Role.VIEWER: Action.READ,
    Role.EDITOR: Action.CHANGE,
    Role.ADMIN: Action.MANAGE,
    Role.OWNER: Action.OWN,
}


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a person, or a program that acts for one. `roles` maps space ids to the role held there."""

    person_id: str
    space_id: str
    """The space that new objects go to and lists are made of."""
    roles: dict[str, Role]
    client_id: str | None = None

    @property
    def organisation_id(self) -> str | None:
        """The chosen space, when it is not the person's own."""
        return None if self.space_id == self.person_id else self.space_id


def may(principal: Principal, action: Action, space_id: str) -> bool:
    """Whether `principal` may do `action` in this space."""
    role = principal.roles.get(space_id)
    return role is not None and _ROLE_MAY[role] >= action


def check(principal: Principal, action: Action, space_id: str, what: str) -> None:
    """Raise unless `principal` may do `action` to `what` in this space.

    Raises:
        NotFound: the principal has no part in the space.
        Forbidden: it may see `what`, but not do this.
    """
    if may(principal, action, space_id):
        return
    if may(principal, Action.READ, space_id):
        raise Forbidden(f"Your role does not allow this on the {what}.")
    raise NotFound(f"There is no such {what}.")
