"""Where a tap on a notice leads: the platform has no card that leads nowhere.

The page is the same for everybody and says nothing of anybody; so does its address.
"""

from __future__ import annotations

from aiohttp import web

from bot.channels.render import texts_of
from handlers.texts import LOCALES, N_

BACK = N_("This is all there is to this notice. Everything else is in the chat with this app.")

_PAGE = """<!doctype html>
<html lang="{lang}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dossierbot</title>
<body style="font: 1.1rem/1.6 sans-serif; margin: 2rem">{said}</body></html>
"""


def link_of(base: str, callback_path: str) -> str:
    """Return the page's address below the callback's."""
    return f"{base.rstrip('/')}{callback_path}/notice"


async def lead(_request: web.Request) -> web.Response:
    """Answer with the page, in every language."""
    said = "".join(f"<p>{texts_of(one).t(BACK)}</p>" for one in LOCALES)
    page = _PAGE.format(lang=LOCALES[0].replace("_", "-"), said=said)
    return web.Response(text=page, content_type="text/html")
