"""An FSM storage for aiogram in which every step lasts, as ours does: one commit each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, DefaultKeyBuilder, StateType, StorageKey
from sqlalchemy import Column, String, Table, Text, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.peers.note import metadata

fsm = Table(
    "fsm",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("state", String(80)),
    Column("data", Text, nullable=False, default="{}"),
)


class SqliteStorage(BaseStorage):
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._keys = DefaultKeyBuilder(with_bot_id=True)

    async def close(self) -> None:
        await self._engine.dispose()

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        await self._set(key, state=state.state if isinstance(state, State) else state)

    async def get_state(self, key: StorageKey) -> str | None:
        return await self._get(key, fsm.c.state)

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        await self._set(key, data=json.dumps(dict(data), ensure_ascii=False))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self._get(key, fsm.c.data) or "{}")
        return found

    async def _set(self, key: StorageKey, **values: str | None) -> None:
        row = insert(fsm).values(key=self._keys.build(key), **values)
        async with self._engine.begin() as connection:
            await connection.execute(
                row.on_conflict_do_update(index_elements=[fsm.c.key], set_=values)
            )

    async def _get(self, key: StorageKey, column: Column[str]) -> str | None:
        query = select(column).where(fsm.c.key == self._keys.build(key))
        async with self._engine.connect() as connection:
            found: str | None = (await connection.execute(query)).scalar()
        return found
