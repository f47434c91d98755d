"""Just enough of the DNS (RFC 1035, 6891, 8914) to ask a question and to read an answer."""
import dataclasses
import random
import socket
import struct

A, NS, CNAME, PTR, TXT, AAAA, SRV, OPT, SVCB, HTTPS = 1, 2, 5, 12, 16, 28, 33, 41, 64, 65
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
EDE_OPTION = 15
EDE_NAMES = {15: "Blocked", 16: "Censored", 17: "Filtered"}


def pack_name(name):
    labels = [label for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels) + b"\0"


def unpack_name(message, at):
    """(name, position after it); follows compression."""
    labels, end = [], None
    for _ in range(128):
        size = message[at]
        if size == 0:
            return ".".join(labels), at + 1 if end is None else end
        if size & 0xC0:
            end = at + 2 if end is None else end
            at = struct.unpack_from(">H", message, at)[0] & 0x3FFF
            continue
        labels.append(message[at + 1:at + 1 + size].decode("ascii"))
        at += 1 + size
    raise ValueError("a name that does not end")


@dataclasses.dataclass
class Answer:
    rcode: str
    flags: int
    records: list  # (name, type, ttl, data): data is text for A, AAAA and CNAME, bytes otherwise
    ede: tuple     # (code, text) or ()
    truncated: bool

    def addresses(self):
        return [data for _, kind, _, data in self.records if kind in (A, AAAA)]

    def cnames(self):
        return [data for _, kind, _, data in self.records if kind == CNAME]


def make_question(name, kind=A, edns=True):
    header = struct.pack(">HHHHHH", random.randrange(1 << 16), 0x0100, 1, 0, 0, int(edns))
    opt = b"\0" + struct.pack(">HHIH", OPT, 1232, 0, 0) if edns else b""
    return header + pack_name(name) + struct.pack(">HH", kind, 1) + opt


def read_data(message, kind, at, size):
    if kind == A:
        return socket.inet_ntop(socket.AF_INET, message[at:at + size])
    if kind == AAAA:
        return socket.inet_ntop(socket.AF_INET6, message[at:at + size])
    if kind == CNAME:
        return unpack_name(message, at)[0]
    return message[at:at + size]


def read_ede(options):
    while len(options) >= 4:
        code, size = struct.unpack_from(">HH", options)
        if code == EDE_OPTION and size >= 2:
            return struct.unpack_from(">H", options, 4)[0], options[6:4 + size].decode("utf-8", "replace")
        options = options[4 + size:]
    return ()


def parse_answer(message):
    _, flags, questions, answers, authorities, additional = struct.unpack_from(">HHHHHH", message)
    at, records, ede = 12, [], ()
    for _ in range(questions):
        at = unpack_name(message, at)[1] + 4
    for index in range(answers + authorities + additional):
        name, at = unpack_name(message, at)
        kind, _, ttl, size = struct.unpack_from(">HHIH", message, at)
        at += 10
        if kind == OPT:
            ede = read_ede(message[at:at + size])
        elif index < answers:
            records.append((name.lower(), kind, ttl, read_data(message, kind, at, size)))
        at += size
    return Answer(RCODES.get(flags & 15, str(flags & 15)), flags, records, ede, bool(flags & 0x0200))


def ask(server, name, kind=A, timeout=5.0, sock=None):
    """Asks over UDP; a `sock` that is given decides whose question it is."""
    question = make_question(name, kind)
    with sock or socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect(server)
        s.send(question)
        while True:
            message = s.recv(65535)
            if message[:2] == question[:2]:
                return parse_answer(message)


def ask_tcp(server, name, kind=A, timeout=5.0):
    question = make_question(name, kind)
    with socket.create_connection(server, timeout=timeout) as s:
        s.sendall(struct.pack(">H", len(question)) + question)
        stream = s.makefile("rb")
        return parse_answer(stream.read(struct.unpack(">H", stream.read(2))[0]))
