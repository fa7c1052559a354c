"""Handing over a message: taken, refused for good, or to be tried again."""

from __future__ import annotations

import asyncio

import pytest

from services.notifier.smtp import Deferred, Mailer, Rejected, Server
from tests.unit.notifier.smtp_server import PostOffice, post_office

FROM, TO = "portal@harborview.example", "maya@mail.example"
MESSAGE = b"Subject: Hello\r\n\r\nThere is something new.\r\n"


async def test_a_message_arrives_as_it_was_handed_over() -> None:
    office = PostOffice()
    async with post_office(office) as mailer:
        await mailer.send(FROM, TO, MESSAGE)
    assert office.envelopes == [(FROM, [TO])]
    assert office.letters[0]["Subject"] == "Hello"


async def test_a_connection_is_kept_for_the_next_message() -> None:
    office = PostOffice()
    async with post_office(office) as mailer:
        for _ in range(5):
            await mailer.send(FROM, TO, MESSAGE)
    assert (len(office.letters), office.connections) == (5, 1)


async def test_at_most_the_given_number_of_connections_is_open() -> None:
    office = PostOffice()
    async with post_office(office, connections=3) as mailer:
        await asyncio.gather(*(mailer.send(FROM, TO, MESSAGE) for _ in range(40)))
    assert len(office.letters) == 40
    assert office.connections <= 3


@pytest.mark.parametrize("code", [550, 553, 554])
async def test_a_recipient_refused_for_good_is_rejected_with_the_code_only(code: int) -> None:
    office = PostOffice(answer_to_recipient=f"{code} <{TO}> is not known here")
    async with post_office(office) as mailer:
        with pytest.raises(Rejected) as refusal:
            await mailer.send(FROM, TO, MESSAGE)
    assert refusal.value.code == code
    assert TO not in str(refusal.value)


async def test_a_message_refused_for_good_is_rejected() -> None:
    async with post_office(PostOffice(answer_to_data="554 No")) as mailer:
        with pytest.raises(Rejected, match="554"):
            await mailer.send(FROM, TO, MESSAGE)


@pytest.mark.parametrize(
    "office",
    [PostOffice(answer_to_recipient="451 Later"), PostOffice(answer_to_data="452 Full")],
)
async def test_what_may_work_later_is_deferred(office: PostOffice) -> None:
    async with post_office(office) as mailer:
        with pytest.raises(Deferred):
            await mailer.send(FROM, TO, MESSAGE)


async def test_a_server_that_wants_us_to_sign_in_is_our_fault_and_not_the_letters() -> None:
    async with post_office(PostOffice(answer_to_recipient="530 Sign in first")) as mailer:
        with pytest.raises(Deferred):
            await mailer.send(FROM, TO, MESSAGE)


async def test_after_a_refusal_the_connection_serves_on() -> None:
    office = PostOffice(answer_to_recipient="550 No")
    async with post_office(office) as mailer:
        with pytest.raises(Rejected):
            await mailer.send(FROM, TO, MESSAGE)
        office.answer_to_recipient = ""
        await mailer.send(FROM, TO, MESSAGE)
    assert (len(office.letters), office.connections) == (1, 1)


async def test_a_kept_connection_that_died_is_replaced_at_once() -> None:
    office = PostOffice()
    async with post_office(office) as mailer:
        await mailer.send(FROM, TO, MESSAGE)
        office.hang_up()
        await mailer.send(FROM, TO, MESSAGE)
    assert (len(office.letters), office.connections) == (2, 2)


async def test_without_a_server_the_message_is_deferred() -> None:
    async with post_office(PostOffice()) as gone:
        server = gone.server
    with pytest.raises(Deferred):
        await Mailer(server).send(FROM, TO, MESSAGE)


async def test_an_address_that_is_not_ascii_goes_out_where_the_server_can() -> None:
    office = PostOffice()
    async with post_office(office) as mailer:
        await mailer.send(FROM, "zoë@mail.example", MESSAGE)
    assert office.envelopes[0][1] == ["zoë@mail.example"]


def test_the_server_is_named_by_a_url() -> None:
    insisted = Server.from_url("smtp+starttls://portal:p%40ss@mail.example")
    assert (insisted.port, insisted.user, insisted.password) == (587, "portal", "p@ss")
    assert insisted.start_tls is True
    assert Server.from_url("smtps://mail.example").use_tls
    with pytest.raises(ValueError, match="SMTP URL"):
        Server.from_url("http://mail.example")
