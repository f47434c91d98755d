"""The life of a school's keys: a person comes, a key is lost, a person goes, a new safeguarding lead reads old records, the server's TLS
key is lost, the server moves; each by a root that two holders sign on machines of their own, and the devices follow."""
import contextlib
import json
import os
import pty
import select
import shutil
import time

import processes
import world
from processes import wait_until
from world import tell

PROMISES = "R7 R13"


def school(w, *arguments, check=True, folder=None):
    return processes.run([w.bin / "caretaker", "school", *arguments], os.getuid(), check=check, env={"CARETAKER_SCHOOL": str(folder or w.school)})


def key_of(w, holder):
    return ["--key", w.school / "keys" / f"{holder}.key", "--passphrase-file", w.passphrase]


def new_key(w, holder):
    out = w.school / "keys" / f"{holder}.key"
    w.caretaker("key", "new", "--holder", holder, "--out", out, "--passphrase-file", w.passphrase)
    return out.with_suffix(".public")


def sign_and_publish(w, *holders):
    for holder in holders:
        school(w, "sign", "--yes", *key_of(w, holder))
    school(w, "publish", *key_of(w, holders[0]))
    version = int(max((path.stem for path in (w.school / "roots").iterdir()), key=int))
    wait_until(f"the device at root {version}", lambda: w.status()["root_version"] == version, timeout=120)
    return version


def two_machines(w):
    """A draft is made on one machine and signed on two, and says what it changes; one signature is not enough."""
    person = new_key(w, "second-technician")
    said = school(w, "add", "--person", person, "--as", "technician").stdout
    assert "second-technician is new" in said and "Nothing is in force yet" in said, said
    other = w.folder / "deputys-machine"
    shutil.copytree(w.school, other, ignore=shutil.ignore_patterns("keys"))
    said = school(w, "sign", "--yes", *key_of(w, "head")).stdout
    assert "Signed by head" in said and "1 more" in said, said
    refused = school(w, "publish", *key_of(w, "head"), check=False)
    assert refused.returncode == 1 and "still to sign" in refused.stderr, refused
    refused = school(w, "sign", "--yes", *key_of(w, "technician"), check=False)
    assert refused.returncode == 1 and "holds no root key" in refused.stderr, refused
    shutil.move(w.school / "next-root.json", other / "next-root.json")
    assert "second-technician is new" in school(w, "sign", "--yes", *key_of(w, "deputy-head"), folder=other).stdout
    assert "enough holders" in school(w, "show", "--draft", other / "next-root.json").stdout
    school(w, "publish", *key_of(w, "deputy-head"), folder=other)
    wait_until("the device at root 2", lambda: w.status()["root_version"] == 2, timeout=60)
    assert "From root 1 to root 2" in school(w, "update", *key_of(w, "head")).stdout
    tell("root 2: drafted, signed by two holders on two machines, published; the device has it")


def lost_key(w):
    """The deputy's key is lost; the page that was printed restores it, and then a new key replaces it."""
    page, lines = w.folder / "deputy.html", w.folder / "deputy.lines"
    w.as_person("deputy-head", "key", "backup", "--out", page)
    text = page.read_text(encoding="utf-8")
    lines.write_text(text[text.index("<pre>") + 5:text.index("</pre>")], encoding="utf-8")
    (w.school / "keys" / "deputy-head.key").unlink()
    restored = w.school / "keys" / "deputy-head.key"
    w.caretaker("key", "restore", "--holder", "deputy-head", "--out", restored, "--from", lines, "--passphrase-file", w.passphrase)
    school(w, "renew")
    assert sign_and_publish(w, "deputy-head", "head") == 3
    restored.unlink()
    restored.with_suffix(".public").unlink()
    school(w, "replace", "--holder", "deputy-head", "--person", new_key(w, "deputy-head"))
    assert sign_and_publish(w, "head", "chair-of-governors") == 4
    school(w, "renew")
    assert sign_and_publish(w, "deputy-head", "head") == 5
    tell("a lost key: restored from its printed page; then replaced by a new one, which signs")


def person_gone(w):
    """A technician leaves: from then on that key signs nothing that a device takes, and asks the server for nothing."""
    school(w, "remove", "--holder", "technician")
    sign_and_publish(w, "head", "deputy-head")
    refused = w.caretaker("device", "list", *key_of(w, "technician"), check=False)
    assert refused.returncode == 1 and "E6" in refused.stderr, refused
    refused = w.caretaker("policy", "sign", *key_of(w, "technician"), "--policy", w.folder / "policy.toml", "--out", w.folder / "by-nobody", check=False)
    assert refused.returncode == 1 and "E6" in refused.stderr, refused
    tell("a person who has gone: neither the server nor a device listens to that key")


def records(w, reader):
    return [row for row in w.rows(reader) if row.get("kind") == "web.blocked"]


