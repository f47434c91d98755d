"""The address that the system's own library finds for a name, as every program does; "none" where it finds none."""
import socket
import sys

try:
    print(socket.gethostbyname(sys.argv[1]))
except OSError:
    print("none")
