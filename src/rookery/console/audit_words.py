"""Lines of the audit log in words: what somebody did, from the method and the route of the request.

Most routes say it themselves, `DELETE /v1/products/{product}/groups/{group}`: "Delete a group". What would read wrong
stands in `WORDS`.
"""

from __future__ import annotations

import re
from typing import Final

WORDS: Final = {
    # Arduino
    "POST /iot/v1/clients/{id}": "Turn an API key on or off",
    "POST /iot/v1/clients/{id}/secret": "Give an API key a new secret",
    "PUT /iot/v1/clients": "Create an API key",
    "PATCH /iot/v1/clients/{id}": "Rename an API key",
    "DELETE /iot/v1/clients/{id}": "Delete an API key",
    "PUT /iot/v2/devices": "Add a device",
    "PUT /iot/v2/devices/claim": "Add a device by its hardware id",
    "POST /iot/v2/devices/{id}/remove-uhwid": "Forget the hardware id of a device",
    "PUT /iot/v2/devices/{id}/pass": "Set the secret key of a device",
    "DELETE /iot/v2/devices/{id}/pass": "Take the secret key of a device away",
    "PUT /iot/v2/devices/{id}/certs": "Sign a certificate for a device",
    "POST /iot/v2/devices/{id}/certs/{cid}": "Change a certificate of a device",
    "DELETE /iot/v2/devices/{id}/certs/{cid}": "Delete a certificate of a device",
    "PUT /iot/v2/devices/{id}/tags": "Set a tag of a device",
    "DELETE /iot/v2/devices/{id}/tags/{key}": "Remove a tag of a device",
    "PUT /iot/v2/things": "Create a thing",
    "PUT /iot/v2/things/{id}/clone": "Copy a thing",
    "PUT /iot/v2/things/{id}/tags": "Set a tag of a thing",
    "DELETE /iot/v2/things/{id}/tags/{key}": "Remove a tag of a thing",
    "PUT /iot/v2/things/{id}/properties": "Create a variable",
    "POST /iot/v2/things/{id}/properties/{pid}": "Change a variable",
    "DELETE /iot/v2/things/{id}/properties/{pid}": "Delete a variable",
    "PUT /iot/v2/dashboards/{id}/clone": "Copy a dashboard",
    "PUT /iot/v3/dashboards/{id}/clone": "Copy a dashboard",
    "PUT /iot/v2/dashboards/{id}/widgets/{widgetId}/variables": "Bind a widget to variables",
    "PUT /iot/v2/dashboards/{id}/shares": "Share a dashboard",
    "DELETE /iot/v2/dashboards/{id}/shares/{user_id}": "Stop sharing a dashboard",
    "PUT /iot/v2/dashboards/{id}/share_request": "Ask for a dashboard",
    # Particle
    "POST /v1/devices": "Claim a device",
    "DELETE /v1/devices/{device}": "Let a device go",
    "DELETE /v1/products/{product}/devices/{device}/owner": "Unclaim a device of a product",
    "POST /v1/provisioning/{device}": "Register the key of a device",
    "POST /v1/integrations/{integration}/test": "Test an integration",
    "POST /v1/integrations/{integration}/deliveries/{delivery}/retry": "Deliver an event again",
    "POST /v1/webhooks": "Create an integration",
    "DELETE /v1/access_tokens": "Revoke all own access tokens",
    "DELETE /v1/access_tokens/current": "Revoke the access token in use",
    "DELETE /v1/access_tokens/{token}": "Revoke an access token",
    "POST /v1/users": "Create an account",
    "PUT /v1/user": "Change the own account",
    "DELETE /v1/user": "Delete the own account",
    "POST /v1/user/password-reset": "Ask for a new password",
    "PUT /v1/user/password-reset": "Set a new password with a link",
    "POST /v1/user/mfa-enable": "Turn two-factor sign-in on",
    "PUT /v1/user/mfa-disable": "Turn two-factor sign-in off",
    "POST /v1/user/products": "Create a product",
    "POST /v1/products/{product}/devices": "Take devices into a product",
    "PUT /v1/products/{product}/devices": "Change the groups of devices",
    "DELETE /v1/products/{product}/devices/{device}": "Take a device out of a product",
    "POST /v1/products/{product}/team": "Take somebody into the team of a product",
    "POST /v1/products/{product}/team/{username}": "Change somebody's part in the team of a product",
    "PUT /v1/products/{product}/team/{username}": "Change somebody's part in the team of a product",
    "POST /v1/products/{product}/team/{username}/token": "Give an API user a new token",
    "PUT /v1/products/{product}/team/{username}/token": "Give an API user a new token",
    "DELETE /v1/products/{product}/team/{username}": "Take somebody off the team of a product",
    "PUT /v1/products/{product}/customers/{email}": "Set the password of a customer",
    "POST /v1/device_claims": "Create a claim code",
    "POST /v1/products/{product}/device_claims": "Create a claim code of a product",
    # Console
    "POST session": "Sign in",
    "POST session/otp": "Sign in with a second factor",
    "DELETE session": "Sign out",
    "POST start/{token}": "Set a password with a one-time link",
    "PUT account": "Change the own account",
    "POST account/password": "Change the own password",
    "POST account/mfa": "Begin to turn two-factor sign-in on",
    "POST account/mfa/confirm": "Turn two-factor sign-in on",
    "DELETE account/mfa": "Turn two-factor sign-in off",
    "DELETE account/sessions": "End all other sessions",
    "DELETE account/sessions/{id}": "End a session",
    "PUT settings": "Change the settings of the server",
    "PUT setup": "Change the names or the certificate of the server",
    "POST people": "Invite a person",
    "PUT people/{id}": "Change a person",
    "POST people/{id}/link": "Make a one-time link for a person",
    "DELETE people/{id}": "Delete a person",
    "PUT spaces/{id}/retention": "Change how long history is kept",
    "PUT variables/{id}/retention": "Change how long the history of a variable is kept",
    "POST dashboards/{id}/links": "Make a link to a dashboard",
    "DELETE dashboards/{id}/links/{link}": "Withdraw a link to a dashboard",
    "DELETE dashboards/{id}/requests/{person}": "Decline a request for a dashboard",
    "POST simulated": "Start simulated boards",
    "DELETE simulated": "Stop simulated boards",
    "POST spaces": "Create an organisation",
    "POST spaces/{id}/members": "Take somebody into an organisation",
    "PUT spaces/{id}/members/{person}": "Change somebody's role in an organisation",
    "DELETE spaces/{id}/members/{person}": "Take somebody out of an organisation",
    "POST tokens": "Create an access token",
    "DELETE tokens": "Revoke all access tokens",
    "DELETE tokens/{handle}": "Revoke an access token",
    "POST backups": "Make a backup",
    "DELETE backups/{name}": "Delete a backup",
    # Commands
    "RUN user_add": "Add a person",
    "RUN user_link": "Make a one-time link for a person",
    "RUN user_password": "Set the password of a person",
    "RUN user_delete": "Delete a person",
    "RUN key_create": "Create an API key",
    "RUN key_enable": "Turn an API key on",
    "RUN key_disable": "Turn an API key off",
    "RUN key_rotate": "Give an API key a new secret",
    "RUN key_delete": "Delete an API key",
    "RUN org_add": "Create an organisation",
    "RUN token_create": "Create an access token",
    "RUN token_revoke": "Revoke an access token",
    "RUN backup_begin": "Make a backup",
    "RUN device_add": "Add a device",
    "RUN device_enrol": "Register the key of a device",
    "RUN device_secret": "Set the secret key of a device",
    "RUN device_delete": "Delete a device",
    "RUN device_tag": "Set a tag of a device",
}
_VERBS: Final = {"POST": "Create", "PUT": "Change", "PATCH": "Change", "DELETE": "Delete", "RUN": "Run"}
_NAMED: Final = re.compile(r"\{\w+\*?\}")


def words(method: str, route: str) -> str:
    """What a request did."""
    known = WORDS.get(f"{method} {route}")
    if known is not None:
        return known
    parts = route.strip("/").split("/")
    literal = [part for part in parts if _NAMED.fullmatch(part) is None]
    noun = (literal[-1] if literal else route).replace("_", " ").replace("-", " ")
    one = _NAMED.fullmatch(parts[-1]) is not None or method == "POST"
    verb = "Change" if method == "POST" and _NAMED.fullmatch(parts[-1]) is not None else _VERBS.get(method, method)
    if one and noun.endswith("s"):
        noun = noun[:-3] + "y" if noun.endswith("ies") else noun[:-1]
        article = "an" if noun[:1] in "aeiou" else "a"
        return f"{verb} {article} {noun}"
    return f"{verb} {noun}"
