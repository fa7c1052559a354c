"""The MLLP listener: any number of messages per connection, answered one by one, in order.

It listens on 127.0.0.1 only: MLLP has no authentication, so whatever carries it here (a VPN, a
tunnel, the integration engine beside us) must bring that. Whatever a sender sends, the connection
and the service stay up; only the end of the connection or silence inside a frame closes it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

from kernel.clock import Clock
from services.interop.framing import CR, FS, VT, Frame, Framer
from services.interop.reply import try_again

HOST = "127.0.0.1"
READ_BYTES = 256 * 1024
CONNECTIONS = 256
MESSAGES = 32
"""Messages that are coming in or being taken: each may hold its 16 MB. An idle sender holds none."""

SILENCE_SECONDS = 60.0
"""How long a started message may pause before the connection is given up."""

Take = Callable[[Frame], Awaitable[bytes]]
"""Takes one frame and answers the acknowledgement."""

log = logging.getLogger("interop.mllp")


class Listener:
    """Serves connections with `take`, at most `CONNECTIONS` at a time; more of them wait."""

    def __init__(self, take: Take, clock: Clock, silence: float = SILENCE_SECONDS) -> None:
        self._take = take
        self._clock = clock
        self._silence = silence
        self._connections = asyncio.Semaphore(CONNECTIONS)
        self._messages = asyncio.Semaphore(MESSAGES)
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, port: int, host: str = HOST) -> asyncio.Server:
        """Listen on this port (0 = any free one)."""
        return await asyncio.start_server(self._serve, host, port, limit=READ_BYTES)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _notice_when_gone(writer)
        async with self._connections:
            self._writers.add(writer)
            try:
                await self._converse(reader, writer)
            except ConnectionError:
                log.info("a sender went away")
            finally:
                self._writers.discard(writer)
                writer.close()

    def hang_up(self) -> None:
        """End every conversation: the service stops. What was not answered is sent again."""
        for writer in tuple(self._writers):
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer()
        while data := await reader.read(READ_BYTES):
            async with self._messages:
                if not await self._messages_in(data, framer, reader, writer):
                    return

    async def _messages_in(
        self,
        data: bytes,
        framer: Framer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Answer what these bytes end; whoever has begun another message is listened to, to its end.
        False when that does not come.
        """
        while data:
            for frame in framer.feed(data):
                await self._reply(frame, writer)
            if not framer.inside:
                return True
            data = await self._read(reader)
        for frame in framer.close():
            await self._reply(frame, writer)
        return False

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """The next bytes of a message; none at the end, or when it pauses too long."""
        try:
            async with asyncio.timeout(self._silence):
                return await reader.read(READ_BYTES)
        except TimeoutError:
            log.warning("a sender stopped inside a message")
            return b""

    async def _reply(self, frame: Frame, writer: asyncio.StreamWriter) -> None:
        """Answer one frame. A failure of ours is logged without the message, and answered AE."""
        work = asyncio.ensure_future(self._take(frame))
        await asyncio.wait({work})
        failure = work.exception()
        if failure is not None:
            log.error("a message was not settled: %s", type(failure).__name__)
        ack = try_again(frame, self._clock.now()) if failure is not None else work.result()
        if not writer.is_closing():
            writer.write(VT + ack + FS + CR)
            await self._delivered(writer)

    async def _delivered(self, writer: asyncio.StreamWriter) -> None:
        """Give up a sender that does not read its answers: it would keep its place for ever."""
        try:
            async with asyncio.timeout(self._silence):
                await writer.drain()
        except TimeoutError:
            log.warning("a sender does not read its answers")
            writer.transport.abort()


def _notice_when_gone(writer: asyncio.StreamWriter) -> None:
    """A sender that is idle may stay; one whose machine or network has gone must not keep a place."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


async def listen(take: Take, clock: Clock, port: int, host: str = HOST) -> None:
    """Serve until cancelled. With port 0 there is no listener."""
    if port == 0:
        return
    listener = Listener(take, clock)
    server = await listener.start(port, host)
    try:
        log.info("MLLP on %s:%d", host, port)
        await server.serve_forever()
    finally:
        listener.hang_up()
