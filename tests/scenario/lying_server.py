"""A server that lies in every way it can, with the school's own TLS key and the key for receipts: the device keeps its memory, its policy and
its book, and writes no more than it must."""
import base64
import json
import pathlib
import socket
import ssl
import threading
import time

import signing
import world
from processes import wait_until
from world import tell

PROMISES = "R4 R7"
MEBIBYTE = 1 << 20
MOST = 96 * MEBIBYTE  # of private memory, whatever the server sends: an answer of 8 is there several times while it is read
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD = b'{"interval_s":1,"mark":"m%d","more":%s,"problem":"%s","roots":[%s],"v":1}'


def whole(body):
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


def nothing_new(say):
    say(whole(GOOD % (0, b"false", b"", b"")))


def come_back_in_an_hour(say):
    say(whole((GOOD % (5, b"false", b"", b"")).replace(b'"interval_s":1', b'"interval_s":3600')))


def endless(say):
    say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        say(b"10000\r\n" + b"[" * 65536 + b"\r\n")


def endless_headers(say):
    say(HEAD)
    while True:
        say(b"X-More: " + b"x" * 8000 + b"\r\n")


def slow(say):
    say(HEAD + b"Content-Length: 1000\r\n\r\n")
    for _ in range(20):
        say(b" ")
        time.sleep(0.5)


def huge_length(say):
    say(HEAD + b"Content-Length: 99999999999\r\n\r\n" + b" " * MEBIBYTE)


LIES = {
    "endless data": endless,
    "endless headers": endless_headers,
    "slow bytes": slow,
    "a length beyond all": huge_length,
    "millions of values": lambda say: say(whole(GOOD % (1, b"false", b"", b"0," * (4 * MEBIBYTE - 200) + b"0"))),
    "an object of a million members": lambda say: say(whole(b"{" + b",".join(b'"%x":0' % n for n in range(700_000)) + b"}")),
    "deep nesting": lambda say: say(whole(b'{"v":' + b"[" * (7 * MEBIBYTE))),
    "a text of eight megabytes": lambda say: say(whole(GOOD % (2, b"false", b"p" * (8 * MEBIBYTE - 200), b""))),
    "wrong types": lambda say: say(whole(b'{"interval_s":"1","mark":[],"more":1,"problem":{},"roots":{},"v":"1"}')),
    "rubbish where signatures belong": lambda say: say(whole(GOOD % (3, b"false", b"", b",".join([b'"' + b"QUJD" * 500 + b'"'] * 64)))),
    "more without end": lambda say: say(whole(GOOD % (4, b"true", b"gap", b""))),
    "no HTTP at all": lambda say: say(b"\x00\xff" * 5000),
    "a redirect": lambda say: say(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
}


class Liar:
    """Takes the server's place; counts what it was asked."""

    def __init__(self, w):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(w.data / "tls.crt", w.data / "tls.key")
        self.asked, self.lie, self.request = [], nothing_new, b""
        self.context = context
        self.listener = socket.create_server(("127.0.0.1", w.https))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.speak, args=(connection,), daemon=True).start()

    def speak(self, connection):
        path = None
        try:
            connection.settimeout(30)
            with self.context.wrap_socket(connection, server_side=True) as tls:
                path, body = read_request(tls)
                if path == "/v1/checkin":
                    self.request = body
                answer = self.lie if path != "/v1/hold" else lambda say: say(whole(b'{"new":true,"v":1}'))  # always news
                answer(tls.sendall)
        except (OSError, ValueError):
            pass
        if path:
            self.asked.append(path)  # only now: who waits for it may change the lie

    def count(self, path):
        return self.asked.count(path)

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # closing alone leaves it to whoever waits for a connection
        self.listener.close()


def read_request(tls):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = tls.recv(65536)
        if not piece:
            raise ValueError("half a request")
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        body += tls.recv(65536) or b"\0" * length
    return head.split(b" ")[1].decode(), body


class SignedLies:
    """With the server's own key: what is in them is false, or was true once."""

    def __init__(self, liar, server_key, old_policy):
        seed = bytes.fromhex(json.loads(server_key.read_text(encoding="ascii"))["sign_seed"])
        self.liar, self.key, self.old_policy, self.first = liar, signing.Key(seed), old_policy, None

    def answer(self, receipt, **more):
        value = {"v": 1, "interval_s": 1, "more": True, "problem": "", "roots": [], "receipt": base64.b64encode(receipt).decode()}
        return whole(signing.compact(value | more))

    def refuse(self, say):
        """Whatever comes: it has never had anything, and takes nothing of it."""
        batch = signing.payload_of(base64.b64decode(json.loads(self.liar.request)["batch"]))
        value = {key: batch[key] for key in ("v", "school", "device", "epoch")}
        value |= {"head": {"seq": 0, "link": "00" * 32}, "nonce": batch["state"]["nonce"], "time": int(time.time()), "problem": "chain"}
        receipt = signing.signed("receipt", value, self.key)
        self.first = self.first or receipt
        say(self.answer(receipt, problem="chain"))

    def replay(self, say):
        """An answer of before, and the policy of before."""
        say(self.answer(self.first, policy=base64.b64encode(self.old_policy).decode()))


