"""The local mailbox: takes mail over SMTP, shows it as JSON, keeps the newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosmtplib
from starlette.testclient import TestClient

from kernel.clock import TestClock
from portal.mailbox import MailStore, mailbox_app, newest, read, smtp_sink

START = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def mail(subject: str, to: str = "maya@mail.example") -> bytes:
    head = f"From: portal@harborview.example\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n"
    return (head + "Open this link:\r\nhttp://localhost:8080/invitation/i1.abc\r\n").encode()


async def test_a_mail_sent_to_the_sink_can_be_read_on_the_page(tmp_path: Path) -> None:
    store = MailStore(tmp_path, TestClock(START))
    server = await smtp_sink(0, store)
    port = server.sockets[0].getsockname()[1]
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
    await client.connect()
    await client.sendmail("portal@harborview.example", ["maya@mail.example"], mail("Hello"))
    await client.quit()
    server.close()
    await server.wait_closed()

    page = TestClient(mailbox_app(tmp_path))
    listed = page.get("/mail").json()["mails"]
    assert [m["subject"] for m in listed] == ["Hello"]
    assert listed[0]["links"] == ["http://localhost:8080/invitation/i1.abc"]
    assert listed[0]["at"] == START.isoformat()
    assert page.get(f"/mail/{listed[0]['id']}").json() == listed[0]


def test_mails_come_newest_first_and_by_address(tmp_path: Path) -> None:
    clock = TestClock(START)
    store = MailStore(tmp_path, clock)
    for subject, to in (("one", "a@x.example"), ("two", "b@x.example"), ("three", "A@x.example")):
        store.keep(mail(subject, to))
        clock.move(timedelta(seconds=1))
    assert [m.subject for m in newest(tmp_path, 2)] == ["three", "two"]
    page = TestClient(mailbox_app(tmp_path))
    found = page.get("/mail", params={"to": "a@x.example"}).json()["mails"]
    assert [m["subject"] for m in found] == ["three", "one"]


def test_only_the_newest_are_kept_also_after_a_restart(tmp_path: Path) -> None:
    clock = TestClock(START)
    for start in (0, 4):
        store = MailStore(tmp_path, clock, kept=3)
        for number in range(start, start + 4):
            store.keep(mail(str(number)))
            clock.move(timedelta(seconds=1))
    assert [m.subject for m in newest(tmp_path)] == ["7", "6", "5"]
    assert len(list(tmp_path.iterdir())) == 3


def test_two_mails_in_one_microsecond_are_two(tmp_path: Path) -> None:
    store = MailStore(tmp_path, TestClock(START))
    assert store.keep(mail("one")) != store.keep(mail("two"))
    assert len(newest(tmp_path)) == 2


def test_what_is_no_id_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret.eml").write_bytes(mail("secret"))
    for id in ("secret", "../secret", "", "1" * 16):
        assert read(tmp_path, id) is None
    assert newest(tmp_path) == []
    assert TestClient(mailbox_app(tmp_path)).get("/mail/secret").status_code == 404


def test_a_folder_that_is_not_there_is_an_empty_mailbox(tmp_path: Path) -> None:
    assert newest(tmp_path / "nothing") == []


def test_a_mail_that_is_no_mail_does_not_break_the_page(tmp_path: Path) -> None:
    MailStore(tmp_path, TestClock(START)).keep(b"\xff\xfe\x00 not a mail at all")
    assert TestClient(mailbox_app(tmp_path)).get("/mail").status_code == 200
