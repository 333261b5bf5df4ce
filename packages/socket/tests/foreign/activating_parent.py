"""Does what systemd does for a socket unit: listens at a path, and starts the program with that socket as descriptor 3 once somebody connects."""

import os
import select
import socket
import sys

family, where, *command = sys.argv[1:]
if family == "unix":
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(where)
else:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
listener.listen(16)
print("listening", flush=True)
if where:
    select.select([listener], [], [])
if listener.fileno() != 3:
    os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.execvp(command[0], command)
