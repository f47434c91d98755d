"""Records for the police: real ones, packed by the safeguarding lead, checked without a network by the script that knows nothing of
Caretaker. Nobody else can pack them, an opened key opens one record, and whatever was changed is refused, by whom it may have been."""
import base64
import contextlib
import copy
import io
import json
import os
import pathlib
import random
import runpy
import shutil
import sqlite3
import subprocess
import sys
import tempfile

import keys
import signing
import world
from processes import wait_until
from world import tell

PROMISES = "R26"
SCRIPT = world.ROOT / "installer" / "evidence" / "verify-evidence.py"
REASON = "case 12, handed to the police"


# ---- the police's computer

def police(path, school, programs="/usr/bin:/bin"):
    """What the script says, on a computer with nothing of the product on it and no network."""
    folder = tempfile.mkdtemp()
    shutil.copy(SCRIPT, folder)
    alone = ["unshare", "--net"] if os.getuid() == 0 else []
    done = subprocess.run([*alone, sys.executable, "-IB", "verify-evidence.py", path, "--school", school], cwd=folder, env={"PATH": programs},
                          capture_output=True, text=True, check=False)
    shutil.rmtree(folder)
    return done


class Checker:
    """The same script in this process: for hundreds of changed files."""

    def __init__(self, w, school):
        self.path, self.school = w.folder / "changed.json", bytes.fromhex(school)
        self.parts = runpy.run_path(str(SCRIPT), run_name="verify_evidence")

    def refusal(self, data):
        """"P4", or None where the file is taken."""
        self.path.write_bytes(data)
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                self.parts["check_file"](self.path, self.school)
            except self.parts["Refused"] as why:
                return str(why).split(":", maxsplit=1)[0]
            except (ValueError, KeyError, TypeError, AttributeError):
                return "P1"
        return None


# ---- what has happened

def record(w, name):
    w.ask(name)
    wait_until(f"the record of {name}", lambda: any(row.get("details", {}).get("name") == name for row in w.violations()), timeout=120, pause=0.3)


def sealed_rows(w, device):
    return {row["details"]["name"]: row for row in w.violations() if row["device"] == device and "details" in row}


def export(w, device, rows, opened, holder="lead", name="evidence.json", **more):
    numbers = sorted(row["seq"] for row in rows.values())
    out = w.folder / name
    options = {"records": f"1-{numbers[-1]}", "open": ",".join(str(rows[one]["seq"]) for one in opened), "reason": REASON} | more
    done = w.caretaker("evidence", "export", "--device", device, *keys.key_of(w, holder), "--out", out,
                       *[word for key, value in options.items() if value for word in (f"--{key}", value)], check=False)
    return done, out


def evidence_verifies(w, device, rows, school):
    done, out = export(w, device, rows, ["casino.example"])
    assert done.returncode == 0 and school in done.stdout, done
    said = police(out, school)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "name: casino.example" in said.stdout and REASON in said.stdout and "Handed out by lead" in said.stdout, said.stdout
    assert "tracker.example" not in said.stdout and "not opened" in said.stdout, "a record that was not opened says whom it is about"
    assert "Lists of the school's keys: 2" in said.stdout and "the school's server had everything up to record" in said.stdout, said.stdout
    assert b"tracker.example" not in out.read_bytes()
    other = police(out, "00" * 32)
    assert other.returncode != 0 and "P2" in other.stderr, other
    tell("the script finds everything right, without a network, and shows the one record that was opened")
    return out


def poor_tools(w, path, school):
    """An openssl that takes or refuses whatever it is given, as one does that knows no Ed25519: the script judges nothing by it."""
    for answer in (0, 1):
        folder = pathlib.Path(tempfile.mkdtemp(dir=w.folder))
        (folder / "openssl").write_text(f"#!/bin/sh\nexit {answer}\n", encoding="utf-8")
        (folder / "openssl").chmod(0o755)
        done = police(path, school, programs=f"{folder}:/usr/bin:/bin")
        assert done.returncode != 0 and "holds" not in done.stdout and "REFUSED" not in done.stderr, (answer, done.stdout, done.stderr)
        assert "nothing is said about the file" in done.stderr, done.stderr
    tell("a computer whose openssl cannot verify gets no judgement of the file, neither way")


