"""Mails, with a real server that takes them, refuses them, or goes away."""

from __future__ import annotations

import email
import re
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from sqlalchemy import select

from automap_service import recipients
from automap_service.hosts import address_of
from automap_service.mails.server import checked_address
from automap_service.problems import Problem
from automap_service.retention import keep
from automap_service.tables import MAILS
from automap_tiles.errors import ConfigError
from automap_tiles.jobs import Ending, Job, Status
from tests.jobs.parts import Clock, new_job
from tests.service.conftest import MakeSite, Site
from tests.service.test_results import finished
from tests.storage.s3 import _free_port

ANN = "ann@example.org"


@dataclass
class Taker:
    """What a mail server does with mails."""

    answers: list[str] = field(default_factory=list)
    """To the next ones; 250 when there are none left."""
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith(("250", "drop")):
            content = envelope.content
            assert isinstance(content, bytes)
            message = email.message_from_bytes(content, policy=default)
            assert isinstance(message, EmailMessage)
            self.taken.append((list(envelope.rcpt_tos), message))
        return "421 gone" if answer == "drop" else answer


@dataclass
class Server:
    taker: Taker
    settings: dict[str, Any]
    """The part `mail` of a configuration."""


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, crt = folder / "key.pem", folder / "crt.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key),
         "-out", str(crt), "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return crt, key


@pytest.fixture
def mail_server(certificate: tuple[Path, Path], tmp_path: Path) -> Iterator[Server]:
    """With STARTTLS and a password, both demanded."""
    crt, key = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    taker = Taker()

    def known(_: object, __: object, ___: object, kind: str, data: Any) -> AuthResult:
        ok = kind in ("PLAIN", "LOGIN") and (data.login, data.password) == (b"automap", b"open")
        return AuthResult(success=ok, handled=False)

    controller = Controller(
        taker,
        hostname="127.0.0.1",
        port=_free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=known,
    )
    controller.start()
    password = tmp_path / "password"
    password.write_text("open\n")
    try:
        yield Server(
            taker,
            {
                "host": "localhost",
                "port": controller.port,
                "user": "automap",
                "password_file": str(password),
                "sender": "automap@maps.example.org",
                "ca_file": str(crt),
            },
        )
    finally:
        controller.stop()


def told_site(make_site: MakeSite, server: Server, **more: Any) -> Site:
    return make_site(mail=server.settings, web={"url": "https://maps.example.org"}, **more)


def states(site: Site) -> list[tuple[str, int]]:
    with site.service.database.reading() as connection:
        rows = connection.execute(select(MAILS.c.state, MAILS.c.tries)).all()
    return [(row.state, row.tries) for row in rows]


def failed(site: Site, **said: Any) -> Job:
    site.service.store.add(new_job(recipients=(ANN,), **said))
    job = site.service.queue.claim("r")
    assert job is not None
    ending = Ending(status=Status.FAILED, message="failed", reason="no scene was seen")
    return site.service.queue.finish(job, ending)


def ask_by_https(site: Site) -> Any:
    ask = site.user()
    return lambda method, path, **more: ask(
        method, path, base_url="https://maps.example.org", **more
    )


def test_a_successful_run_is_told_with_a_link_that_works(
    make_site: MakeSite, mail_server: Server
) -> None:
    site = told_site(make_site, mail_server)
    ask = ask_by_https(site)
    finished(site, ask, recipients=(ANN,), description="Frühling\nX-Evil: yes")
    assert site.service.outbox.send_due() == 1
    ((to, message),) = mail_server.taker.taken
    assert to == [ANN]
    assert message["To"] == ANN
    assert message["Subject"] == "AutoMap: Frühling X-Evil: yes: successful"
    assert message["X-Evil"] is None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@maps.example.org>")
    plain = message.get_body(("plain",))
    html = message.get_body(("html",))
    assert plain is not None
    assert html is not None
    found = re.search(r"https://maps.example.org(/r/\S+)", plain.get_content())
    assert found is not None
    assert f'href="https://maps.example.org{found[1]}"' in html.get_content()
    answer = site.app.test_client().get(
        found[1], base_url="https://maps.example.org", buffered=True
    )
    assert answer.status_code == 200


def test_a_failed_run_is_told_with_its_reason(make_site: MakeSite, mail_server: Server) -> None:
    site = told_site(make_site, mail_server)
    failed(site)
    keep(site.service)
    ((_, message),) = mail_server.taker.taken
    plain = message.get_body(("plain",))
    assert plain is not None
    assert "no scene was seen" in plain.get_content()


def test_a_cancelled_run_is_not_told(make_site: MakeSite, mail_server: Server) -> None:
    site = told_site(make_site, mail_server)
    job = site.service.store.add(new_job(recipients=(ANN,)))
    site.service.store.cancel(None, job.id)
    assert states(site) == []