class Memory:
    """The most private memory that a program was seen with."""

    def __init__(self, program):
        self.program, self.most = program, 0
        self.first = self.now()
        threading.Thread(target=self.watch, daemon=True).start()

    def now(self):
        text = pathlib.Path(f"/proc/{self.program.process.pid}/smaps_rollup").read_text(encoding="ascii")
        return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_Dirty")) * 1024

    def watch(self):
        while self.program.running():
            try:
                self.most = max(self.most, self.now())
            except OSError:
                return
            time.sleep(0.02)


def asked_once_more(liar):
    count = liar.count("/v1/checkin")
    wait_until("a check-in", lambda: liar.count("/v1/checkin") > count, timeout=120)


def every_lie_is_survived(w, liar, memories):
    for what, lie in LIES.items():
        liar.lie = lie
        asked_once_more(liar)
        liar.lie = nothing_new
        asked_once_more(liar)
        assert w.net.running() and w.guard.running(), what
        assert w.ask("casino.example").rcode == "NXDOMAIN" and w.ask("fine.example").addresses(), what
        for memory in memories:
            assert memory.most < MOST, f"{what}: {memory.program.name} took {memory.most // MEBIBYTE} MiB"
    tell(f"{len(LIES)} lies: " + ", ".join(f"{m.program.name} from {m.first / MEBIBYTE:.1f} to at most {m.most / MEBIBYTE:.1f} MiB" for m in memories))


def calling_for_nothing_is_bounded(liar):
    liar.lie = come_back_in_an_hour
    asked_once_more(liar)
    before = liar.count("/v1/checkin")
    wait_until("held requests", lambda: liar.count("/v1/hold") >= 3, timeout=60)
    time.sleep(20)
    called = liar.count("/v1/checkin") - before
    assert called <= 5, f"{called} check-ins because a liar says that there is news"
    tell(f"a server that always has news gets {called} check-ins more")


def written(program):
    text = pathlib.Path(f"/proc/{program.process.pid}/io").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("wchar"))


def epochs(w):
    return w.guard.log.read_text(encoding="utf-8", errors="replace").count("a new epoch begins")


def refused_without_end(w, liar, lies):
    """A device that believed each refusal would begin its book anew with each, and write all that waits in it again."""
    for n in range(200):
        assert w.ask(f"bad{n}.example").rcode == "NXDOMAIN"
    began, wrote, size = epochs(w), written(w.guard), (w.state / "events" / "events.db").stat().st_size
    asked, start = liar.count("/v1/checkin"), time.monotonic()
    liar.lie = lies.refuse
    wait_until("refusals", lambda: liar.count("/v1/checkin") >= asked + 20, timeout=180)
    asked = liar.count("/v1/checkin") - asked
    assert asked <= 5 + (time.monotonic() - start) * 1.5, f"{asked} check-ins at once"
    assert epochs(w) - began <= 2, f"{epochs(w) - began} new epochs"
    grown = (w.state / "events" / "events.db").stat().st_size - size
    assert written(w.guard) - wrote < 24 * MEBIBYTE and grown < 2 * MEBIBYTE, f"{written(w.guard) - wrote} written, {grown} grown"
    tell(f"{asked} signed refusals: {epochs(w) - began} new epochs, {(written(w.guard) - wrote) / MEBIBYTE:.1f} MiB written")


def replayed_without_end(w, liar, lies):
    began, queued = epochs(w), w.status()["events_queued"]
    asked = liar.count("/v1/checkin")
    liar.lie = lies.replay
    wait_until("replays", lambda: liar.count("/v1/checkin") >= asked + 5, timeout=120)
    assert epochs(w) == began and w.status()["events_queued"] >= queued, w.status()
    assert w.status()["policy_version"] == 2, w.status()
    rules = {row.get("rule") for row in w.device_rows() if row.get("kind", "").endswith(".refused")}
    assert {"A5", "B5"} <= rules, rules
    tell("an answer of before and a policy of before: refused, and in the book")


def scenario(w):
    w.start_all()
    old_policy = (w.folder / "policy.signed").read_bytes()
    w.publish_policy()
    wait_until("version 2", lambda: w.status()["policy_version"] == 2, timeout=120, pause=0.5)
    w.ask("casino.example")
    wait_until("the first row", w.violations, timeout=120, pause=0.5)
    policy = w.status()["policy_version"]
    w.server.kill()
    liar = wait_until("the port to be free", lambda: Liar(w), timeout=60)
    memories = [Memory(w.net), Memory(w.guard)]
    every_lie_is_survived(w, liar, memories)
    lies = SignedLies(liar, w.data / "server.key", old_policy)
    refused_without_end(w, liar, lies)
    replayed_without_end(w, liar, lies)
    calling_for_nothing_is_bounded(liar)
    assert w.status()["policy_version"] == policy
    w.ask("tracker.example")
    liar.end()
    w.start_server()
    meanwhile = {"tracker.example"} | {f"bad{n}.example" for n in range(200)}
    wait_until("what happened meanwhile", lambda: {r["details"]["name"] for r in w.violations()} >= meanwhile, timeout=300, pause=1)
    tell("the policy stayed, and the true server has every row")


if __name__ == "__main__":
    world.play(scenario)