def two_that_stand_apart(w, device, rows, school):
    """3,9 are two records, and 3-9 are seven: what lies between is not shown."""
    first, between, last = sorted(rows.values(), key=lambda row: row["seq"])
    numbers = f"{last['seq']},{first['seq']},{last['seq']}"
    done, out = export(w, device, rows, [last["details"]["name"]], records=numbers, name="apart.json")
    assert done.returncode == 0 and f"has records {first['seq']}, {last['seq']} of" in done.stdout, done
    said = police(out, school)
    assert said.returncode == 0, said.stdout + said.stderr
    shown = [int(line.split(":")[0].split()[1]) for line in said.stdout.splitlines() if line.startswith("Record ")]
    assert shown == [first["seq"], last["seq"]] and f"name: {last['details']['name']}" in said.stdout, said.stdout
    for wrong in ("9-3", "3,,9", "3;9"):
        done, out = export(w, device, rows, [], records=wrong, name="wrong.json")
        assert done.returncode == 1 and not out.exists(), done
    done, out = export(w, device, rows, [between["details"]["name"]], records=numbers, name="wrong.json")
    assert done.returncode == 1 and "not all among --records" in done.stderr and not out.exists(), done
    tell("two records that stand apart are handed out without what lies between")


def nobody_else(w, device, rows):
    done, _ = export(w, device, rows, ["casino.example"], holder="technician", name="by-technician.json")
    assert done.returncode == 1 and "S4" in done.stderr, done
    done, out = export(w, device, rows, [], records=f"1-{max(row['seq'] for row in rows.values()) + 1000}", name="too-far.json")
    assert done.returncode == 1 and "no record" in done.stderr and not out.exists(), done
    keys.school(w, "add", "--person", keys.new_key(w, "new-lead"), "--as", "safeguarding")
    keys.sign_and_publish(w, "head", "deputy-head")
    done, out = export(w, device, rows, ["casino.example"], holder="new-lead", name="by-new-lead.json")
    assert done.returncode == 1 and "V3" in done.stderr and not out.exists(), done
    tell("refused: a technician, records that are not there, a lead to whom they were not sealed")


# ---- what is changed

def spoiled_anywhere(checker, data, rounds, seed):
    """Without a lead's key no byte can be another."""
    chance = random.Random(seed)
    places = sorted({0, len(data) - 1, *(chance.randrange(len(data)) for _ in range(rounds))})
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(7)
        assert checker.refusal(bytes(changed)), f"byte {place} was changed (seed {seed}), and nobody saw it"
    for changed in (data + b"\n", data[:-1], b" " + data, b"", data.replace(b'"payload"', b'"payload" ', 1)):
        assert checker.refusal(changed) == "P1"
    tell(f"{len(places)} bytes changed one by one, and each was seen")


def envelope_with(envelope, change):
    """The same envelope with other content, and the signatures as they were."""
    body = json.loads(base64.b64decode(envelope))
    value = json.loads(base64.b64decode(body["payload"]))
    change(value)
    body["payload"] = base64.b64encode(signing.compact(value)).decode()
    return base64.b64encode(signing.compact(body)).decode()


def signed_again(envelope, kind, key, **changes):
    """The same content, and these members, by another key."""
    value = signing.payload_of(base64.b64decode(envelope)) | changes
    return base64.b64encode(signing.signed(kind, value, key)).decode()


def edited_event(book):
    def edit(batch):
        event = next(event for event in batch["events"] if "data_base64" in event)
        event["data_base64"] = base64.b64encode(base64.b64decode(event["data_base64"]).replace(b'"count":1', b'"count":9')).decode()
    book["batches"][0] = envelope_with(book["batches"][0], edit)


