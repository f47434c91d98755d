"""Check-ins of many devices, twenty events each, beside the two things that nobody can leave out: verifying a signature for each, and
committing what is stored for each. The server has one core and the load the other; plain HTTP, as behind a proxy."""
import json
import shutil

import measure as kernel
import report

PART = 0.5
DEVICES, EVENTS = 1000, 20


class Server:
    """The server of a school of its own, and check-ins that its devices will send, made beforehand."""

    def __init__(self, lab, devices, each):
        self.school = lab.bare_school()
        self.bodies = lab.folder / "checkins"
        lab.run_program("make_bodies", "--data", self.school.data, "--root", self.school.school / "roots" / "1.json", "--out", self.bodies,
                        "--devices", devices, "--each", each, "--events", EVENTS)
        self.count, self.next = devices, 0
        lab.serve_plain(self.school)

    def send(self, lab):
        """The next check-in of every device."""
        before = kernel.cpu_ns([self.school.server.process.pid])
        said = json.loads(lab.run_program("http_load", "--port", self.school.https, "--path", "/v1/checkin", "--bodies", self.bodies,
                                          "--first", self.next, "--count", self.count, core=lab.load_core))
        assert said["bad"] == 0, f"check-ins were refused: {said}"
        self.next += self.count
        said["cpu_us"] = (kernel.cpu_ns([self.school.server.process.pid]) - before) / 1e3 / said["good"]
        return said


def bare(lab, server, *options):
    """The rate of what is least: signatures, or commits to a database on the same disk."""
    folder = lab.folder / "bare"
    try:
        command = ["bare_rates", "--bodies", server.bodies, "--count", server.count, "--milliseconds", int(lab.seconds * 1000)]
        command += ["--commits", folder] if "commits" in options else []
        command += ["--group", 64] if "grouped" in options else []
        return json.loads(lab.run_program(*command, core=lab.server_core))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(lab):
    rounds = lab.rounds
    server = Server(lab, 50 if lab.quick else DEVICES, rounds + 1)
    server.send(lab)  # the first of a device also makes its row and its epoch
    work = {"checkins": lambda: server.send(lab), "signatures": lambda: bare(lab, server), "commits": lambda: bare(lab, server, "commits"),
            "grouped": lambda: bare(lab, server, "commits", "grouped")}
    results = kernel.rounds(list(work), rounds, lambda what, _: work[what]())
    rate = {what: kernel.median(said, "per_second") for what, said in results.items()}
    slower = min(("signatures", "commits"), key=rate.get)
    report.line("server_checkins", rate["checkins"], "check-ins/s", f"bare {slower}", rate[slower], at_least=PART * rate[slower],
                signatures=rate["signatures"], commits=rate["commits"], commits_64_at_once=rate["grouped"], events_each=EVENTS,
                cpu_us=kernel.median(results["checkins"], "cpu_us"), p99_us=kernel.median(results["checkins"], "p99_us"))
