"""Nine thousand devices wait for news: the server's private memory for it, plain as behind a proxy, and with TLS; CPU while they wait; and
how soon all have an answer when something is published."""
import resource
import select
import socket
import ssl
import struct
import time

import measure as kernel
import report

GOAL_MB = 60
HELD = 9000
SPARE_FILES = 200


def bodies(path):
    """The requests that make_bodies has left: each four bytes of sender, four of length, and the body."""
    with open(path, "rb") as file:
        while head := file.read(8):
            yield file.read(struct.unpack("=II", head)[1])


def leave_request(port, body, tls, number):
    connection = socket.create_connection(("127.0.0.1", port), 30)
    if tls is not None:
        connection = tls.wrap_socket(connection)
    head = f"POST /v1/hold HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 192.0.2.{number % 250}\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def any_pinned_context():
    """Whose key it is does not matter here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def answered(connections, seconds):
    """Those that have an answer, after so many seconds at most or when all have one; TLS's own messages are no answer."""
    poller, end, done = select.epoll(), time.monotonic() + seconds, {}
    by_number = {connection.fileno(): connection for connection in connections}
    for number in by_number:
        poller.register(number, select.EPOLLIN)
    while len(done) < len(connections) and time.monotonic() < end:
        for number, _ in poller.poll(0.1):
            by_number[number].setblocking(False)
            try:
                done[number] = by_number[number].recv(4096)
            except (ssl.SSLWantReadError, BlockingIOError):
                continue
            poller.unregister(number)
    return done.values()


def hold(lab, school, path, tls):
    """Leaves all requests; (connections, MB before, MB with them, CPU in % of a core while they wait)."""
    pid = school.server.process.pid
    before = kernel.private_mb(pid)
    context = any_pinned_context() if tls else None
    connections = [leave_request(school.https, body, context, number) for number, body in enumerate(bodies(path))]
    seconds = 1 if lab.quick else 5
    early = answered(connections, 1)
    assert not early, f"{len(early)} requests were not held: {next(iter(early))}"
    memory, used = kernel.private_mb(pid), kernel.cpu_ns([pid])
    time.sleep(seconds)
    return connections, before, memory, (kernel.cpu_ns([pid]) - used) / 1e7 / seconds


def measure(lab):
    count = 100 if lab.quick else HELD
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + SPARE_FILES:
        report.skip("held_requests", f"only {hard} files may be open here (ulimit -Hn)")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + SPARE_FILES, hard))
    school, path = lab.bare_school(), lab.folder / "holds"
    lab.run_program("make_bodies", "--data", school.data, "--root", school.school / "roots" / "1.json", "--out", path,
                    "--devices", count, "--hold", "1.0.0.0.0")
    lab.serve_plain(school)
    connections, before, memory, cpu = hold(lab, school, path, tls=False)
    close(connections)
    report.line("held_requests.plain", memory, "MB", at_most=GOAL_MB, held=count, before_mb=before, cpu_percent=cpu,
                kb_each=(memory - before) * 1000 / count)
    school.server.stop()
    school.server.command = [word.replace("--behind-proxy", "--listen") for word in school.server.command]
    school.start_server()
    lab.pin_to_server(school.server.process.pid)
    connections, before, memory, cpu = hold(lab, school, path, tls=True)
    school.publish_policy()
    began = time.monotonic()
    told = len(answered(connections, 30))
    took = time.monotonic() - began
    close(connections)
    report.line("held_requests.tls", memory, "MB", held=count, before_mb=before, cpu_percent=cpu, kb_each=(memory - before) * 1000 / count)
    report.line("held_requests.told", told, "answers", at_least=count, seconds=took)


def close(connections):
    for connection in connections:
        connection.close()
