"""With whom a dashboard is shared, and how others ask for it (reference 8.4).

Requests for access wait in `core.dashboard_shares`: this API has no operation that shows them.
"""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.bodies_dashboard import ShareBody, ShareRequest, UserShare
from rookery.arduino.api.body import Body
from rookery.arduino.api.errors import bad_field
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.users import person_called
from rookery.arduino.api.views_dashboard import UserView

_SHARE = Body(ShareBody)
_REQUEST = Body(ShareRequest)


@operation(
    "GET",
    "/iot/v2/dashboards/{id}/shares",
    "dashboards_v2#listShares",
    "Whom a dashboard is shared with.",
    returns=list[UserView],
    errors=(400, 401, 403, 404),
)
async def list_shares(call: Call) -> list[UserView]:
    """Those people, first come first."""
    persons = await call.services.dashboard_shares.persons(call.who, call.uuid("id", "dashboard"))
    return [UserView(person.id, person.email) for person in persons]


@operation(
    "PUT",
    "/iot/v2/dashboards/{id}/shares",
    "dashboards_v2#share",
    "Share a dashboard with one or more people: they may look at it and use its widgets.",
    body=_SHARE,
    errors=(400, 401, 403, 404),
)
async def share(call: Call) -> None:
    """With all of them, or nobody."""
    request = await call.body(_SHARE)
    id = call.uuid("id", "dashboard")
    # Whether it may be shared is asked first: users can be looked up, but not by way of somebody else's dashboard.
    await call.services.dashboard_shares.persons(call.who, id)
    wanted = [UserShare(request.user_id, request.username), *request.users]
    ids: list[str] = []
    for user in wanted:
        if user.user_id is not None:
            ids.append(user.user_id)
        elif user.username:
            ids.append((await person_called(call.services, user.username)).id)
    if not ids:
        raise bad_field("user_id", "user_id: Name somebody: user_id, username or users.")
    await call.services.dashboard_shares.share(call.who, id, ids)


@operation(
    "DELETE",
    "/iot/v2/dashboards/{id}/shares/{user_id}",
    "dashboards_v2#deleteShare",
    "Stop sharing a dashboard with somebody; or give back one that is shared with you.",
    errors=(400, 401, 403, 404),
)
async def delete_share(call: Call) -> None:
    """Not shared with that person any more."""
    id, user_id = call.uuid("id", "dashboard"), call.uuid("user_id", "user")
    await call.services.dashboard_shares.unshare(call.who, id, user_id)


@operation(
    "PUT",
    "/iot/v2/dashboards/{id}/share_request",
    "dashboards_v2#requestAccess",
    "Ask for a dashboard that you can not see. Whoever may share it finds the request in the console.",
    body=_REQUEST,
    errors=(400, 401, 403, 404),
)
async def request_access(call: Call) -> None:
    """The request waits. It replaces an earlier one."""
    request = await call.body(_REQUEST)
    await call.services.dashboard_shares.ask(call.who, call.uuid("id", "dashboard"), request.message)


ROUTES: list[HTTPRouteHandler] = [list_shares, share, delete_share, request_access]
