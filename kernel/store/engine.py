"""A SQLAlchemy engine for a moment's schema work; the hot path goes beneath it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine


class EngineScope:
    """Disposes of the engine at the end of the block."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __aenter__(self) -> AsyncEngine:
        return self._engine

    async def __aexit__(self, *error: object) -> None:
        await self._engine.dispose()