def attacks(good, other, stranger, thief, foreign_root):
    """(what a dishonest lead changes before signing, the check that sees it). `good`, `other`: files of two devices of one school."""
    theirs = other["books"][0]
    second = good["books"][0]["opened"][0]["seq"]

    def book(change):
        def apply(value):
            change(value["books"][0])
        return apply

    return [
        ("a record was edited", book(edited_event), "P6"),
        ("a batch was taken out of the middle", book(lambda b: b["batches"].pop(1)), "P7"),
        ("the last batch was taken out", book(lambda b: b["batches"].pop()), "P7"),
        ("the first batch was taken out", book(lambda b: b["batches"].pop(0)), "P7"),
        ("batches in another order", book(lambda b: b["batches"].insert(0, b["batches"].pop(2))), "P7"),
        ("a batch of another device", book(lambda b: b["batches"].append(theirs["batches"][-1])), "P6"),
        ("a batch by somebody else's key", book(lambda b: b["batches"].__setitem__(0, signed_again(b["batches"][0], "batch", stranger))), "P6"),
        ("the book of another device under this name", book(lambda b: b.__setitem__("certificate", theirs["certificate"])), "P5"),
        ("another hardware", book(lambda b: b.__setitem__("certificate", envelope_with(b["certificate"], lambda c: c["hardware"].update(dmi_uuid="other")))), "P5"),
        ("a device that a stranger has certified", book(lambda b: b.__setitem__("certificate", signed_again(b["certificate"], "certificate", stranger))), "P5"),
        ("another device's id", book(lambda b: b.__setitem__("device", theirs["device"])), "P5"),
        ("another book's id", book(lambda b: b.__setitem__("epoch", theirs["epoch"])), "P6"),
        ("a receipt of another device", book(lambda b: b["receipts"].append(theirs["receipts"][0])), "P8"),
        ("a receipt with an earlier time", book(lambda b: b["receipts"].__setitem__(0, envelope_with(b["receipts"][0], lambda r: r.update(time=1)))), "P8"),
        ("a receipt by a lead", book(lambda b: b["receipts"].__setitem__(0, signed_again(b["receipts"][0], "receipt", thief, time=1))), "P8"),
        ("no receipt", book(lambda b: b["receipts"].clear()), "P8"),
        ("a key with a bit changed", book(lambda b: b["opened"][0].update(key="00" + b["opened"][0]["key"][2:])), "P9"),
        ("a key of another device's record", book(lambda b: b["opened"][0].update(key=theirs["opened"][0]["key"])), "P9"),
        ("another text beside the record", book(lambda b: b["opened"][0].update(ciphertext=theirs["opened"][0]["ciphertext"])), "P9"),
        ("an opened record under another number", book(lambda b: b["opened"][0].update(seq=second - 1)), "P9"),
        ("another school's first list of keys", lambda value: value["roots"].__setitem__(0, foreign_root), "P2"),
        ("no list of keys", lambda value: value["roots"].clear(), "P2"),
        ("a list of keys that nobody signed", lambda value: value["roots"].__setitem__(1, signed_again(value["roots"][1], "root", stranger)), "P3"),
        ("a list of keys that one holder signed", lambda value: value["roots"].__setitem__(1, one_signature(value["roots"][1])), "P3"),
    ]


def one_signature(envelope):
    body = json.loads(base64.b64decode(envelope))
    body["signatures"] = body["signatures"][:1]
    return base64.b64encode(signing.compact(body)).decode()


def spoiled_by_a_lead(checker, good, table, lead, others):
    """Who has a lead's key, or is one, signs a file that was changed: the device's own signatures and hashes see it."""
    assert checker.refusal(signing.signed("evidence", good, lead)) is None
    for name, change, number in table:
        value = copy.deepcopy(good)
        change(value)
        assert value != good, name
        seen = checker.refusal(signing.signed("evidence", value, lead))
        assert seen == number, f"{name}: expected {number}, and it was {seen}"
    for key in others:
        assert checker.refusal(signing.signed("evidence", good, key)) == "P4"
    assert checker.refusal(signing.signed("evidence", good, lead, others[0])) == "P4"
    tell(f"{len(table)} changes by somebody with a lead's key, and each was seen; other people's signatures count for nothing")


