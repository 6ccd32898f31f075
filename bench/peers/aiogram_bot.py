"""The visit note as a plain aiogram bot: a router, an FSM in memory, its own aiohttp webhook."""

from __future__ import annotations

import asyncio
import sys
from datetime import date
from typing import Any

import uvloop
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from bench.peers import note
from bench.peers.fsm_sqlite import SqliteStorage
from bench.peers.note import Notes, Shown

router = Router()


class Note(StatesGroup):
    customer = State()
    day = State()
    body = State()
    next = State()
    review = State()


def keyboard(shown: Shown) -> InlineKeyboardMarkup | None:
    if not shown.keys:
        return None
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=label, callback_data=data) for label, data in row]
            for row in shown.keys
        ]
    )


async def redraw(query: CallbackQuery, shown: Shown) -> None:
    await query.answer()
    assert isinstance(query.message, Message)
    await query.message.edit_text(shown.text, reply_markup=keyboard(shown))


@router.message(Command("visit"))
async def start(message: Message, state: FSMContext, notes: Notes) -> None:
    assert message.from_user
    customers = await notes.customers(message.from_user.id)
    if customers is None:
        await message.answer("请先绑定账号。")
        return
    names = {str(id_): name for id_, name in customers.names.items()}
    await state.set_state(Note.customer)
    await state.set_data({"staff": customers.staff_id, "customers": names})
    shown = note.ask_customer(customers)
    await message.answer(shown.text, reply_markup=keyboard(shown))


@router.callback_query(Note.customer, F.data.startswith("customer."))
async def customer(query: CallbackQuery, state: FSMContext) -> None:
    assert query.data
    id_ = query.data.partition(".")[2]
    data = await state.get_data()
    if id_ not in data["customers"]:
        await query.answer("没有这个客户。", show_alert=True)
        return
    await state.update_data(customer=id_, name=data["customers"][id_])
    await state.set_state(Note.day)
    await redraw(query, note.ask_day(note.today()))


@router.callback_query(Note.day, F.data.startswith("day."))
async def day(query: CallbackQuery, state: FSMContext) -> None:
    assert query.data
    assert query.message
    chosen = note.day_of(query.data, note.today())
    if chosen is None:
        await query.answer("这一天不能写记录。", show_alert=True)
        return
    await state.update_data(day=chosen.isoformat(), card=query.message.message_id)
    await state.set_state(Note.body)
    await redraw(query, note.ask_body())


@router.message(Note.body, F.text)
async def body(message: Message, state: FSMContext, bot: Bot) -> None:
    words = message.text or ""
    if problem := note.body_problem(words):
        await message.answer(problem)
        return
    data = await state.update_data(body=words)
    await state.set_state(Note.next)
    await bot.edit_message_text(
        note.answered(words).text, chat_id=message.chat.id, message_id=data["card"]
    )
    shown = note.ask_next(note.today())
    await message.answer(shown.text, reply_markup=keyboard(shown))


def facts(data: dict[str, Any]) -> tuple[str, date, str]:
    return data["name"], date.fromisoformat(data["day"]), data["body"]


@router.callback_query(Note.next, F.data == "skip")
async def skip(query: CallbackQuery, state: FSMContext) -> None:
    data = await state.update_data(next=None)
    await state.set_state(Note.review)
    await redraw(query, note.review(*facts(data)))


@router.callback_query(Note.review, F.data == "submit")
async def submit(query: CallbackQuery, state: FSMContext, notes: Notes) -> None:
    data = await state.get_data()
    name, on, words = facts(data)
    number = await notes.keep(data["staff"], int(data["customer"]), on, words, data["next"])
    await state.clear()
    await redraw(query, note.filed_summary(name, on, words))
    shown = note.filed(number, name, on)
    assert isinstance(query.message, Message)
    await query.message.answer(shown.text, reply_markup=keyboard(shown))


@router.callback_query(F.data == "cancel")
async def cancel(query: CallbackQuery, state: FSMContext) -> None:
    await state.clear()
    await redraw(query, Shown("已取消。", []))


async def main(storage: str) -> None:
    given = note.where()
    engine = note.durable(given.folder / "notes.sqlite")
    kept: BaseStorage = SqliteStorage(engine) if storage == "sqlite" else MemoryStorage()
    bot = Bot(
        given.token,
        session=AiohttpSession(api=TelegramAPIServer.from_base(given.api)),
        default=DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview_is_disabled=True),
    )
    dispatcher = Dispatcher(storage=kept, notes=Notes(engine))
    dispatcher.include_router(router)
    server = web.Application()
    handler = SimpleRequestHandler(dispatcher, bot, secret_token=given.secret)
    handler.register(server, path=note.PATH)
    setup_application(server, dispatcher, bot=bot)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", given.port).start()
    await bot.set_webhook(f"http://127.0.0.1:{given.port}{note.PATH}", secret_token=given.secret)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv.pop(1)))
