"""MLLP over a real socket: framing, many messages, damage, and the stranger's own client."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import TestClock
from kernel.testing.waiting import until
from services.interop.framing import Frame, Framer
from services.interop.hl7v2.ack import Fault, acknowledge
from services.interop.mllp import MESSAGES, Listener
from services.interop.parcel import Header
from tests.unit.interop.samples import MSH, NOW, PID, feed, raw

ONE, TWO = raw(MSH, PID), raw(MSH.replace("C1", "C2"), PID)
CLOCK = TestClock(NOW)


def wrapped(*sent: bytes) -> bytes:
    """In frames."""
    return b"".join(b"\x0b" + one + b"\x1c\r" for one in sent)


class Stub:
    """Takes frames, remembers them, answers each with a number; fails where told to."""

    def __init__(self, fail_on: bytes = b"never") -> None:
        self.frames: list[Frame] = []
        self.fail_on = fail_on

    async def __call__(self, frame: Frame) -> bytes:
        self.frames.append(frame)
        if self.fail_on in frame.raw:
            raise KeyError("a bug")
        return f"MSH|ack {len(self.frames)}".encode()


@asynccontextmanager
async def listening(stub: Stub, silence: float = 5) -> AsyncIterator[int]:
    """A listener on a free port."""
    server = await Listener(stub, CLOCK, silence).start(0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def talk(port: int, *pieces: bytes) -> bytes:
    """Send the pieces, close our side, read all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def test_several_messages_on_one_connection_in_any_pieces() -> None:
    stub = Stub()
    async with listening(stub) as port:
        sent = wrapped(ONE, TWO)
        answer = await talk(port, *(sent[n : n + 7] for n in range(0, len(sent), 7)))
    assert [frame.raw for frame in stub.frames] == [ONE, TWO]
    assert answer == b"\x0bMSH|ack 1\x1c\r\x0bMSH|ack 2\x1c\r"


async def test_an_empty_frame_is_answered_and_the_next_message_too() -> None:
    stub = Stub()
    async with listening(stub) as port:
        answer = await talk(port, b"\x0b\x1c\r" + wrapped(ONE) + b"\x0b")
    assert [frame.raw for frame in stub.frames] == [b"", ONE]
    assert answer.count(b"MSH|ack") == 2


async def test_a_bug_or_rubbish_leaves_connection_and_listener_up() -> None:
    stub = Stub(fail_on=b"C1")
    async with listening(stub) as port:
        answer = await talk(port, b"GET / HTTP/1.1\r\n\r\n", wrapped(ONE, b"\xff\x00", TWO))
        again = await talk(port, wrapped(TWO))
    assert b"MSA|AE|C1|Cannot be processed now: try again" in answer
    assert answer.count(b"\x0b") == 3
    assert again == b"\x0bMSH|ack 4\x1c\r"


async def test_a_truncated_frame_is_handed_on_as_such() -> None:
    stub = Stub()
    async with listening(stub) as port:
        await talk(port, b"\x0b" + ONE)
    assert stub.frames == [Frame(ONE, "truncated")]


async def test_silence_inside_a_message_ends_the_connection() -> None:
    stub = Stub()
    async with listening(stub, silence=0.05) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x0b" + ONE)
        assert b"ack 1" in await reader.read()
        writer.close()
    assert stub.frames[0].kind == "truncated"


async def test_a_sender_that_never_reads_its_answers_loses_its_place() -> None:
    class Verbose(Stub):
        async def __call__(self, frame: Frame) -> bytes:
            await super().__call__(frame)
            return b"x" * 8_000_000

    stub = Verbose()
    async with listening(stub, silence=0.1) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(wrapped(ONE, TWO, TWO))
        await until(lambda: len(stub.frames) == 3)
        writer.close()


