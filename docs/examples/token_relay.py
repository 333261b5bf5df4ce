#!/usr/bin/env python3
"""The present access token, with nothing but Python's standard library.

As a program: prints the token, for $(...); with --follow, a line for each new one, for ever.
As a module: get_token() and follow().

(A file beside your program must not be called token.py: Python's own library has a module of that name.)
"""

import hashlib
import http.client
import json
import os
import random
import socket
import stat
import sys
import time


def socket_path():
    """$TOKEN_RECEIVER_API_SOCKET_PATH, else the machine's receiver, else one of this user."""
    named = os.environ.get("TOKEN_RECEIVER_API_SOCKET_PATH")
    if named:
        return named
    system = "/run/token-receiver/api.sock"
    session = os.environ.get("XDG_RUNTIME_DIR")
    own = f"{session}/token-relay" if session else f"/tmp/token-relay-{os.getuid()}"
    return system if is_socket(system) else f"{own}/api.sock"


def is_socket(path):
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class NoToken(Exception):
    """There is no valid token; the text says why."""

    def __init__(self, text, running):
        super().__init__(text)
        self.running = running


def get_token(wait=30):
    """The present token: {"access_token", "expires_at", "generation", ...}. Waits up to so many seconds for one."""
    path = socket_path()
    connection = Connection(path, timeout=wait + 10)
    try:
        connection.request("GET", f"/v1/token?wait={wait}")
        answer = connection.getresponse()
        body = json.loads(answer.read(1_000_000))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoToken(what_failed(path, error), running=False) from None
    finally:
        connection.close()
    if answer.status != 200:
        raise NoToken(body.get("title", f"HTTP {answer.status}"), running=True)
    return body


def follow(report):
    """Yields the present token and then each new one, for ever. report(text) is told of troubles, once each."""
    present, told, attempt = None, None, 0
    while True:
        try:
            for token in events():
                attempt, told = 0, None
                if token is None:
                    if present is None:
                        report("there is no valid token yet; waiting")
                    continue
                # A receiver that starts anew counts generations from 1 again: the token itself tells what is new.
                if token["access_token"] != present:
                    present = token["access_token"]
                    yield token
            trouble = "token-receiver closed the connection; trying again"
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            trouble = what_failed(socket_path(), error)
        if trouble != told:
            report(trouble)
            told = trouble
        # Up to 10 seconds, and not in step with the other programs.
        time.sleep(random.uniform(0, min(10, 0.1 * 2**attempt)))
        attempt = min(attempt + 1, 10)


def events():
    """The tokens of one connection to /v1/token/events, first None if there is none. Three heartbeats that do not come end it."""
    connection = Connection(socket_path(), timeout=45)
    try:
        connection.request("GET", "/v1/token/events", headers={"Accept": "text/event-stream"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise ValueError(f"HTTP {answer.status}")
        kind, data, first = "", [], True
        while line := answer.readline(1_000_000):
            field, _, value = line.decode().rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                kind = value
            elif field == "data":
                data.append(value)
            elif line.strip() == b"":
                if kind == "token" and data:
                    yield json.loads("\n".join(data))
                elif first:
                    yield None
                kind, data, first = "", [], False
    finally:
        connection.close()


def what_failed(path, error):
    if isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
        return f"token-receiver is not running at {path}; trying again"
    if isinstance(error, PermissionError):
        return f"this user may not connect to {path}; see the receiver's socket_mode and socket_group"
    if isinstance(error, TimeoutError):
        return f"token-receiver has not said anything at {path}; trying again"
    # Not the error's own text: it may quote what was read.
    return f"no good answer at {path} ({type(error).__name__}); trying again"


def complain(text):
    print(text, file=sys.stderr, flush=True)


def main():
    if sys.argv[1:] == ["--follow"]:
        for token in follow(complain):
            fingerprint = hashlib.sha256(token["access_token"].encode()).hexdigest()[:8]
            left = f"expires in {token['expires_in']} seconds" if "expires_in" in token else "expiry unknown"
            print(f"new token {fingerprint}, {left}", flush=True)
    wait, told = 1, None
    while True:
        try:
            print(get_token(wait)["access_token"])
            return
        except NoToken as reason:
            if str(reason) != told:
                complain(str(reason))
            wait, told = 30 if reason.running else 1, str(reason)
            time.sleep(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
