"""Sends a token as JSON with no newline and keeps its side open; compares the reply with OK as it comes."""

import json
import socket
import sys
import time

token = {"access_token": "from-python", "refresh_token": "made-up-refresh", "expires_at": int(time.time()) + 1800}
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
    connection.settimeout(10)
    connection.connect(sys.argv[1])
    connection.sendall(json.dumps(token).encode("utf-8"))
    response = connection.recv(1024).decode("utf-8")
    sys.exit(0 if response == "OK" else f"unexpected reply: {response!r}")
