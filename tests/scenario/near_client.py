"""A program on a user's machine that knows an address and asks no DNS. Says what became of it: open, refused, or silent.

  tls NAME ADDRESS [BYTES]   a hello, in pieces of so many bytes; NAME "" sends none
  quic NAME ADDRESS [PORT]
  tcp TEXT ADDRESS PORT
  parts TEXT|TEXT ADDRESS PORT   the second one when a line comes on standard input
  urgent TEXT|BYTE|TEXT ADDRESS PORT   the byte as urgent data, which the server does not see in its stream"""
import socket
import ssl
import sys
import time

import quic_wire

PATIENCE = 3


def connect(address, port, kind=socket.SOCK_STREAM):
    mine = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
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
        print({"tls": tls, "quic": quic, "tcp": tcp, "parts": parts, "urgent": urgent}[what](text, address, *map(int, number)))
    except socket.timeout:
        print("silent")
    except OSError:
        print("refused")


if __name__ == "__main__":
    sys.exit(main())
