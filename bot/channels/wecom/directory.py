"""Whom the app can see, as the platform's directory has them: asked department by department."""

from __future__ import annotations

import structlog

from bot.channels.base import ChannelError, Outcome
from bot.channels.wecom.api import Api, Json
from handlers.people.directory import Listed

NAME_LENGTH = 80
"""Characters of a name that are looked at: more than the platform lets anybody have."""

log = structlog.get_logger()


async def people(api: Api, agent_id: int) -> tuple[Listed, ...] | None:
    """Return everybody in the app's visible range.

    None: the range is given by tags, whose members an app may not ask for, so nobody could be
    told to be out of it.

    Raises:
        ChannelError: the platform does not say, or not in words that we know.
    """
    try:
        return await _people(api, agent_id)
    except (KeyError, TypeError, AttributeError):
        raise ChannelError(Outcome.UNKNOWN, "a directory of another shape") from None


async def _people(api: Api, agent_id: int) -> tuple[Listed, ...] | None:
    app = await api.get("agent/get", agentid=str(agent_id))
    if _range(app, "allow_tags", "tagid"):
        log.warning("directory_not_compared", why="the visible range has tags")
        return None
    found: dict[str, Listed] = {}
    for top in _range(app, "allow_partys", "partyid"):
        departments = await api.get("department/simplelist", id=str(top))
        for one in departments.get("department_id", []):
            members = await api.get("user/simplelist", department_id=str(one["id"]))
            for member in members.get("userlist", []):
                _add(found, member)
    for one in _range(app, "allow_userinfos", "user"):
        if str(one["userid"]).lower() not in found:
            await _add_one(api, found, str(one["userid"]))
    return tuple(found.values())


async def _add_one(api: Api, found: dict[str, Listed], userid: str) -> None:
    """Add a member whom the range names; one who has left is still named there."""
    try:
        _add(found, await api.get("user/get", userid=userid))
    except ChannelError as error:
        if error.outcome is not Outcome.UNREACHABLE:
            raise


def _range(app: Json, outer: str, inner: str) -> list[Json]:
    """Return one part of the app's visible range, which is left out or null where it is empty."""
    return (app.get(outer) or {}).get(inner) or []


def _add(found: dict[str, Listed], member: Json) -> None:
    account = str(member["userid"]).lower()
    found[account] = Listed(account, str(member.get("name", ""))[:NAME_LENGTH])