def one_key_one_record(w, device, rows, checker, lead):
    """The key of one record, tried on the next."""
    done, out = export(w, device, rows, ["casino.example", "tracker.example"], name="two.json")
    assert done.returncode == 0, done
    value = signing.payload_of(out.read_bytes())
    one, two = value["books"][0]["opened"]
    assert one["key"] != two["key"]
    two["key"] = one["key"]
    assert checker.refusal(signing.signed("evidence", value, lead)) == "P9"
    opens = checker.parts["xchacha_open"]
    text = base64.b64decode(two["ciphertext"])
    assert opens(bytes.fromhex(one["key"]), text[:24], text[24:], b"caretaker details v1") is None
    tell("the key of one record opens no other")


# ---- what is held

def holds(w, device, rows):
    hold = ["evidence", "hold", "--device", device, "--reason", "the police have asked"]
    refused = w.caretaker(*hold, *keys.key_of(w, "technician"), check=False)
    assert refused.returncode == 1 and "S4" in refused.stderr, refused
    assert "Hold 1" in w.as_person("lead", *hold, "--records", str(rows["casino.example"]["seq"])).stdout
    assert "Hold 2" in w.as_person("lead", *hold).stdout
    assert "Hold 1 is lifted" in w.as_person("lead", "evidence", "lift", "--hold", "1", "--reason", "the case is closed").stdout
    again = w.caretaker("evidence", "lift", "--hold", "1", "--reason", "again", *keys.key_of(w, "lead"), check=False)
    assert again.returncode == 1 and "no hold of this number" in again.stderr, again
    shown = w.as_person("lead", "evidence", "holds").stdout.splitlines()
    assert "lifted" in shown[1] and "by lead: the case is closed" in shown[1] and "in force" in shown[2] and " all " in shown[2], shown
    tell("records are held, and let go, by the lead alone; who did it, and why, stays")


def audited(w, device, rows):
    w.server.stop()
    with contextlib.closing(sqlite3.connect(w.data / "fleet.db")) as database:
        said = [f"{signers} {action} {outcome}" for signers, action, outcome in database.execute("SELECT signers, action, outcome FROM audit")]
    opened = f"lead evidence.open {device} {rows['casino.example']['epoch']} {rows['casino.example']['seq']} done"
    assert any(line.endswith(opened) for line in said), said
    assert any("lead hold.lift hold 1 done" in line for line in said), said
    tell("each record that was handed out, and each hold, stands in the server's audit")


def audit_of(w, holder="lead", *more):
    return w.caretaker("audit", *keys.key_of(w, holder), *more, check=False)


def with_server(w, holder="lead", sql=None):
    """What the audit says after somebody who has the server has edited it."""
    if sql:
        with contextlib.closing(sqlite3.connect(w.data / "fleet.db")) as database, database:
            assert database.execute(sql).rowcount > 0
    w.start_server()
    done = audit_of(w, holder)
    w.server.stop()
    return done


