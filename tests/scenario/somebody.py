"""Somebody in the world outside who answers whatever comes: DNS on port 53 (every name is 203.0.113.99), and a byte on any other.

usage: somebody.py UDP|TCP ADDRESS PORT ...; each packet and connection is a line on standard output"""
import socket
import sys
import threading

import dns_wire
import stand_in_resolver

ANSWER = bytes([203, 0, 113, 99])


def reply_to(question, port):
    if port != 53:
        return b"!"
    asked, end = dns_wire.unpack_name(question, 12)
    record = stand_in_resolver.record(asked, dns_wire.A, 60, ANSWER)
    return question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question[12:end + 4] + record


def serve_udp(sock, port):
    while True:
        message, peer = sock.recvfrom(65535)
        print("udp", port, peer[0], flush=True)
        sock.sendto(reply_to(message, port), peer)


def serve_tcp(sock, port):
    while True:
        connection, peer = sock.accept()
        print("tcp", port, peer[0], flush=True)
        connection.sendall(b"!")
        connection.close()


def main():
    for protocol, address, port in zip(*[iter(sys.argv[1:])] * 3):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM if protocol == "UDP" else socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, int(port)))
        if protocol == "TCP":
            sock.listen()
        threading.Thread(target=serve_udp if protocol == "UDP" else serve_tcp, args=(sock, int(port)), daemon=True).start()
    print("here", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
