"""What `dossierbot check` asks the platform, and what to mend when it says no."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.base import ChannelError, Outcome
from bot.channels.wecom.api import Api, Json
from bot.channels.wecom.outcomes import UNTRUSTED
from bot.channels.wecom.outcomes import Refused as Errcode
from bot.clock import SystemClock
from bot.commands.shared import Refused
from bot.settings import Wecom, without_password

_RENEWED = (
    "the token that WeCom has just given is not accepted: another program may use the same secret "
    "and renew it all the time; let only one of them have it"
)
_UNSEEN = "it is not in the app's visible range (可见范围): put it there"
_WRONG = {
    40001: "the secret is not one of this app: copy it anew from the app's page in the console",
    40013: "corp_id is not known: 我的企业, at the bottom of the page",
    40014: _RENEWED,
    40056: "agent_id is not this app's: it stands at the top of the app's page",
    40091: "the secret is not one of this app: copy it anew from the app's page in the console",
    41001: "the token did not arrive: what stands between ([wecom] api_base, proxy) must leave "
    "the address of a call as it is, with all behind the question mark",
    42001: _RENEWED,
    48002: "that secret may not ask for the app: it is another one of the console, such as "
    "通讯录同步's, or the app lacks the right; copy the one on the app's own page",
    45009: "calls came too often: wait a minute and try again",
    50001: "the domain of [http] public_url is not one that the app trusts: enter it on the app's "
    "page, under 网页授权及JS-SDK",
    50003: "the app is disabled: switch it on in the console",
    60011: _UNSEEN,
    60111: "there is no such 账号: it stands in 通讯录, on the member's page",
    81013: "nobody who was written to is in the app's visible range (可见范围), or "
    "wecom_userid is not their 账号",
    301002: "agent_id and secret are of different apps: take both from the same page",
}
"""By error code: what is wrong and where the right value stands."""


async def look(wecom: Wecom, operators: Sequence[str] = ()) -> list[str]:
    """Return remarks about the app as the platform has it.

    `operators`: accounts of those who are told of trouble; each has to be in its sight.

    Raises:
        Refused: the platform cannot be reached or does not accept a setting; says what to mend.
    """
    api = Api(wecom, SystemClock().now)
    await api.open()
    try:
        app = await api.get("agent/get", agentid=str(wecom.agent_id))
        unseen = [said for one in operators if (said := await _unseen(api, one))]
        seen_from = await api.address()
    except Errcode as error:
        raise Refused(_sentence(error.code, api.seen_from)) from None
    except ChannelError:
        raise Refused(
            f"{wecom.api_base} gave no usable answer{_through(wecom)}. Check the network, the "
            "firewall and [wecom] api_base and proxy, and try again."
        ) from None
    finally:
        await api.close()
    return [*_of_app(app), *unseen, *_of_address(seen_from, wecom)]


async def _unseen(api: Api, account: str) -> str:
    """Return what keeps an operator from being told of trouble; "" for nothing.

    Raises ChannelError: something else than that is wrong.
    """
    try:
        await api.get("user/get", userid=account)
    except Errcode as error:
        if error.outcome is not Outcome.UNREACHABLE:
            raise
        why = _WRONG.get(error.code, _UNSEEN)
        return f"the operator {account} gets nothing here ({error.code}): {why}"
    return ""


def _of_address(seen_from: str, wecom: Wecom) -> list[str]:
    if not seen_from:
        return []
    return [f"WeCom sees calls come from {seen_from}{_through(wecom)}, and takes them"]


def _through(wecom: Wecom) -> str:
    return f" through {without_password(wecom.proxy)}" if wecom.proxy else ""


def _sentence(code: int, seen_from: str) -> str:
    if code == UNTRUSTED:
        address = seen_from or "of this server"
        return (
            f"WeCom does not trust the address {address} (60020). Enter it in the console, on "
            "the app's page under 企业可信IP, which takes it once the callback is saved; or set "
            "[wecom] proxy to one with such an address."
        )
    elsewhere = f"what it means stands at https://open.work.weixin.qq.com/devtool/query?e={code}"
    called = f" to a call from {seen_from}" if seen_from else ""
    return f"WeCom says no ({code}){called}: {_WRONG.get(code, elsewhere)}."


def _of_app(app: Json) -> list[str]:
    remarks = [f"the app is {app.get('name', '')}"]
    if app.get("close"):
        remarks.append("it is suspended: nobody gets a message until it is switched on again")
    ranges = (
        app.get(outer, {}).get(inner)
        for outer, inner in (
            ("allow_userinfos", "user"), ("allow_partys", "partyid"), ("allow_tags", "tagid")
        )
    )  # fmt: skip
    if not any(ranges):
        remarks.append("nobody is in its visible range (可见范围), so it reaches nobody")
    return remarks
