#!/usr/bin/env python3
"""A program written for schwab-py, on the file that the receiver keeps in schwab-py's form.

In receiver.yaml:

    sinks:
      - path: /run/my-bot/token.json
        format: schwab-py
        owner: my-bot

schwab-py reads such a file once. session_from() does what its client_from_token_file() does then; SinkSession also
reads the file again when it has changed. The file has no refresh token: nothing here can refresh, or lose the login.

With schwab-py itself: client = schwab.auth.client_from_token_file(path, api_key, app_secret), and then
SinkSession.reload() with client.session in place of ours.

usage: schwab_py_sink.py FILE URL    fetches URL with the present token, and again with each new one
"""

import json
import os
import sys
import time

from authlib.integrations.base_client import InvalidTokenError
from authlib.integrations.httpx_client import OAuth2Client

TOKEN_ENDPOINT = "https://api.schwabapi.com/v1/oauth/token"


def load_token(path):
    with open(path, "rb") as file:
        return json.load(file)


def session_from(loaded, api_key="unused", app_secret="unused", token_endpoint=TOKEN_ENDPOINT):
    """As schwab-py's client_from_access_functions()."""
    if "creation_timestamp" not in loaded:
        raise ValueError("this is no token file of schwab-py")
    return OAuth2Client(
        api_key,
        client_secret=app_secret,
        token=loaded["token"],
        token_endpoint=token_endpoint,
        update_token=lambda *_, **__: None,
        leeway=300,
    )


class SinkSession:
    """Requests with the token that is in the file now."""

    def __init__(self, path, **options):
        self.path = path
        self.version = version_of(path)
        self.session = session_from(load_token(path), **options)

    def reload(self):
        """Takes over the file if it is another one than before. The receiver replaces it whole, never in part."""
        try:
            version = version_of(self.path)
            if version != self.version:
                self.session.token = load_token(self.path)["token"]
                self.version = version
        except FileNotFoundError:
            pass  # What was read is good until it expires.

    def get(self, url):
        """Raises InvalidTokenError if the token in the file has expired, or is about to: the next one is due."""
        self.reload()
        refused = self.version
        response = self.session.get(url)
        if response.status_code == 401:
            self.reload()
            if self.version != refused:
                response = self.session.get(url)
        return response


def version_of(path):
    found = os.stat(path)
    return found.st_ino, found.st_mtime_ns, found.st_size


def say(text):
    print(text, flush=True)


def wait_for_change(path, before):
    while True:
        try:
            if version_of(path) != before:
                return
        except FileNotFoundError:
            pass
        time.sleep(0.2)


def main():
    path, url = sys.argv[1:]
    if not os.path.exists(path):
        say(f"{path} is not there yet: is token-receiver running, and has it a token? Waiting")
        wait_for_change(path, None)
    client = SinkSession(path)
    while True:
        try:
            response = client.get(url)
            say(f"HTTP {response.status_code}, {len(response.content)} bytes")
        except InvalidTokenError:
            say("the token has expired, and cannot be refreshed here; waiting for a newer one")
        wait_for_change(path, client.version)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
