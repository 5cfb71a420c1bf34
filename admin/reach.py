"""What the check finds of the way between Teams and the bot: its public address, and its own token. Nothing is said to Teams."""

from __future__ import annotations

import asyncio

import httpx

from bot.edge import EdgeConfig, channel_token
from graph.check import Result, Row

ENDPOINT = "/api/messages"
PATIENCE = 15.0


async def public_row(http: httpx.AsyncClient, url: str) -> Row:
    """Whether the bot answers at its public address, asked as a stranger would: the door refuses whoever brings no token."""
    part = "public address"
    try:
        answer = await http.post(url.rstrip("/") + ENDPOINT, json={}, timeout=PATIENCE)
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        if "CERTIFICATE_VERIFY_FAILED" in str(failure):
            says = (
                "The certificate of PUBLIC_URL is not one that this machine trusts; Teams wants one of a public authority, for that name."
            )
            return Row(part, Result.MISSING, says)
        says = f"PUBLIC_URL cannot be reached from this machine ({type(failure).__name__}): start the bot, and see where the name leads."
        return Row(part, Result.WARNING, f"{says} Some networks lead nobody in from inside; Microsoft's own try is under notifications.")
    if answer.status_code == httpx.codes.UNAUTHORIZED and answer.headers.get("WWW-Authenticate") == "Bearer":
        return Row(part, Result.WORKS, f"The bot answers at PUBLIC_URL{ENDPOINT}, the messaging endpoint, and refuses strangers.")
    if answer.status_code in {502, 503, 504}:
        return Row(part, Result.WARNING, f"PUBLIC_URL answers, but no bot behind it ({answer.status_code}): start the bot.")
    says = f"What answers at PUBLIC_URL{ENDPOINT} is not the bot ({answer.status_code}): lead this address to the bot's HOST and PORT."
    return Row(part, Result.MISSING, says)


async def teams_row(config: EdgeConfig) -> Row:
    """Whether Entra gives the bot what it must show to Teams, by the way the bot itself takes. Graph's sign-in works."""
    part = "sign-in to Teams"
    try:
        await asyncio.wait_for(asyncio.to_thread(channel_token(config)), PATIENCE)
    except Exception as failure:  # MSAL, requests and cryptography each have their own
        reason = str(failure) if type(failure) is ValueError else type(failure).__name__
        compare = (
            "MicrosoftAppCertificateThumbprint with the certificate's" if config.certificate_file else "LOGIN_URL with the bot's cloud"
        )
        return Row(part, Result.MISSING, f"Entra gives a token for Graph, but none for Teams ({reason}): compare {compare}.")
    return Row(part, Result.WORKS, "Entra gives the bot a token for Teams.")
