"""Who may do what: one question, asked by every route and every topic.

A principal acts in spaces. What it may do there follows from its role; a board may do only what concerns itself. The
answer is a boolean, or one of two refusals: an object in a space that the principal has no part in does not exist for
it (`NotFound`), and one that it can see but not change is `Forbidden`.

A principal is a person, or one of three others who hold tokens: a *customer*, who owns boards and nothing else; a
*product*, in whose name a program of its makers acts; and a *program*, a user that may do exactly what its scopes say.
The last two have no boards of their own, so the ways of an owner are closed to them (`check_owner`), and customers
never act on a product (`check_product`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

import msgspec

from rookery.core.errors import Forbidden, NotFound, WrongBearer
from rookery.core.records import Bearer, Device, Product, Role

EVERYTHING = "*:*"
"""The scope of a program that may do all that its product or organisation may."""


class Action(IntEnum):
    """What can be done to what a space owns, from harmless to grave."""

    READ = 1
    WRITE_VALUE = 2
    """Also: ask a board for a value, call its functions."""
    CHANGE = 3
    MANAGE = 4
    OWN = 5


class Permission(NamedTuple):
    """An action with the name that scopes give it, such as `devices:list`."""

    action: Action
    scope: str


_ROLE_MAY: Mapping[Role, Action] = {
    Role.VIEWER: Action.READ,
    Role.SUPPORT: Action.WRITE_VALUE,
    Role.EDITOR: Action.CHANGE,
    Role.ADMIN: Action.MANAGE,
    Role.OWNER: Action.OWN,
}


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a person, or a program that acts for one. `roles` maps space ids to the role held there.

    Products count as spaces here: whoever is on the team of a product has its id among the roles.
    """

    person_id: str
    """Of the person or customer; empty for products and programs."""
    space_id: str
    """The space that new objects go to and lists are made of. Of a customer, the customer's own id."""
    roles: dict[str, Role]
    client_id: str | None = None
    bearer: Bearer = Bearer.PERSON
    product_id: str | None = None
    """Of a customer, the product it is a customer of; of a product, itself."""
    scopes: frozenset[str] | None = None
    """What it is limited to; None is no limit."""

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


def check_owner(principal: Principal) -> None:
    """Raise unless `principal` is one that can own boards: a person or a customer.

    Raises:
        WrongBearer: a product or a program.
    """
    if principal.bearer not in (Bearer.PERSON, Bearer.CUSTOMER):
        raise WrongBearer(principal.bearer)


def check_person(principal: Principal) -> None:
    """Raise unless `principal` is a person.

    Raises:
        WrongBearer: anybody else.
    """
    if principal.bearer is not Bearer.PERSON:
        raise WrongBearer(principal.bearer)


def opened(action: Action, writable: bool) -> bool:
    """What a dashboard that a person was given lets them do to a variable on it (`core.dashboard_access`)."""
    return action is Action.READ or (action is Action.WRITE_VALUE and writable)


def owns(principal: Principal, device: Device) -> bool:
    """Whether this board is the principal's own: in the space that it acts in, and not just in one it can see."""
    return device.space_id != "" and device.space_id == principal.space_id


def within(principal: Principal, scope: str) -> bool:
    """Whether the scopes of `principal` let it do this at all."""
    return principal.scopes is None or scope in principal.scopes or EVERYTHING in principal.scopes


def may_product(principal: Principal, permission: Permission, product: Product) -> bool:
    """Whether `principal` may do this to `product` and its boards, by the better of its roles in the product and in
    the space that owns it."""
    if principal.bearer is Bearer.CUSTOMER or not within(principal, permission.scope):
        return False
    return may(principal, permission.action, product.id) or may(principal, permission.action, product.space_id)


def check_product(principal: Principal, permission: Permission, product: Product) -> None:
    """Raise unless `principal` may do this to `product` and its boards.

    Raises:
        WrongBearer: a customer.
        NotFound: the principal has no part in the product.
        Forbidden: it has, but its role or its scopes do not go so far. `str()` names the permission that is missing.
    """
    if principal.bearer is Bearer.CUSTOMER:
        raise WrongBearer(principal.bearer)
    if may_product(principal, permission, product):
        return
    if may(principal, Action.READ, product.id) or may(principal, Action.READ, product.space_id):
        raise Forbidden(f"This needs the permission {permission.scope}.")
    raise NotFound("There is no such product.")


def check_scoped(principal: Principal, permission: Permission, space_id: str, what: str) -> None:
    """`check` for whoever may be limited by scopes as well.

    Raises:
        NotFound, Forbidden: as `check`; Forbidden also when the scopes do not go so far.
    """
    check(principal, permission.action, space_id, what)
    if not within(principal, permission.scope):
        raise Forbidden(f"This needs the permission {permission.scope}.")