async def test_idle_senders_keep_nobody_from_being_heard() -> None:
    async with listening(Stub()) as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MESSAGES + 1)]
        said = await asyncio.gather(*(talk(port, wrapped(ONE, TWO)) for _ in range(100)))
        assert all(one.count(b"MSH|ack") == 2 for one in said)
        for _, writer in idle:
            writer.close()


async def test_the_loose_client_of_the_hl7_package() -> None:
    stub = Stub()
    program = Path(sys.executable).parent / "mllp_send"
    files = feed("hl7v2/oru")[:3]
    async with listening(stub) as port:
        for path in files:
            arguments = ("--loose", "--file", str(path), "--port", str(port), "127.0.0.1")
            client = await asyncio.create_subprocess_exec(
                str(program), *arguments, stdout=asyncio.subprocess.PIPE
            )
            said, _ = await client.communicate()
            assert b"ack" in said
    assert [frame.kind for frame in stub.frames] == ["whole"] * len(files)


@pytest.mark.parametrize(
    ("sent", "kinds"),
    [
        (b"rubbish" + wrapped(ONE), ["whole"]),
        (ONE + b"\x1c\r", ["whole"]),  # no VT
        (b"\x0b" + ONE + b"\x1c" + b"\x0b" + TWO + b"\x1c", ["whole", "whole"]),  # no CR
        (b"\x0b" + ONE + b"\r\x0b" + TWO + b"\x1c\r", ["truncated", "whole"]),  # a lost FS
        (b"\x0b\x1c\r", ["whole"]),
        (b"\x1c\r\x1c\r", []),
        (b"\x0bhello\x1c\r", ["whole"]),
        (b"hello", []),
        (ONE, ["truncated"]),
    ],
)
def test_loose_framing(sent: bytes, kinds: list[str]) -> None:
    framer = Framer()
    frames = [*framer.feed(sent), *framer.close()]
    assert [frame.kind for frame in frames] == kinds


def test_an_oversized_frame_is_cut_and_the_next_one_is_whole() -> None:
    framer = Framer(limit=1000)
    sent = wrapped(ONE + b"x" * 5000, TWO)
    frames = [frame for n in range(0, len(sent), 99) for frame in framer.feed(sent[n : n + 99])]
    assert [frame.kind for frame in frames] == ["too-large", "whole"]
    whole = Framer(limit=1000)
    assert [frame.kind for frame in whole.feed(sent)] == ["too-large", "whole"]


@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([ONE, b"\x0b", b"\x1c", b"\r"]), max_size=9)
)
def test_frames_do_not_depend_on_the_pieces_they_come_in(pieces: list[bytes]) -> None:
    at_once, bit_by_bit = Framer(), Framer()
    sent = b"".join(pieces)
    first = [*at_once.feed(sent), *at_once.close()]
    second = [f for n in range(len(sent)) for f in bit_by_bit.feed(sent[n : n + 1])]
    assert first == [*second, *bit_by_bit.close()]


def test_acknowledgements_echo_safely() -> None:
    header = Header(
        kind="ORU^R01", event="R01", control="a|b^c", version="2.5.1", sent_by=("A\\", "F"),
        sent_to=("P", "C"), processing="T",
    )  # fmt: skip
    ack = acknowledge("AE", header, [Fault("100", "PID", "No PID segment")], "x1", NOW).decode()
    msh, msa, err, end = ack.split("\r")
    assert msh == "MSH|^~\\&|P|C|A\\E\\|F|20261124120000+0000||ACK^R01^ACK|x1|T|2.5.1"
    assert msa == "MSA|AE|a\\F\\b\\S\\c|No PID segment"
    assert err == "ERR||PID^1|100^Segment sequence error^HL70357|E||||No PID segment"
    assert end == ""
    old = acknowledge("AR", Header(version="2.3"), [Fault("200", "MSH", "x")], "x1", NOW).decode()
    assert "ERR|MSH^1^^200&Unsupported message type&HL70357" in old
    many = acknowledge("AE", header, [Fault("100", "PID", "y" * 500)] * 50, "x1", NOW)
    assert len(many) < 4096
