"""Our reader says of every field what python-hl7 says, which builds all of it to know any of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.interop.hl7v2.normalise import messages
from services.interop.hl7v2.reader import MOST_PARTS, Message
from services.interop.parcel import Unusable
from tests.unit.interop.samples import MSH, OBR, OBX, PID, feed, raw

ODD = (
    MSH,
    PID.replace("77^^^NORTH^MR", "77^^^NORTH&1.2.3&ISO^MR~88^^^SOUTH"),
    "PD1",
    "OBX|1|ST|A^^||a~~b^c&d&e^~|",
    'OBX|2|TX|B||"" \\F\\ \\S\\|  kept  |^|~|&||',
)


def at(container: Any, index: int) -> Any:
    """The library's part at an index; a leaf that it did not split is its own first part."""
    if isinstance(container, str):
        return container if index == 0 else ""
    return container[index] if 0 <= index < len(container) else ""


def everything(segment: Any) -> Iterator[tuple[int, int, int, int, str]]:
    """Each value of one of the library's segments, and of places where it has none."""
    for field in range(len(segment) + 2):
        content = at(segment, field)
        for repetition in range(1, _parts(content) + 2):
            found = at(content, repetition - 1)
            for component in range(1, _parts(found) + 2):
                piece = at(found, component - 1)
                for sub in range(1, _parts(piece) + 2):
                    yield field, repetition, component, sub, str(at(piece, sub - 1))


def _parts(content: Any) -> int:
    return 1 if isinstance(content, str) else len(content)


def compare(text: str) -> int:
    """Ask both for everything; how many values they agreed on. A doubled escape, which the library
    takes for the subcomponent separator, is mended for it.
    """
    text = text.replace("^~\\\\&", "^~\\&", 1)
    ours, theirs = Message(text), hl7.parse(text)
    escape, agreed = theirs.esc, 0
    assert [s.name for s in ours.segments] == [str(at(at(s, 0), 0))[:3] for s in theirs]
    for mine, segment in zip(ours.segments, theirs, strict=True):
        for field, repetition, component, sub, value in everything(segment):
            if field == 0:
                continue
            said = mine.get(field, component, repetition, sub)
            expected = "" if value == '""' else " ".join(value.split())
            if escape not in value or (mine.name == "MSH" and field == 2):
                assert " ".join(said.split()) == expected, (mine.name, field)
            agreed += 1
        for field in range(1, len(segment) + 1):
            content = at(segment, field)
            count = len(content) if str(content) else 0
            assert mine.repetitions(field) == count, (mine.name, field)
    return agreed


def test_odd_segments_read_as_the_library_reads_them() -> None:
    assert compare(raw(*ODD).decode()) > 100
    assert compare(raw(*ODD).decode().replace("|", "#").replace("^", "*")) > 100


def test_the_shared_messages_read_as_the_library_reads_them() -> None:
    texts = [text for path in feed("hl7v2") for text in messages(path.read_bytes())]
    agreed = sum(compare(text) for text in texts)
    assert agreed > 100 * len(texts) or not texts


@given(st.lists(st.text('ab1 \\|^~&"\r', max_size=30), min_size=1, max_size=5))
def test_whatever_stands_in_fields_reads_as_the_library_reads_it(fields: list[str]) -> None:
    lines = [MSH, *("OBX|" + field.replace("\r", "\rNTE|") for field in fields), "ZZZ|end"]
    compare("\r".join(lines))


def test_escapes_and_nulls() -> None:
    text = "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f \\.br\\g\\H\\h\\N\\ \\X41\\ \\Zz9\\"
    obx = Message(raw(MSH, f'OBX|1|TX|""||{text}').decode()).first("OBX")
    assert obx is not None
    assert obx.get(5) == "a|b^c&d~e\\f \ng" + "h A \\Zz9\\"
    assert obx.get(3) == ""
    assert obx.repetitions(3) == 1


@pytest.mark.parametrize("header", ["MSH||x", "MSH|abcd|x", "MSH|^~\\ |x"])
def test_delimiters_that_are_no_signs_are_refused(header: str) -> None:
    with pytest.raises(Unusable):
        Message(header)


def test_a_doubled_escape_in_msh_2_is_taken_for_one() -> None:
    obx = Message(raw(MSH.replace("^~\\&", "^~\\\\&"), "OBX|1|ST|A&B").decode()).first("OBX")
    assert obx is not None
    assert (obx.get(3), obx.get(3, sub=2)) == ("A", "B")


def test_a_message_made_of_delimiters_is_refused_and_one_of_text_is_not() -> None:
    with pytest.raises(Unusable):
        Message(f"{MSH}\rOBX|{'^' * (MOST_PARTS + 1)}")
    Message(f"{MSH}\rOBX|{'x' * (MOST_PARTS + 1)}")


def test_the_parts_of_a_message_are_found() -> None:
    message = Message(raw(MSH, PID, OBR, OBX, OBX).decode())
    assert (message.header.kind, message.header.sender) == ("ORU^R01", "LAB")
    assert len(message.all("OBX")) == 2
    assert message.first("ZZZ") is None