def test_a_mail_that_is_refused_for_a_while_is_sent_later_and_once(
    make_site: MakeSite, mail_server: Server, clock: Clock
) -> None:
    site = told_site(make_site, mail_server)
    failed(site)
    mail_server.taker.answers[:] = ["450 later", "451 later"]
    assert site.service.outbox.send_due() == 0
    assert states(site) == [("waiting", 1)]
    assert site.service.outbox.send_due() == 0  # not due yet
    assert states(site) == [("waiting", 1)]
    clock.now += 61
    site.service.outbox.send_due()
    clock.now += 301
    assert site.service.outbox.send_due() == 1
    clock.now += 1e6
    assert site.service.outbox.send_due() == 0
    assert states(site) == [("sent", 3)]
    assert len(mail_server.taker.taken) == 1


def test_a_mail_that_is_refused_for_ever_is_given_up(
    make_site: MakeSite, mail_server: Server
) -> None:
    site = told_site(make_site, mail_server)
    failed(site)
    mail_server.taker.answers[:] = ["550 no such mailbox"]
    assert site.service.outbox.send_due() == 0
    assert states(site) == [("given up", 1)]


def test_a_server_that_is_away_for_days_is_given_up_in_the_end(
    make_site: MakeSite, mail_server: Server, clock: Clock
) -> None:
    settings = {**mail_server.settings, "port": 1}
    site = make_site(mail=settings)
    failed(site)
    for _ in range(20):
        site.service.outbox.send_due()
        clock.now += 86401
    assert states(site) == [("given up", 7)]


def test_a_line_that_drops_after_the_data_makes_the_same_mail_again(
    make_site: MakeSite, mail_server: Server, clock: Clock
) -> None:
    site = told_site(make_site, mail_server)
    failed(site)
    mail_server.taker.answers[:] = ["drop"]
    site.service.outbox.send_due()
    clock.now += 61
    site.service.outbox.send_due()
    ids = {message["Message-ID"] for _, message in mail_server.taker.taken}
    assert len(ids) == 1  # by which mail programs show it once


class Rude(socketserver.StreamRequestHandler):
    """Takes mails, and answers a good-bye with an error."""

    taken: ClassVar[list[bytes]] = []

    def handle(self) -> None:
        answers = {b"DATA": b"354 go on", b"QUIT": b"421 closing"}
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            self.wfile.write(answers.get(line[:4].strip().upper(), b"250 fine") + b"\r\n")
            if line.upper().startswith(b"DATA"):
                self.taken.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self.wfile.write(b"250 taken\r\n")


def test_a_mail_that_was_taken_is_not_sent_again_whatever_the_good_bye_is(
    make_site: MakeSite, clock: Clock
) -> None:
    Rude.taken.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Rude) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mail = {"host": "127.0.0.1", "port": server.server_address[1], "security": "none"}
        site = make_site(mail={**mail, "sender": "a@example.org"})
        failed(site)
        taken = []
        for _ in range(3):
            taken.append(site.service.outbox.send_due())
            clock.now += 90000
        server.shutdown()
    assert (taken, len(Rude.taken)) == ([1, 0, 0], 1)
    assert states(site) == [("sent", 1)]


def test_a_log_in_of_ours_that_is_refused_gives_no_mail_up(
    make_site: MakeSite, mail_server: Server, clock: Clock
) -> None:
    site = told_site(make_site, mail_server)
    failed(site)
    password = Path(mail_server.settings["password_file"])
    password.write_text("expired\n")
    assert site.service.outbox.send_due() == 0
    assert states(site) == [("waiting", 1)]
    with site.service.database.reading() as connection:
        assert str(connection.execute(select(MAILS.c.error)).scalar()).startswith("535")
    password.write_text("open\n")
    clock.now += 61
    assert site.service.outbox.send_due() == 1


def test_who_leaves_does_not_wait_for_mails_that_are_due(
    make_site: MakeSite, mail_server: Server
) -> None:
    site = told_site(make_site, mail_server)
    for number in range(3):
        failed(site, workspace=f"w{number}")
    stop = threading.Event()
    stop.set()
    assert site.service.outbox.send_due(stop) == 0
    assert states(site) == [("waiting", 0)] * 3
    keep(site.service, stop)
    assert states(site) == [("waiting", 0)] * 3


def test_a_stranger_is_not_flooded_with_questions(
    make_site: MakeSite, mail_server: Server, clock: Clock
) -> None:
    site = told_site(make_site, mail_server)
    site.user()
    user = site.service.users.named("ann")

    def ask(address: str) -> None:
        recipients.add(site.service, user, address)
        site.service.outbox.send_due()
        (there,) = recipients.of_user(site.service, user)
        recipients.remove(site.service, user, there["id"])

    for _ in range(3):
        ask("stranger@example.org")
    with pytest.raises(Problem) as caught:
        ask("stranger@example.org")
    assert caught.value.status == 429
    for number in range(7):
        ask(f"s{number}@example.org")
    with pytest.raises(Problem):
        ask("one-more@example.org")
    assert len(mail_server.taker.taken) == 10
    clock.now += 3601
    ask("stranger@example.org")


