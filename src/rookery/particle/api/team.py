"""The teams of products and organisations: people with roles, and API users with scopes (reference 2.7).

Nobody is sent a letter here: who is invited is on the team at once, and has to have an account. An API user that is
limited can not make one that is less limited, nor get the token of such a one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rookery.core.access import EVERYTHING, Permission, Principal
from rookery.core.errors import Forbidden, NotFound
from rookery.core.records import Product, Program, Role
from rookery.core.teams import Mate, NewProgram
from rookery.particle.api import permissions as p
from rookery.particle.api.answers import OK
from rookery.particle.api.body import as_text, as_texts
from rookery.particle.api.errors import bad_request, refused
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.resolve import organisation, product_of
from rookery.particle.ids import hex_id

DOMAIN = "api.particle.io"
"""What the user names of API users end with: clients tell them by it."""
ROLES = {
    Role.OWNER: "Administrator",
    Role.ADMIN: "Administrator",
    Role.EDITOR: "Developer",
    Role.SUPPORT: "Support",
    Role.VIEWER: "View-only",
}
"""How roles are called. The owner is an administrator whom nobody can change."""
_BY_NAME = {name.lower(): role for role, name in ROLES.items() if role is not Role.OWNER}

ALL = "/v1/products/{product}/team", "/v1/orgs/{org}/team"
ONE = "/v1/products/{product}/team/{username}", "/v1/orgs/{org}/team/{username}"
TOKEN = "/v1/products/{product}/team/{username}/token", "/v1/orgs/{org}/team/{username}/token"


class Team(NamedTuple):
    """Whose team the path means."""

    space_id: str
    product: Product | None


async def _team(call: Call, permission: Permission) -> Team:
    if "product" in call.path:
        product = await product_of(call, permission)
        return Team(product.id, product)
    return Team((await organisation(call, call.path["org"], permission)).id, None)


@operation("GET", *ALL)
async def list_team(call: Call) -> dict[str, Any]:
    """Everybody on the team, people first."""
    team = await _team(call, p.TEAM_LIST)
    teams = call.services.teams
    mates = await (teams.people(team.space_id) if team.product is None else teams.team(team.product))
    programs = await teams.programs(team.space_id)
    return {"ok": True, "team": [*map(_mate, mates), *(_program(program, team) for program in programs)]}


def _mate(mate: Mate) -> dict[str, Any]:
    name = ROLES[mate.role]
    return {
        "_id": hex_id(mate.person.id),
        "username": mate.person.email,
        "role": {"id": name, "name": name},
        "no_mfa": mate.person.otp_secret is None,
        "scim_provisioned": False,
        "no_password": mate.person.password_hash is None,
    }


def _program(program: Program, team: Team) -> dict[str, Any]:
    view: dict[str, Any] = {
        "_id": hex_id(program.id),
        "username": program.username,
        "friendly_name": program.name,
        "is_programmatic": True,
        "scopes": program.scopes,
    }
    if team.product is not None:
        view["product_id"] = team.product.number
    else:
        view["organization_id"] = hex_id(team.space_id)
    return view


@operation("POST", *ALL)
async def invite(call: Call) -> dict[str, Any]:
    """Take a person into the team, or make an API user."""
    team = await _team(call, p.TEAM_INVITE)
    fields = await call.fields()
    if "friendly_name" in fields or "scopes" in fields:
        name = as_text(fields.get("friendly_name"), "friendly_name") or ""
        scopes = as_texts(fields.get("scopes"), "scopes") or []
        _check_covered(call.who, scopes)
        made = await call.services.teams.add_program(team.space_id, name, scopes, DOMAIN)
        return {"ok": True, "created": {**_renewed(made), "is_programmatic": True}}
    username = as_text(fields.get("username"), "username")
    if not username:
        raise bad_request("username is required")
    # particle-api-js has no way to say a role: the least, which an administrator can raise.
    role = _role(fields) if "role" in fields else Role.VIEWER
    mate = await _give_role(call, team, username.strip(), role)
    return {"ok": True, "invited": {"username": mate.person.email}}


@operation("POST PUT", *ONE)
async def update(call: Call) -> dict[str, Any]:
    """Give a person another role, or an API user another name or other scopes."""
    team = await _team(call, p.TEAM_UPDATE)
    who = await _member(call, team)
    fields = await call.fields()
    if isinstance(who, Program):
        name = as_text(fields.get("friendly_name"), "friendly_name")
        scopes = as_texts(fields.get("scopes"), "scopes")
        if name is None and scopes is None:
            raise bad_request("friendly_name or scopes is required")
        _check_covered(call.who, [*who.scopes, *(scopes or ())])
        return {"ok": True, "updated": _renewed(await call.services.teams.change_program(who, name, scopes))}
    mate = await _give_role(call, team, who.person.email, _role(fields))
    name = ROLES[mate.role]
    return {"ok": True, "updated": {"username": mate.person.email, "role": {"id": name, "name": name}}}


@operation("PUT POST", *TOKEN)
async def regenerate(call: Call) -> dict[str, Any]:
    """Give an API user another token; the old one ends."""
    team = await _team(call, p.TEAM_UPDATE)
    who = await _member(call, team)
    if not isinstance(who, Program):
        raise bad_request("Only API users have a token of the team")
    _check_covered(call.who, who.scopes)
    return {"ok": True, "updated": _renewed(await call.services.teams.renew(who))}


@operation("DELETE", *ONE)
async def remove(call: Call) -> dict[str, bool]:
    """Take a person off the team, or end an API user with its token."""
    team = await _team(call, p.TEAM_REMOVE)
    who = await _member(call, team)
    if isinstance(who, Mate):
        await _check_own(call, team, who.person.email)
    await call.services.teams.leave(team.space_id, who)
    return OK


async def _member(call: Call, team: Team) -> Mate | Program:
    """Who the path means. On the team of a product that may be somebody who is there by the product's owner."""
    username = call.path["username"].strip()
    try:
        return await call.services.teams.member(team.space_id, username)
    except NotFound:
        wanted = username.lower()
        mates = await call.services.teams.team(team.product) if team.product is not None else []
        for mate in mates:
            if mate.person.email.lower() == wanted:
                return mate
        raise refused(404, "Team member not found.") from None


