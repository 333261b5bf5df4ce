"""Does what systemd does for socket units: listens, starts a program with the sockets when somebody connects, and keeps them when it ends.

usage: socket_units.py NAME=PATH... -- COMMAND..., with `tcp` for a path of a TCP socket; each line on standard input is one of
`start`, which starts the program at once, and `activate`, which starts it when somebody connects. At the end of the input all is ended.
"""

import os
import select
import signal
import socket
import sys

divide = sys.argv.index("--")
command = sys.argv[divide + 1 :]
names, listeners = [], []
for unit in sys.argv[1:divide]:
    name, path = unit.split("=", 1)
    if path == "tcp":
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", 0))
    else:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
    listener.listen(16)
    names.append(name)
    listeners.append(listener)


def start():
    pid = os.fork()
    if pid > 0:
        return pid
    # Out of the way first: the descriptors that they are to have may be those of others now.
    copies = [os.dup2(listener.fileno(), 100 + index) for index, listener in enumerate(listeners)]
    for index, copy in enumerate(copies):
        os.dup2(copy, 3 + index)
        os.close(copy)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = str(len(listeners))
    os.environ["LISTEN_FDNAMES"] = ":".join(names)
    os.execvp(command[0], command)


print("listening", flush=True)
pid = 0
for line in sys.stdin:
    if line.strip() == "activate":
        select.select(listeners, [], [])
    if pid > 0:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    pid = start()
    print(f"pid {pid}", flush=True)
if pid > 0:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
