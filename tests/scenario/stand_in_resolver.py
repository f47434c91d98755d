"""A resolver that knows every name: it stands in for the internet where there is none. Its addresses are of the ranges kept for
documentation (RFC 5737, RFC 3849), so nobody can take them for real ones.

usage: stand_in_resolver.py ADDRESS:PORT [NAME=CNAME ...]"""
import hashlib
import socketserver
import struct
import sys
import threading

import dns_wire


def address_of(name, kind):
    digest = hashlib.sha256(name.encode()).digest()
    if kind == dns_wire.A:
        return bytes([192, 0, 2, 1 + digest[0] % 250])
    return bytes.fromhex("20010db8") + bytes(8) + digest[:4]


def record(name, kind, ttl, data):
    return dns_wire.pack_name(name) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def answer(question, cnames):
    """The answer to one question, or nothing if it is not one."""
    try:
        asked, end = dns_wire.unpack_name(question, 12)
        kind = struct.unpack_from(">H", question, end)[0]
    except (IndexError, ValueError, struct.error):
        return b""
    name, records = asked.lower(), []
    while name in cnames:
        records.append(record(name, dns_wire.CNAME, 300, dns_wire.pack_name(cnames[name])))
        name = cnames[name]
    if kind in (dns_wire.A, dns_wire.AAAA):
        records.append(record(name, kind, 300, address_of(name, kind)))
    header = question[:2] + struct.pack(">HHHHH", 0x8180, 1, len(records), 0, 0)
    return header + question[12:end + 4] + b"".join(records)


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        message, sock = self.request
        sock.sendto(answer(message, self.server.cnames), self.client_address)


class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        while size := self.rfile.read(2):
            reply = answer(self.rfile.read(struct.unpack(">H", size)[0]), self.server.cnames)
            self.wfile.write(struct.pack(">H", len(reply)) + reply)


class TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def bind(address):
    """UDP and TCP on one port; a free one for UDP may be taken for TCP, so for port 0 others are tried."""
    while True:
        udp = socketserver.UDPServer(address, Udp)
        try:
            return [udp, TcpServer(udp.server_address, Tcp)]
        except OSError:
            udp.server_close()
            if address[1] != 0:
                raise


def start(address, cnames):
    """Serves UDP and TCP on threads of this process until stop(); returns the servers."""
    servers = bind(address)
    for server in servers:
        server.cnames = cnames
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return servers


def main():
    host, _, port = sys.argv[1].rpartition(":")
    start((host, int(port)), dict(pair.split("=") for pair in sys.argv[2:]))
    threading.Event().wait()


if __name__ == "__main__":
    main()