def test_two_keepers_send_a_mail_once(make_site: MakeSite, mail_server: Server) -> None:
    site = told_site(make_site, mail_server)
    for number in range(5):
        failed(site, workspace=f"w{number}")
    threads = [threading.Thread(target=site.service.outbox.send_due) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail_server.taker.taken) == 5


def test_an_address_is_confirmed_before_anything_is_sent_to_it(
    make_site: MakeSite, mail_server: Server, launched: dict[str, Any]
) -> None:
    site = told_site(make_site, mail_server)
    ask = ask_by_https(site)
    from tests.service.conftest import SQUARE

    assert ask("PUT", "/files/boundaries/ny", data=SQUARE).status_code == 201
    user = site.service.users.named("ann")
    recipients.add(site.service, user, ANN)
    answer = ask("POST", "/launch", json={**launched, "notify": [ANN]})
    assert answer.json["errors"][0]["message"] == "is not one of your confirmed addresses"
    job = ask("POST", "/launch", json=launched).json["id"]
    found = site.service.store.get(None, job)
    assert found is not None
    assert found.recipients == ()
    site.service.outbox.send_due()
    ((_, message),) = mail_server.taker.taken
    plain = message.get_body(("plain",))
    assert plain is not None
    word = re.search(r"/confirm/(\S+)", plain.get_content())
    assert word is not None
    client = site.app.test_client()
    here = {"base_url": "https://maps.example.org"}
    assert client.get(word[0], **here).status_code == 200  # programs that follow links do no harm
    assert recipients.chosen(site.service, user, None) == ()
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert client.post(word[0], headers=headers, **here).status_code == 200
    assert client.post(word[0], headers=headers, **here).status_code == 410
    assert recipients.chosen(site.service, user, None) == (ANN,)
    answer = ask("POST", "/launch", json={**launched, "again": True})
    found = site.service.store.get(None, answer.json["id"])
    assert found is not None
    assert found.recipients == (ANN,)


@pytest.mark.parametrize(
    "text", ["a@x.org, b@y.org", "a@x.org\nBcc: b@y.org", "a", "a@", "Ann <a@x.org>", "a@x.org b"]
)
def test_one_field_is_one_address(text: str) -> None:
    with pytest.raises(ConfigError):
        checked_address(text)


def test_mails_do_not_travel_in_the_open(make_site: MakeSite) -> None:
    site = make_site(mail={"host": "mail.example.org", "security": "none", "sender": ANN})
    failed(site)
    site.service.outbox.send_due()
    with site.service.database.reading() as connection:
        error = connection.execute(select(MAILS.c.error)).scalar_one()
    assert "would travel in the open" in error


def test_a_question_that_is_given_up_leaves_no_word(
    make_site: MakeSite, mail_server: Server
) -> None:
    site = told_site(make_site, mail_server)
    site.user()
    recipients.add(site.service, site.service.users.named("ann"), ANN)
    mail_server.taker.answers[:] = ["550 no such mailbox"]
    site.service.outbox.send_due()
    with site.service.database.reading() as connection:
        row = connection.execute(select(MAILS.c.state, MAILS.c.said)).one()
    assert row.state == "given up"
    assert "word" not in row.said


def test_an_address_of_the_sixth_version_is_in_brackets(make_site: MakeSite) -> None:
    settings = make_site(web={"host": "::1", "port": 8080}).service.settings
    assert address_of(settings) == "http://[::1]:8080"


def test_the_word_that_confirms_is_nowhere_in_clear_and_made_for_each_mail(
    make_site: MakeSite, mail_server: Server, clock: Clock
) -> None:
    site = told_site(make_site, mail_server)
    site.user()
    ann = site.service.users.named("ann")
    recipients.add(site.service, ann, ANN)
    mail_server.taker.answers[:] = ["drop"]  # taken, but that is not heard
    site.service.outbox.send_due()
    clock.now += 61
    site.service.outbox.send_due()
    words = [re.search(r"/confirm/(\S+)", str(mail))[1] for _, mail in mail_server.taker.taken]  # type: ignore[index]
    assert len(set(words)) == 2
    kept = site.service.settings.root / "automap.sqlite"
    stored = b"".join(path.read_bytes() for path in kept.parent.glob(f"{kept.name}*"))
    assert not [word for word in words if word.encode() in stored]
    assert recipients.confirm(site.service, words[0]) is None
    assert recipients.confirm(site.service, words[1]) == ANN


def test_an_address_that_was_removed_is_asked_nothing(
    make_site: MakeSite, mail_server: Server
) -> None:
    site = told_site(make_site, mail_server)
    site.user()
    ann = site.service.users.named("ann")
    recipients.add(site.service, ann, ANN)
    (known,) = recipients.of_user(site.service, ann)
    assert recipients.remove(site.service, ann, known["id"])
    site.service.outbox.send_due()
    assert mail_server.taker.taken == []
    assert states(site) == [("given up", 1)]
