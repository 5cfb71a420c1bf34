"""A mail server on loopback that keeps what it takes: plain, TLS from the first byte or STARTTLS, with a password, refusing on demand."""

from __future__ import annotations

import asyncio
import base64
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage


class Server:
    """`letters` were taken; `logins` are the (user, password) pairs it was told, each with whether the line was encrypted.

    `password` empty: asks for none. `refusals`: address → code. `drops`: so many times it goes away after DATA, with the letter taken.
    """

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.logins: list[tuple[str, str, bool]] = []
        self.password = ""
        self.refusals: dict[str, int] = {}
        self.drops = 0
        self._starttls: ssl.SSLContext | None = None

    async def open(self, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> int:
        """The port. `tls`: from the first byte; `starttls`: offered to those who ask."""
        self._starttls = starttls
        self._server = await asyncio.start_server(self._serve, host, 0, limit=10_000_000, ssl=tls)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        self._server.close()

    def about(self, subject: str) -> EmailMessage | None:
        return next((one for one in self.letters if str(one["subject"]) == subject), None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            words = line.decode().split()
            verb = words[0].upper() if words else ""
            encrypted = writer.get_extra_info("ssl_object") is not None
            if verb == "STARTTLS":
                writer.write(b"220 go on\r\n")
                await writer.drain()
                assert self._starttls is not None
                await writer.start_tls(self._starttls)
                continue
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                content = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                letter = message_from_bytes(content, policy=policy.default)
                assert isinstance(letter, EmailMessage)
                self.letters.append(letter)
                if self.drops:
                    self.drops -= 1
                    break
            writer.write(self._answer(verb, words, encrypted).encode())
            await writer.drain()
            if verb == "QUIT":
                break
        writer.close()

    def _answer(self, verb: str, words: list[str], encrypted: bool) -> str:
        if verb == "EHLO":
            offers = ["here", *(["STARTTLS"] if self._starttls and not encrypted else []), *(["AUTH PLAIN"] if self.password else [])]
            return "".join(f"250{' ' if one is offers[-1] else '-'}{one}\r\n" for one in offers)
        if verb == "AUTH":
            _, user, password = base64.b64decode(words[2]).decode().split("\0")
            self.logins.append((user, password, encrypted))
            return "235 welcome\r\n" if password == self.password else "535 5.7.8 wrong\r\n"
        if verb == "RCPT":
            code = next((code for address, code in self.refusals.items() if f"<{address}>" in words[1]), 250)
            return f"{code} {'ok' if code == 250 else 'no'}\r\n"
        return "221 bye\r\n" if verb == "QUIT" else "250 ok\r\n"
