"""What can be done on a product, by the names that API users' scopes have (reference 2.7), with the role it takes.

Two surprises of the reference's role table are here on purpose: reading a variable is more than viewing, and publishing
an event takes a developer.
"""

from __future__ import annotations

from rookery.core.access import Action, Permission

_VIEW, _ASK, _CHANGE, _MANAGE = Action.READ, Action.WRITE_VALUE, Action.CHANGE, Action.MANAGE

DEVICES_LIST = Permission(_VIEW, "devices:list")
DEVICES_GET = Permission(_VIEW, "devices:get")
DEVICES_UPDATE = Permission(_CHANGE, "devices:update")
DEVICES_IMPORT = Permission(_CHANGE, "devices:import")
DEVICES_REMOVE = Permission(_CHANGE, "devices:remove")
DEVICES_RELEASE = Permission(_CHANGE, "devices:release")
DEVICES_PING = Permission(_ASK, "devices:ping")
VARIABLE_GET = Permission(_ASK, "devices.variable:get")
FUNCTION_CALL = Permission(_ASK, "devices.function:call")
DIAGNOSTICS_GET = Permission(_VIEW, "devices.diagnostics:get")
DIAGNOSTICS_UPDATE = Permission(_ASK, "devices.diagnostics:update")
DIAGNOSTICS_METADATA = Permission(_VIEW, "devices.diagnostics.metadata:get")

EVENTS_GET = Permission(_VIEW, "events:get")
EVENTS_SEND = Permission(_CHANGE, "events:send")

CUSTOMERS_LIST = Permission(_VIEW, "customers:list")
CUSTOMERS_CREATE = Permission(_CHANGE, "customers:create")
CUSTOMERS_UPDATE = Permission(_CHANGE, "customers:update")
CUSTOMERS_REMOVE = Permission(_CHANGE, "customers:remove")

GROUPS_LIST = Permission(_VIEW, "groups:list")
GROUPS_GET = Permission(_VIEW, "groups:get")
GROUPS_CREATE = Permission(_CHANGE, "groups:create")
GROUPS_UPDATE = Permission(_CHANGE, "groups:update")
GROUPS_REMOVE = Permission(_CHANGE, "groups:remove")

INTEGRATIONS_LIST = Permission(_VIEW, "integrations:list")
INTEGRATIONS_GET = Permission(_VIEW, "integrations:get")
INTEGRATIONS_CREATE = Permission(_CHANGE, "integrations:create")
INTEGRATIONS_UPDATE = Permission(_CHANGE, "integrations:update")
INTEGRATIONS_REMOVE = Permission(_CHANGE, "integrations:remove")
INTEGRATIONS_TEST = Permission(_CHANGE, "integrations:test")

PRODUCTS_GET = Permission(_VIEW, "products:get")
PRODUCTS_UPDATE = Permission(_MANAGE, "products:update")
PRODUCTS_REMOVE = Permission(_MANAGE, "products:remove")

ORGANISATION_GET = Permission(_VIEW, "organization:get")
PRODUCTS_LIST = Permission(_VIEW, "products:list")

CLIENTS_LIST = Permission(_VIEW, "clients:list")
CLIENTS_CREATE = Permission(_CHANGE, "clients:create")
CLIENTS_UPDATE = Permission(_CHANGE, "clients:update")
CLIENTS_REMOVE = Permission(_CHANGE, "clients:remove")

TEAM_LIST = Permission(_VIEW, "teams.users:list")
TEAM_INVITE = Permission(_MANAGE, "teams.users:invite")
TEAM_UPDATE = Permission(_MANAGE, "teams.users:update")
TEAM_REMOVE = Permission(_MANAGE, "teams.users:remove")
