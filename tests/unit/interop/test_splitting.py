"""Frames, files and batches into single messages: nothing lost, each in its own bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.interop.hl7v2.normalise import messages, normalised
from services.interop.hl7v2.numbers import numbers_in
from services.interop.hl7v2.splitting import MOST_BYTES, Splitter, split
from services.interop.intake import frame_id, message_id
from tests.unit.interop.samples import MSH, OBR, OBX, PID, feed, raw

ONE, TWO, THREE = (raw(MSH.replace("C1", f"C{n}"), PID, OBR, OBX) + b"\r" for n in (1, 2, 3))
FHS, BHS = b"FHS|^~\\&|LAB\r", b"BHS|^~\\&|LAB\r"


def in_pieces(sent: bytes, size: int) -> tuple[list[bytes], Splitter]:
    """Split as a file is that is read in pieces."""
    splitter = Splitter()
    found = [m for n in range(0, len(sent), size) for m in splitter.feed(sent[n : n + size])]
    return [*found, *splitter.close()], splitter


@pytest.mark.parametrize(
    "sent",
    [
        ONE + TWO + THREE,
        FHS + BHS + ONE + TWO + THREE + b"BTS|3\rFTS|1\r",
        BHS + ONE + TWO + b"BTS|2\r" + BHS + THREE + b"BTS|1",
        b"\x0b" + b"\x1c\r\x0b".join([ONE, TWO, THREE]) + b"\x1c\r",
        b"\r\n\r\n" + ONE + b"\r\r" + TWO + THREE,
    ],
)
def test_each_message_stands_for_itself(sent: bytes) -> None:
    for size in (1, 7, 100, len(sent)):
        found, splitter = in_pieces(sent, size)
        assert [message_id(one) for one in found] == [message_id(m) for m in (ONE, TWO, THREE)]
        assert splitter.miscounted == 0
    assert [one.strip(b"\r") for one in split(sent)] == [m[:-1] for m in (ONE, TWO, THREE)]


def test_a_message_keeps_the_bytes_in_which_it_came() -> None:
    windows = ONE.replace(b"\r", b"\r\n")
    assert split(windows + TWO) == [windows, TWO]
    marked = b"\xef\xbb\xbf" + ONE
    assert split(marked) == [marked]


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_split_too_and_stays_what_it_is(order: str) -> None:
    mark = "\ufeff".encode(order)
    names = [one.decode().replace("Roe", "R\u00f6e \u4e2d") for one in (ONE, TWO)]
    found = split(mark + "".join(names).encode(order))
    assert found == [mark + name.encode(order) for name in names]
    assert message_id(found[0]) == message_id(names[0].encode())


def test_one_message_is_one_however_it_came() -> None:
    ways = [ONE, ONE[:-1], ONE.replace(b"\r", b"\n"), ONE.replace(b"\r", b"\r\n")]
    ways += [b"\xef\xbb\xbf" + ONE, b"\x0b" + ONE + b"\x1c\r", ONE.replace(b"\r", b"\r\r")]
    assert len({message_id(way) for way in ways}) == 1
    assert message_id(ONE) != message_id(ONE.replace(b"13.5", b"13.6"))


def test_a_frame_that_was_cut_off_is_not_the_message_that_comes_again() -> None:
    assert frame_id(ONE) != message_id(ONE)


@pytest.mark.parametrize(
    ("trailer", "wrong"),
    [(b"BTS|2\rFTS|1", 0), (b"BTS|3\rFTS|1", 1), (b"BTS|3\rFTS|9", 2), (b"BTS\rFTS|x", 0)],
)
def test_what_a_batch_says_of_its_size_is_checked_and_nothing_is_lost(
    trailer: bytes, wrong: int
) -> None:
    found, splitter = in_pieces(FHS + BHS + ONE + TWO + trailer, 50)
    assert (len(found), splitter.miscounted) == (2, wrong)


def test_what_stands_before_the_first_header_is_kept_for_itself() -> None:
    assert split(PID.encode() + b"\r" + ONE) == [PID.encode() + b"\r", ONE]
    assert split(b"") == split(b"\r\n \r\n") == []


def test_a_message_that_is_too_large_is_passed_over_and_the_next_one_is_not() -> None:
    large = ONE + (b"NTE|1||" + b"x" * 1_000_000 + b"\r") * (MOST_BYTES // 1_000_000 + 1)
    endless = TWO + b"NTE|1||" + b"x" * (MOST_BYTES + 1) + b"\r"
    found, splitter = in_pieces(large + endless + THREE, 1_000_000)
    assert (found, splitter.too_large) == ([THREE], 2)


@given(st.lists(st.sampled_from([ONE, TWO, FHS, b"BTS|7\n", b"\x0b", b"\x1c\r", b"\n", b"junk"])))
def test_pieces_do_not_matter_and_splitting_agrees_with_reading(pieces: list[bytes]) -> None:
    sent = b"".join(pieces)
    at_once = split(sent)
    assert in_pieces(sent, 3)[0] == at_once
    read = [text for one in at_once for text in messages(one)]
    assert read == messages(sent)


def test_the_shared_messages_are_one_message_each_and_many_in_one_file() -> None:
    files = [path.read_bytes() for path in feed("hl7v2") if path.suffix == ".hl7"]
    alone = [split(content) for content in files]
    assert all(len(found) == 1 for found in alone)
    found, _ = in_pieces(b"\r\n".join(files), 65_536)
    assert [message_id(one) for one in found] == [message_id(content) for content in files]


def test_the_numbers_of_all_whom_a_message_names() -> None:
    merge = raw(MSH, PID.replace("77^^^NORTH^MR", "77^^^NORTH~88^^^SOUTH"), "MRG|99^^^NORTH")
    assert numbers_in(normalised(merge)) == {b"77", b"88", b"99"}
    assert numbers_in(normalised(raw(MSH, "PID|1||"))) == frozenset()
    assert numbers_in(b"MSH") == numbers_in(b"") == frozenset()
    odd = raw(MSH, PID).replace(b"|", b"#").replace(b"^", b"*")
    assert numbers_in(normalised(odd)) == {b"77"}