def new_lead(w):
    """Old records are sealed to the old lead; the new one reads them once the old one has wrapped their keys anew."""
    w.ask("casino.example")
    wait_until("the lead's record", lambda: any("details" in row for row in records(w, "lead")), timeout=60)
    school(w, "add", "--person", new_key(w, "new-lead"), "--as", "safeguarding")
    sign_and_publish(w, "head", "deputy-head")
    assert all("details" not in row for row in records(w, "new-lead"))
    said = w.as_person("lead", "records", "rewrap", "--for", "new-lead").stdout
    assert "keys wrapped anew" in said, said
    assert {row["details"]["name"] for row in records(w, "new-lead")} >= {"casino.example"}
    assert w.as_person("lead", "records", "rewrap", "--for", "new-lead").stdout.startswith("0 keys")
    school(w, "add", "--person", new_key(w, "third-lead"), "--as", "safeguarding")
    sign_and_publish(w, "head", "deputy-head")
    w.as_person("new-lead", "records", "rewrap", "--for", "third-lead", "--open-with", w.school / "keys" / "escrow.key")
    assert {row["details"]["name"] for row in records(w, "third-lead")} >= {"casino.example"}
    w.ask("tracker.example")
    wait_until("a new record for the new lead", lambda: any(row.get("details", {}).get("name") == "tracker.example" for row in records(w, "new-lead")), timeout=60)
    tell("a new safeguarding lead: old records by the old lead's key, and by the escrow key; new ones by itself")


def tls_key_lost(w):
    """The TLS key in use is lost; the spare, kept elsewhere, takes over, and the next root names another spare."""
    spare = w.folder / "safe"
    shutil.move(w.data / "spare", spare)
    w.server.stop()
    (w.data / "tls.key").write_text("lost", encoding="utf-8")
    w.give_back(spare)
    w.give_back(w.data)
    server = [w.bin / "caretaker-server", "--data", w.data]
    processes.run([*server, "tls", "switch", "--spare", spare], world.own_users.SERVER)
    w.start_server()
    before = w.devices()[0]["last_seen"]
    wait_until("a check-in by the spare key", lambda: w.devices()[0]["last_seen"] > before, timeout=120)
    school(w, "server", "--server-info", w.data / "server-public.json")
    sign_and_publish(w, "head", "deputy-head")
    tell("a lost TLS key: the spare takes over, and the root names a new spare")


def server_moved(w):
    """The server gets another address; devices follow, and the old address is good for as long as it answers."""
    old, new = w.https, world.free_port()
    server = [w.bin / "caretaker-server", "--data", w.data]
    processes.run([*server, "move", "--url", f"https://127.0.0.1:{new}"], world.own_users.SERVER)
    school(w, "server", "--server-info", w.data / "server-public.json", "--keep-old")
    sign_and_publish(w, "head", "deputy-head")
    seen = w.devices()[0]["last_seen"]
    wait_until("a check-in at the old address", lambda: w.devices()[0]["last_seen"] > seen, timeout=120)
    w.server.stop()
    w.set_server(new)
    w.start_server()
    seen = w.devices()[0]["last_seen"]
    wait_until("a check-in at the new address", lambda: w.devices()[0]["last_seen"] > seen, timeout=120)
    school(w, "server", "--server-info", w.data / "server-public.json")
    sign_and_publish(w, "head", "deputy-head")
    assert str(old) not in school(w, "show").stdout
    tell("a moved server: both addresses for a time, then the new one")


def guided(w):
    """Somebody at a terminal who is asked everything."""
    folder = w.folder / "guided"
    answers = ["Guided School", str(folder), str(w.data / "server-public.json"), "head, deputy, governor", "anna, bert", "lead", "", "yes",
               *["a weak one", "four words for a holder", "four words for a holder"], *["four words for a holder"] * 16]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(w.bin / "caretaker", ["caretaker", "school", "new"])
    said = talk(terminal, answers)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, said
    assert "too weak" in said and "is a school now" in said, said
    assert len(list((folder / "keys").iterdir())) == len(list((folder / "to-print").iterdir())) == 8
    assert "Guided School" in school(w, "show", folder=folder).stdout
    tell("the guided ceremony: asked everything, refused a weak passphrase, eight keys and eight pages")


def talk(terminal, answers):
    """Gives one answer to each question, a question being what ends without the end of a line."""
    said, answers, deadline = "", list(answers), time.monotonic() + 600
    waiting = ""
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.3)[0]:
            try:
                piece = os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # the other side has gone
                return said
            if not piece:
                return said
            said, waiting = said + piece, waiting + piece
        elif waiting.rstrip("\r\n").endswith(": ") and answers:
            os.write(terminal, (answers.pop(0) + "\n").encode())
            waiting = ""
    raise AssertionError(f"the terminal fell silent:\n{said}")


def scenario(w):
    w.start_all()
    two_machines(w)
    lost_key(w)
    new_lead(w)
    person_gone(w)
    w.as_person = lambda holder, *arguments: w.caretaker(*arguments, *key_of(w, "second-technician" if holder == "technician" else holder))
    tls_key_lost(w)
    server_moved(w)
    guided(w)
    roots = json.loads(w.caretaker("status", "--json", "--socket", w.socket).stdout)["root_version"]
    with contextlib.suppress(FileNotFoundError):
        assert not (w.school / "next-root.json").exists()
    tell(f"{roots} roots, and the device walked each")


if __name__ == "__main__":
    world.play(scenario)