async def _give_role(call: Call, team: Team, username: str, role: Role) -> Mate:
    await _check_own(call, team, username, organisation_too=False)
    try:
        return await call.services.teams.join(team.space_id, username, role)
    except NotFound as error:
        raise refused(404, str(error)) from None


async def _check_own(call: Call, team: Team, username: str, *, organisation_too: bool = True) -> None:
    """Raise for somebody whose role comes from the space that owns the product, where it can not be changed from here.
    Members of an organisation may have a further role in one product."""
    if team.product is None:
        return
    wanted = username.lower()
    for mate in await call.services.teams.people(team.product.space_id):
        if mate.person.email.lower() != wanted:
            continue
        if mate.role is Role.OWNER:
            raise Forbidden("The role of the owner can not be changed.")
        held = {mate.person.id for mate in await call.services.teams.people(team.space_id)}
        if organisation_too and mate.person.id not in held:
            raise Forbidden("This person is on the team by the organization. Change that there.")


def _role(fields: dict[str, Any]) -> Role:
    value = fields.get("role")
    name = as_text(value.get("id") if isinstance(value, dict) else value, "role") or ""
    role = _BY_NAME.get(name.strip().lower())
    if role is None:
        raise bad_request("role must be Administrator, Developer, Support or View-only")
    return role


def _renewed(made: NewProgram) -> dict[str, Any]:
    return {"username": made.program.username, "tokens": [{"token": made.token}]}


def _check_covered(who: Principal, scopes: Sequence[str]) -> None:
    """Raise where a limited caller would come to more than it has."""
    if who.scopes is None or EVERYTHING in who.scopes:
        return
    if missing := [scope for scope in scopes if scope not in who.scopes]:
        raise Forbidden(f"This needs the permission {missing[0][:60]}.")


ROUTES = (list_team, invite, update, regenerate, remove)
