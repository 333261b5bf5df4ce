"""The least that a Python HTTP server can do: the same bytes to every request. They are those of the receiver at the socket of argv[2]."""
import asyncio
import sys

REQUEST = b"GET /v1/token HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def fetch(path):
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    body = await reader.readexactly(int(lengths[0].split(b":")[1]))
    writer.close()
    return head + body


async def main():
    answer = await fetch(sys.argv[2])

    async def serve(reader, writer):
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_unix_server(serve, sys.argv[1], backlog=128)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
