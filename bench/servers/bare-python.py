"""The least that a Python server can do on the token socket: read until the JSON closes, answer OK, close."""
import asyncio
import json
import sys


async def serve(reader, writer):
    text = b""
    while not text.endswith(b"}"):
        chunk = await reader.read(65536)
        if not chunk:
            break
        text += chunk
    json.loads(text)
    writer.write(b"OK")
    await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_unix_server(serve, sys.argv[1], backlog=128)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
