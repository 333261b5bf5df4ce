"""Sends a bare token and closes without waiting for anything."""

import socket
import sys

connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
connection.connect(sys.argv[1])
connection.sendall(b"bare-from-python")
connection.close()