def audit_is_checked(w, rows):
    """Who may look, what it shows, and that a server in other hands can neither deny nor invent."""
    w.start_server()
    opened = rows["casino.example"]
    for holder in ("lead", "head"):
        done = audit_of(w, holder)
        assert done.returncode == 0 and "none missing in between" in done.stdout, done
        line = next(line for line in done.stdout.splitlines() if "opened records as evidence" in line)
        assert " lead " in line and line.split()[-1] == "done" and f" {opened['seq']} " in line, line
        assert "casino" not in done.stdout and "token.new" not in done.stdout, done.stdout
    assert "token.new" in audit_of(w, "lead", "--all").stdout
    refused = audit_of(w, "technician")
    assert refused.returncode == 1 and "S4" in refused.stderr, refused
    w.server.stop()
    shutil.copy(w.data / "fleet.db", w.folder / "fleet.before")
    for what, sql, check in (
            ("an opening is blamed on somebody else", "UPDATE audit SET signers = (SELECT signers FROM audit WHERE signers LIKE '% head' LIMIT 1) WHERE action LIKE 'evidence.open%'", "G2"),
            ("an opening is gone", "DELETE FROM audit WHERE id = (SELECT MIN(id) FROM audit WHERE action LIKE 'evidence.open%')", "G1"),
            ("nothing was ever signed", "UPDATE audit SET link = NULL, request = NULL", "G"),
            ("all of it begins anew", "DELETE FROM audit", "G")):
        done = with_server(w, sql=sql)
        assert done.returncode == 1 and f"{check}" in done.stderr, (what, done)
        shutil.copy(w.folder / "fleet.before", w.data / "fleet.db")
        for left in w.data.glob("fleet.db-*"):
            left.unlink()
    assert with_server(w).returncode == 0
    tell("leads and root holders see who opened what; a server that edits its audit, or begins a new one, is found out")


def a_device_writes_no_line_of_ours():
    """Whoever is root on a laptop signs what they like about a record that nobody sealed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        runpy.run_path(str(SCRIPT))["report_record"](3, {"kind": "a\nRecord 9: b", "severity": "low\x1b[2J\u202e", "time": 1, "count": "1\nRecord 8"}, None)
    lines = said.getvalue().strip("\n").split("\n")
    assert len(lines) == 2 and all(line.isprintable() and "\u202e" not in line for line in lines), lines


def scenario(w):
    a_device_writes_no_line_of_ours()
    w.start_all()
    second = w.another_device("second")
    second.start_device()
    keys.school(w, "renew")
    keys.sign_and_publish(w, "head", "deputy-head")
    device, other_device = w.status()["device"], second.status()["device"]
    for name in ("tracker.example", "bad1.example", "casino.example"):
        record(w, name)
    second.ask("bad2.example")
    wait_until("the other device's record", lambda: sealed_rows(w, other_device), timeout=120, pause=0.5)
    rows, school = sealed_rows(w, device), json.loads((w.school / "school.json").read_text(encoding="utf-8"))["school"]
    out = evidence_verifies(w, device, rows, school)
    poor_tools(w, out, school)
    two_that_stand_apart(w, device, rows, school)
    done, other_out = export(w, other_device, sealed_rows(w, other_device), ["bad2.example"], name="other.json")
    assert done.returncode == 0, done

    checker = Checker(w, school)
    assert checker.refusal(out.read_bytes()) is None
    spoiled_anywhere(checker, out.read_bytes(), w.options.bytes, w.options.seed or random.randrange(1, 1 << 32))
    stolen = {}
    for holder in ("lead", "technician", "head"):
        w.as_person(holder, "key", "backup", "--out", w.folder / f"{holder}.html")
        stolen[holder] = signing.Key.from_page((w.folder / f"{holder}.html").read_text(encoding="utf-8"))
    stranger = signing.Key(b"\x07" * 32)
    w.caretaker("school", "new", "--dir", w.folder / "elsewhere", "--name", "Another School", "--safeguarding", "lead", "--server-info",
                w.data / "server-public.json", "--passphrase-file", w.passphrase)
    foreign = base64.b64encode((w.folder / "elsewhere" / "roots" / "1.json").read_bytes()).decode()
    good, other = (signing.payload_of(path.read_bytes()) for path in (out, other_out))
    assert len(good["books"][0]["batches"]) >= 3, "the device has sent everything at once"
    spoiled_by_a_lead(checker, good, attacks(good, other, stranger, stolen["lead"], foreign), stolen["lead"],
                      [stolen["technician"], stolen["head"], stranger])
    one_key_one_record(w, device, rows, checker, stolen["lead"])
    nobody_else(w, device, rows)
    holds(w, device, rows)
    audited(w, device, rows)
    audit_is_checked(w, rows)


if __name__ == "__main__":
    world.play(scenario, bytes=120, seed=0)
