"""A program on a user's machine that knows an address and asks no DNS. Says what became of it: open, refused, or silent.

  tls NAME ADDRESS [BYTES]   a hello, in pieces of so many bytes; NAME "" sends none
  quic NAME ADDRESS [PORT]
  tcp TEXT ADDRESS PORT
  parts TEXT|TEXT ADDRESS PORT   the second one when a line comes on standard input
  again TEXT|TEXT ADDRESS PORT   the first ends with a reset, the second comes from the same port: some tries
  urgent TEXT|BYTE|TEXT ADDRESS PORT   the byte as urgent data, which the server does not see in its stream"""
import socket
import ssl
import struct
import sys
import time

import quic_wire

PATIENCE = 3
TRIES = 30


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def connect(address, port, kind=socket.SOCK_STREAM):
    mine = socket.socket(family_of(address), kind)
    mine.settimeout(PATIENCE)
    mine.connect((address, port))
    return mine


def tls(name, address, piece=0):
    with connect(address, 443) as mine:
        mine.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context, coming, going = ssl.create_default_context(), ssl.MemoryBIO(), ssl.MemoryBIO()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        inside = context.wrap_bio(coming, going, server_hostname=name or None)
        while True:
            try:
                inside.do_handshake()
                break
            except ssl.SSLWantReadError:
                out = going.read()
                for at in range(0, len(out), piece or len(out) or 1):
                    mine.sendall(out[at:at + (piece or len(out))])
                    if piece:
                        time.sleep(0.002)  # each in a packet of its own
                came = mine.recv(16384)
                if not came:
                    return "refused"
                coming.write(came)
    return "open"


def quic(name, address, port=443):
    with connect(address, port, socket.SOCK_DGRAM) as mine:
        mine.send(quic_wire.initial(name))
        return "open" if mine.recv(100) else "silent"


def written(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


def tcp(text, address, port):
    with connect(address, port) as mine:
        mine.sendall(written(text))
        return "open" if mine.recv(100) else "refused"


def parts(text, address, port):
    first, second = map(written, text.split("|"))
    with connect(address, port) as mine:
        mine.sendall(first)
        print("sent", flush=True)
        sys.stdin.readline()
        mine.sendall(second)
        return "open" if mine.recv(100) else "refused"


def again(text, address, port):
    """Opened once is open: some of the tries meet the kernel's memory of the connection before."""
    first, second = map(written, text.split("|"))
    became = set()
    for number in range(TRIES):
        mine = connect(address, port)
        own = mine.getsockname()
        mine.sendall(first)
        if number % 2:
            mine.recv(100)
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        mine.close()
        with socket.socket(family_of(address)) as other:
            other.settimeout(PATIENCE)
            other.bind(own[:2])
            try:
                other.connect((address, port))
                other.sendall(second)
                became.add("open" if other.recv(100) else "refused")
            except socket.timeout:
                became.add("silent")
            except OSError:
                became.add("refused")
    return " ".join(sorted(became))


def urgent(text, address, port):
    before, byte, after = map(written, text.split("|"))
    with connect(address, port) as mine:
        mine.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        mine.sendall(before)
        mine.send(byte, socket.MSG_OOB)
        mine.sendall(after)
        return "open" if mine.recv(100) else "refused"


def main():
    what, text, address, *number = sys.argv[1:]
    try:
        print({"tls": tls, "quic": quic, "tcp": tcp, "parts": parts, "again": again, "urgent": urgent}[what](text, address, *map(int, number)))
    except socket.timeout:
        print("silent")
    except OSError:
        print("refused")


if __name__ == "__main__":
    sys.exit(main())
