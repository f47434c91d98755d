"""Three thousand devices wait for news while three thousand others check in: from the moment that a technician's tool sends a policy until each of
those that wait has it, by the check-in that it makes when it hears. What a device does with the policy then is in `push_applied`."""
import base64
import http.client
import json
import os
import resource
import select
import ssl
import threading
import time

import held_requests
import report
import signing

GOAL_S = 2.0
DEVICES = 3000
SPARE_FILES = 200


class Waiting:
    """One device: its held request, and the check-in that it makes at once when there is news."""

    def __init__(self, port, number, hold, checkin):
        self.socket = held_requests.leave_request(port, hold, None, number)
        self.checkin, self.got, self.asked, self.done = checkin, b"", False, None

    def whole(self):
        """The first answer that has come whole."""
        head, found, rest = self.got.partition(b"\r\n\r\n")
        if not found:
            return None
        size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        if len(rest) < size:
            return None
        self.got = rest[size:]
        return rest[:size]

    def on_readable(self):
        piece = self.socket.recv(1 << 16)
        assert piece, "the server has ended a connection"
        self.got += piece
        answer = self.whole()
        if answer is None:
            return
        now = time.monotonic()
        if not self.asked:
            assert b'"new":true' in answer, answer[:200]
            self.asked = True
            head = f"POST /v1/checkin HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: {len(self.checkin)}\r\n\r\n"
            self.socket.sendall(head.encode() + self.checkin)
            return
        assert b'"policy":"' in answer, answer[:200]
        self.done = now


class Publisher:
    """`caretaker policy push`, whose request is made beforehand: the tool speaks TLS alone, and this server is behind a proxy."""

    def __init__(self, school, is_secure=False):
        page = school.folder / "technician.html"
        school.as_person("technician", "key", "backup", "--out", page)
        self.port, self.is_secure, self.policy, self.began = school.https, is_secure, school.sign_policy().read_bytes(), None
        self.key = signing.Key.from_page(page.read_text(encoding="utf-8"))
        self.school = json.loads((school.school / "school.json").read_text(encoding="utf-8"))["school"]
        self.thread = threading.Thread(target=self.publish)

    def connect(self):
        if not self.is_secure:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the tool pins the key instead
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)

    def publish(self):
        request = {"v": 1, "school": self.school, "action": "policy.publish", "arguments": {"envelope": base64.b64encode(self.policy).decode()},
                   "nonce": os.urandom(16).hex(), "time": int(time.time())}
        body = signing.signed("staff-request", request, self.key)
        connection = self.connect()
        self.began = time.monotonic()
        connection.request("POST", "/v1/staff", body, {"X-Forwarded-For": "192.0.2.9"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        connection.close()


def follow(devices, seconds):
    """Until all have the policy."""
    poller, by_number = select.epoll(), {device.socket.fileno(): device for device in devices}
    for number in by_number:
        poller.register(number, select.EPOLLIN)
    end, left = time.monotonic() + seconds, len(devices)
    while left and time.monotonic() < end:
        for number, _ in poller.poll(0.05):
            by_number[number].on_readable()
            if by_number[number].done:
                poller.unregister(number)
                left -= 1
    assert not left, f"{left} devices have no policy after {seconds} s"


def measure(lab):
    count = 60 if lab.quick else DEVICES
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + SPARE_FILES:
        report.skip("push", f"only {hard} files may be open here (ulimit -Hn)")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + SPARE_FILES, hard))
    school = lab.bare_school()
    holds, checkins, others = lab.folder / "push-holds", lab.folder / "push-checkins", lab.folder / "push-others"
    make = ("make_bodies", "--data", school.data, "--root", school.school / "roots" / "1.json", "--devices", count)
    lab.run_program(*make, "--out", holds, "--hold", "1.0.0.0.0", "--checkins", checkins, "--events", 1)
    lab.run_program(*make, "--out", others, "--events", 3, "--each", 2)
    publisher = Publisher(school)
    lab.serve_plain(school)
    devices = [Waiting(school.https, number, hold, checkin)
               for number, (hold, checkin) in enumerate(zip(held_requests.bodies(holds), held_requests.bodies(checkins)))]
    load = threading.Thread(target=lambda: lab.run_program("http_load", "--port", school.https, "--path", "/v1/checkin", "--bodies", others,
                                                           "--count", 2 * count, core=lab.load_core))
    load.start()
    publisher.thread.start()
    follow(devices, 120)
    publisher.thread.join()
    load.join()
    took = sorted(device.done - publisher.began for device in devices)
    for device in devices:
        device.socket.close()
    report.line("push.p95", took[int(len(took) * 0.95)], "s", at_most=GOAL_S, held=count, median=took[len(took) // 2], worst=took[-1])
