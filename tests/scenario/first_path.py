"""A name that is blocked on a laptop becomes a verified row on the server, which only the safeguarding lead can read."""
import dns_wire
import own_users
import world
from processes import wait_until
from world import tell

PROMISES = "R4 R5 R7 R8 R9 R11 R13 R18 R19"


def nothing_unfiltered_before_the_lists(w):
    w.make_school()
    w.start_server()
    w.start_guard()
    w.net.start()
    answer = wait_until("net to answer at all", lambda: try_ask(w, "fine.example"))
    assert answer.rcode == "SERVFAIL" and not answer.records, answer
    tell("before policy and lists have come, nothing is answered")


def try_ask(w, name):
    try:
        return w.ask(name, timeout=1.0)
    except OSError:
        return None


def the_filter_starts(w):
    w.publish_lists()
    w.publish_policy()
    w.enrol()
    wait_until("the filter to answer", w.filter_answers, timeout=180)
    tell("enrolled, and the filter answers")


def questions_get_their_verdicts(w, pupil, teacher):
    blocked = w.ask("www.CASINO.example", user=pupil)
    assert blocked.rcode == "NXDOMAIN" and blocked.ede and blocked.ede[0] in dns_wire.EDE_NAMES, blocked
    assert w.ask("illegal.example", user=teacher).rcode == "NXDOMAIN"
    assert w.ask("harmless.example", user=pupil).rcode == "NXDOMAIN", "a CNAME into a blocked category"
    search = w.ask("www.google.com", user=pupil)
    assert "forcesafesearch.google.com" in search.cnames() and search.addresses(), search
    fine = w.ask("www.fine.example", user=pupil)
    assert fine.rcode == "NOERROR" and len(fine.addresses()) == 1 and fine.records[0][2] <= 60, fine
    assert dns_wire.ask_tcp(w.dns, "www.fine.example").addresses() == fine.addresses()
    assert w.ask("use-application-dns.net", user=pupil).rcode == "NXDOMAIN"
    assert w.ask("mask.icloud.com", kind=dns_wire.HTTPS, user=pupil).rcode == "NXDOMAIN"
    tell("blocked, cloaked, safe search, allowed and canary names get their answers")


def groups_differ(w, pupil, teacher):
    if not own_users.people():
        tell("skipped: users can't be made here, so everybody is the device")
        return
    assert w.ask("casino.example", user=teacher).addresses(), "staff may"
    assert "restrict.youtube.com" in w.ask("www.youtube.com", user=pupil).cnames()
    assert not w.ask("www.youtube.com", user=teacher).cnames()
    tell("a teacher is not a pupil")


def reasons_are_told(w):
    why = w.why("www.casino.example", "--group", "pupils", user=own_users.GUARD)
    assert (why["verdict"], why["reason"], why["category"]) == ("block", "category", "gambling"), why
    assert w.why("illegal.example", "--group", "staff", user=own_users.GUARD)["reason"] == "locked-class"
    tell("`caretaker why` says the reason")


def the_lead_reads_and_nobody_else(w, pupil):
    wait_until("the rows", lambda: {"casino.example", "illegal.example"} <= names(w.violations()), timeout=180, pause=1)
    row = next(r for r in w.violations() if r["details"]["name"] == "casino.example")
    assert row["details"]["category"] == "gambling" and row["kind"] == "web.blocked", row
    if own_users.people():
        assert row["details"]["user"] == "pupil1" and row["details"]["group"] == "pupils", row
    seen = str([r for r in w.rows("technician") if r.get("kind", "").startswith("web.")])
    assert "casino" not in seen and "gambling" not in seen and "pupil1" not in seen, seen
    for path in [*w.data.rglob("*"), *(w.folder / "guard").rglob("*")]:
        if path.is_file() and "set" not in path.name:
            assert b"casino.example" not in path.read_bytes(), f"{path} holds the name in the clear"
    on_device = w.caretaker("events", "--socket", w.socket, user=own_users.GUARD).stdout
    assert "casino" not in on_device and "web.blocked" in on_device, on_device
    refused = w.caretaker("events", "--socket", w.socket, user=pupil, check=False)
    assert refused.returncode != 0 or not own_users.people(), "a pupil reads the log"
    tell("the lead reads the rows; technician, server, device and pupil do not")


def names(rows):
    return {row.get("details", {}).get("name") for row in rows}


def scenario(w):
    pupil = next(iter(own_users.people()), own_users.FIRST_PUPIL)
    nothing_unfiltered_before_the_lists(w)
    the_filter_starts(w)
    questions_get_their_verdicts(w, pupil, own_users.TEACHER)
    groups_differ(w, pupil, own_users.TEACHER)
    reasons_are_told(w)
    the_lead_reads_and_nobody_else(w, pupil)


if __name__ == "__main__":
    world.play(scenario)
