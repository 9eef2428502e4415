"""A page that is open while its session ends: it hears of that, and goes to sign in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.ui.gate import Message, Receive, Send

ASKED_AGAIN_S = 30.0
"""A page that asks for nothing hears as late as this that its session has ended."""
ENDED = 1008
"""Why a WebSocket is closed: it would be against the rules (RFC 6455, 7.4.1)."""


@dataclass
class WatchedPage:
    """What a page says while its session goes on; in the place of ``receive`` of ASGI."""

    is_admitted: Callable[[], Awaitable[bool]]
    receive: Receive
    end: Callable[[], Awaitable[None]]
    _awaited: asyncio.Future[Message] | None = None

    async def __call__(self) -> Message:
        """The next message; the end of the connection where the session has ended, by then or meanwhile."""
        while True:
            awaited = self._awaited = self._awaited or asyncio.ensure_future(self.receive())
            try:
                # Not ``wait_for``, which would throw away a message that comes in the same moment.
                await asyncio.wait({awaited}, timeout=ASKED_AGAIN_S)
            except asyncio.CancelledError:
                awaited.cancel()
                raise
            message = awaited.result() if awaited.done() else None
            if message is not None:
                self._awaited = None
                if message["type"] != "websocket.receive":
                    return message
            if not await self.is_admitted():
                # What came is not passed on, and nothing more comes.
                awaited.cancel()
                await self.end()
                return {"type": "websocket.disconnect", "code": ENDED}
            if message is not None:
                return message


async def end_page(send: Send, sign_in: str) -> None:
    """Send an open page to the address where one signs in, as Streamlit's own sign-in does, and hang up."""
    redirect = ForwardMsg()
    redirect.auth_redirect.url = sign_in
    await send({"type": "websocket.send", "bytes": redirect.SerializeToString()})
    await send({"type": "websocket.close", "code": ENDED})
