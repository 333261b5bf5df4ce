"""systemd's end of $NOTIFY_SOCKET: takes in what services say, and does nothing with it."""
import socket
import sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("ready", flush=True)
while True:
    listener.recv(65536)
