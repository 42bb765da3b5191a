"""The server that mails are handed to, and addresses that it takes (RFC 5321, RFC 5322)."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from automap_service.hosts import is_loopback
from automap_service.settings import Settings
from automap_tiles.errors import ConfigError

_PATIENCE = 30.0


@dataclass(frozen=True, kw_only=True)
class MailRefusal:
    """Why a mail was not taken."""

    reason: str
    is_final: bool = False
    """Whether the server will never take this mail; else it is tried again."""


def send(
    settings: Settings, message: EmailMessage, sender: str, recipient: str
) -> MailRefusal | None:
    """Why the server did not take a mail; None when it did."""
    try:
        server = connect(settings)
        try:
            server.send_message(message, sender, [recipient])
        finally:
            _part_from(server)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        return MailRefusal(reason=f"{code} {_text(said)}", is_final=_is_final(code))
    except smtplib.SMTPDataError as error:
        reason = f"{error.smtp_code} {_text(error.smtp_error)}"
        return MailRefusal(reason=reason, is_final=_is_final(error.smtp_code))
    except smtplib.SMTPResponseException as error:  # of us: our log-in, our sender
        return MailRefusal(reason=f"{error.smtp_code} {_text(error.smtp_error)}")
    except (OSError, smtplib.SMTPException, ConfigError, ValueError) as error:
        return MailRefusal(reason=str(error) or type(error).__name__)
    return None


def connect(settings: Settings) -> smtplib.SMTP:
    """A connection to the mail server, logged in; raises `ConfigError`, `OSError`."""
    mail = settings.mail
    if mail.security == "none" and not is_loopback(mail.host):
        raise ConfigError(
            "mails and passwords would travel in the open",
            key="mail.security",
            found=mail.security,
            remedy="starttls or tls",
        )
    context = ssl.create_default_context(cafile=mail.ca_file or None)
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            mail.host, mail.port, timeout=_PATIENCE, context=context
        )
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=_PATIENCE)
    with contextlib.ExitStack() as failed:
        failed.callback(server.close)
        if mail.security == "starttls":
            server.starttls(context=context)
        if mail.user:
            password = Path(mail.password_file).read_text(encoding="utf-8").rstrip("\n")
            server.login(mail.user, password)
        failed.pop_all()
    return server


def _part_from(server: smtplib.SMTP) -> None:
    """Say good-bye; whether the server likes that changes nothing about the mail it took."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _is_final(code: int) -> bool:
    """Whether an answer is a permanent one (RFC 5321, 4.2.1)."""
    return 500 <= code < 600


def checked_address(text: str) -> str:
    """One address, as it is kept; raises `ConfigError`."""
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ConfigError(f"is not an address: {error}", key="address", found=text) from None
    return found.normalized


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
