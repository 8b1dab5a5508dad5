"""Why: a reader of event streams that shares no code with ours, for one client or a thousand.

    reader = Reader(port, token); await reader.run(until=lambda: len(reader.events) == 3)

It reads as browsers do (WHATWG HTML 9.2): an id is kept also when no data follows it, comments are
passed over, and a broken stream is begun again behind the last id."""
import asyncio
import json


class Reader:
    def __init__(self, port, token, query="", last_id=None, headers=None):
        self.port = port if callable(port) else lambda: port
        self.token = token
        self.query = query
        self.last_id = last_id
        self.headers = headers or {}
        self.events = []  # (id, name, data)
        self.beats = 0
        self.retry = None
        self.status = None
        self.head = {}
        self.connects = 0
        self.is_placed = False  # it has an id: nothing is missed from here on
        self.arrived = []  # loop times of events

    async def connect(self):
        stream, out = await asyncio.open_connection("127.0.0.1", self.port())
        lines = [f"GET /v1/events{self.query} HTTP/1.1", "Host: x", f"Authorization: Bearer {self.token}",
                 "Accept: text/event-stream", *(f"{k}: {v}" for k, v in self.headers.items())]
        if self.last_id:
            lines.append(f"Last-Event-ID: {self.last_id}")
        out.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        head = (await stream.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.status = int(head[0].split()[1])
        self.head = {line.split(":")[0].lower(): line.split(":", 1)[1].strip() for line in head[1:] if line}
        self.connects += 1
        return stream, out

    async def once(self):
        """One connection, to its end."""
        stream, out = await self.connect()
        try:
            name, data = None, []
            while line := await stream.readline():
                line = line.rstrip(b"\n").decode()
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if not line:
                    if data:
                        self.arrived.append(asyncio.get_running_loop().time())
                        self.events.append((self.last_id, name or "message", json.loads("\n".join(data))))
                    name, data = None, []
                elif not field:
                    self.beats += value == "hb"
                elif field == "id":
                    self.last_id = value
                    self.is_placed = True
                elif field == "event":
                    name = value
                elif field == "data":
                    data.append(value)
                elif field == "retry":
                    self.retry = int(value)
        finally:
            out.close()

    async def forever(self, pause=0.05):
        while True:
            try:
                await self.once()
            except (OSError, asyncio.IncompleteReadError, IndexError):
                pass
            if self.status and self.status >= 400 and self.status != 503:
                return
            await asyncio.sleep(pause)

    def named(self, name=None):
        return [data for _, event, data in self.events if name in (None, event)]


async def until(condition, seconds=20, what="condition"):
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < end, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.01)


async def listen(readers, work, seconds=30):
    """Runs work(readers), a coroutine, while all of them read, from when each knows its place."""
    tasks = [asyncio.ensure_future(r.forever()) for r in readers]
    try:
        await until(lambda: all(r.is_placed for r in readers), seconds, "all readers are placed")
        return await work
    finally:
        for t in tasks:
            t.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
