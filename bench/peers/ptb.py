"""The visit note as a plain python-telegram-bot bot: `Application`, `ConversationHandler`.

Its webhook is that of the library's own custom-webhook example, over aiohttp: the update goes
into `update_queue` and is answered 200 at once.
"""

from __future__ import annotations

import asyncio
import hmac
from datetime import date
from typing import Any

import uvloop
from aiohttp import web
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Update
from telegram.constants import ParseMode
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    Defaults,
    MessageHandler,
    filters,
)

from bench.peers import note
from bench.peers.note import Notes, Shown

CUSTOMER, DAY, BODY, NEXT, REVIEW = range(5)

Context = ContextTypes.DEFAULT_TYPE


def notes_of(context: Context) -> Notes:
    kept: Notes = context.bot_data["notes"]
    return kept


def own(context: Context) -> dict[Any, Any]:
    assert context.user_data is not None
    return context.user_data


def keyboard(shown: Shown) -> InlineKeyboardMarkup | None:
    if not shown.keys:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(label, callback_data=data) for label, data in row]
            for row in shown.keys
        ]
    )


async def start(update: Update, context: Context) -> int:
    assert update.message
    assert update.effective_user
    customers = await notes_of(context).customers(update.effective_user.id)
    if customers is None:
        await update.message.reply_text("请先绑定账号。")
        return ConversationHandler.END
    own(context).clear()
    own(context)["customers"] = customers
    shown = note.ask_customer(customers)
    await update.message.reply_text(shown.text, reply_markup=keyboard(shown))
    return CUSTOMER


async def redraw(update: Update, shown: Shown) -> None:
    query = update.callback_query
    assert query
    await query.answer()
    await query.edit_message_text(shown.text, reply_markup=keyboard(shown))


async def customer(update: Update, context: Context) -> int:
    query = update.callback_query
    assert query
    assert query.data
    id_ = int(query.data.partition(".")[2])
    if id_ not in own(context)["customers"].names:
        await query.answer("没有这个客户。", show_alert=True)
        return CUSTOMER
    own(context)["customer"] = id_
    await redraw(update, note.ask_day(note.today()))
    return DAY


async def day(update: Update, context: Context) -> int:
    query = update.callback_query
    assert query
    assert query.data
    assert query.message
    chosen = note.day_of(query.data, note.today())
    if chosen is None:
        await query.answer("这一天不能写记录。", show_alert=True)
        return DAY
    own(context)["day"] = chosen
    own(context)["card"] = query.message.message_id
    await redraw(update, note.ask_body())
    return BODY


async def body(update: Update, context: Context) -> int:
    assert update.message
    assert update.message.text
    assert update.effective_chat
    words = update.message.text
    if problem := note.body_problem(words):
        await update.message.reply_text(problem)
        return BODY
    own(context)["body"] = words
    await context.bot.edit_message_text(
        note.answered(words).text, update.effective_chat.id, own(context)["card"]
    )
    shown = note.ask_next(note.today())
    await update.message.reply_text(shown.text, reply_markup=keyboard(shown))
    return NEXT


def facts(context: Context) -> tuple[str, date, str]:
    kept = own(context)
    return kept["customers"].names[kept["customer"]], kept["day"], kept["body"]


async def skip(update: Update, context: Context) -> int:
    own(context)["next"] = None
    await redraw(update, note.review(*facts(context)))
    return REVIEW


async def submit(update: Update, context: Context) -> int:
    assert update.effective_chat
    name, on, words = facts(context)
    kept = own(context)
    number = await notes_of(context).keep(
        kept["customers"].staff_id, kept["customer"], on, words, kept["next"]
    )
    await redraw(update, note.filed_summary(name, on, words))
    shown = note.filed(number, name, on)
    await context.bot.send_message(
        update.effective_chat.id, shown.text, reply_markup=keyboard(shown)
    )
    kept.clear()
    return ConversationHandler.END


async def cancel(update: Update, context: Context) -> int:
    own(context).clear()
    await redraw(update, Shown("已取消。", []))
    return ConversationHandler.END


def bot(given: note.Where, notes: Notes) -> Application[Any, Any, Any, Any, Any, Any]:
    defaults = Defaults(
        parse_mode=ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)
    )
    application = (
        Application.builder()
        .token(given.token)
        .base_url(f"{given.api}/bot")
        .defaults(defaults)
        .updater(None)
        .build()
    )
    application.bot_data["notes"] = notes
    application.add_handler(
        ConversationHandler(
            entry_points=[CommandHandler("visit", start)],
            states={
                CUSTOMER: [CallbackQueryHandler(customer, r"^customer\.\d+$")],
                DAY: [CallbackQueryHandler(day, r"^day\.")],
                BODY: [MessageHandler(filters.TEXT & ~filters.COMMAND, body)],
                NEXT: [CallbackQueryHandler(skip, "^skip$")],
                REVIEW: [CallbackQueryHandler(submit, "^submit$")],
            },
            fallbacks=[
                CallbackQueryHandler(cancel, "^cancel$"),
                CommandHandler("visit", start),
            ],
            allow_reentry=True,
        )
    )
    return application


async def main() -> None:
    given = note.where()
    engine = note.durable(given.folder / "notes.sqlite")
    application = bot(given, Notes(engine))

    async def webhook(request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(secret, given.secret):
            return web.Response(status=401)
        update = Update.de_json(await request.json(), application.bot)
        await application.update_queue.put(update)
        return web.Response()

    server = web.Application()
    server.router.add_post(note.PATH, webhook)
    runner = web.AppRunner(server, access_log=None)
    async with application:
        await application.start()
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", given.port).start()
        await application.bot.set_webhook(
            f"http://127.0.0.1:{given.port}{note.PATH}", secret_token=given.secret
        )
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
