"""Tags of things (reference 4.13). A key exists once; setting it again gives it another value."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.tags import TAG, Tags
from rookery.arduino.api.views_thing import tag_list


@operation(
    "GET",
    "/iot/v2/things/{id}/tags",
    "things_v2_tags#list",
    "The tags of a thing.",
    returns=Tags,
    errors=(401, 403, 404),
)
async def list_tags(call: Call) -> Tags:
    """The tags."""
    return Tags(tag_list((await call.services.things.get(call.who, call.uuid("id", "thing"))).tags))


@operation(
    "PUT",
    "/iot/v2/things/{id}/tags",
    "things_v2_tags#upsert",
    "Add a tag to a thing, or give it another value.",
    body=TAG,
    errors=(400, 401, 403, 404),
)
async def set_tag(call: Call) -> None:
    """The tag is there."""
    tag = await call.body(TAG)
    await call.services.things.set_tag(call.who, call.uuid("id", "thing"), tag.key, tag.value)


@operation(
    "DELETE",
    "/iot/v2/things/{id}/tags/{key}",
    "things_v2_tags#delete",
    "Remove a tag from a thing.",
    errors=(400, 401, 403, 404),
)
async def delete_tag(call: Call) -> None:
    """The tag is not there, whether it was or not."""
    await call.services.things.delete_tag(call.who, call.uuid("id", "thing"), call.segment("key"))


ROUTES: list[HTTPRouteHandler] = [list_tags, set_tag, delete_tag]
