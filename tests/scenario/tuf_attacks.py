"""The attacks of TUF's conformance suite, made one by one by a hostile server that has the server's own TLS key and, where the attack
needs them, keys that it has stolen. Against each the device keeps what it had, and its book says which check refused.

An attack is one row of a table: its name, the test of the suite that it corresponds to (github.com/theupdateframework/tuf-conformance, as
of 2025; "-": ours), what the server answers, and what the book says; None where it does not get as far as the guard."""
import base64
import json
import os
import time
from collections import namedtuple

import signing
import world
from line import Line
from processes import wait_until
from signing import signed
from world import tell

PROMISES = "R7"
DAY = 86_400
Attack = namedtuple("Attack", "name suite answer rule")


class Thief:
    """Everything that a hostile server could have gathered: what was ever published, and stolen keys."""

    def __init__(self, w):
        self.w = w
        holders = ("head", "deputy-head", "technician", "second-technician", "list-publisher", "lead")
        self.head, self.deputy, self.technician, self.second, self.lists, self.lead = (self.stolen(holder) for holder in holders)
        self.stranger = signing.Key(b"\x07" * 32)
        self.old_policies, self.old_lists, self.roots = [], [], []

    def stolen(self, holder):
        page = self.w.folder / f"{holder}.html"
        self.w.as_person(holder, "key", "backup", "--out", page)
        return signing.Key.from_page(page.read_text(encoding="utf-8"))

    # ---- what it signs; each begins as something good and is changed in the named members

    @staticmethod
    def now():
        return int(time.time())

    def policy(self, *keys, kind="policy", **changes):
        value = signing.payload_of(self.old_policies[-1])
        value |= {"version": value["version"] + 100, "issued": self.now() - 10, "expires": self.now() + DAY} | changes
        return signed(kind, value, *keys)

    def manifest(self, *keys, **changes):
        value = signing.payload_of(self.old_lists[-1])
        value |= {"version": value["version"] + 100, "issued": self.now() - 10, "expires": self.now() + DAY} | changes
        return signed("lists", value, *keys)

    def order(self, *keys, **changes):
        """To lock this device; or as the changes say."""
        value = {"v": 1, "school": self.w.school_id, "device": self.w.status()["device"], "hardware": {"dmi_uuid": "", "board_serial": ""},
                 "nonce": os.urandom(16).hex(), "kind": "lock", "issued": self.now() - 10, "until": self.now() + DAY, "grace_s": 0, "message": "",
                 "telephone": "", "asset": "", "reason": ""}
        return signed("order", value | changes, *keys)

    def next_root(self, **changes):
        value = signing.payload_of(self.roots[-1])
        return value | {"version": value["version"] + 1, "issued": self.now(), "school": self.w.school_id} | changes

    def root(self, *keys, **changes):
        return signed("root", self.next_root(**changes), *keys)

    def root_with(self, *keys, change):
        value = self.next_root()
        change(value)
        return signed("root", value, *keys)


def take_root_by_thief(value, t):
    """A root that only the thief's own keys could change from then on."""
    key = t.stranger
    value["keys"][key.id] = {"type": "ed25519", "public": key.public.hex(), "holder": "thief"}
    value["roles"]["root"]["keys"].append(key.id)


def same_key_twice(value, t):
    value["keys"]["00" * 16] = dict(value["keys"][t.head.id], holder="another head")
    value["roles"]["root"]["keys"].append("00" * 16)


def threshold(role, count):
    def change(value):
        value["roles"][role]["threshold"] = count
    return change


def machine_key_signs_policies(value, t):
    value["roles"]["policy"]["keys"].append(t.lists.id)


def one_signature_twice(t):
    payload = signing.compact(t.next_root())
    return signing.envelope("root", payload, [t.head.signature("root", payload)] * 2)


def one_key_under_two_ids(t):
    payload = signing.compact(t.next_root())
    return signing.envelope("root", payload, [t.head.signature("root", payload), t.head.signature("root", payload, t.deputy.id)])


def altered(t):
    envelope = json.loads(t.policy(t.technician))
    payload = base64.b64decode(envelope["payload"]).replace(b"Scenario", b"Somebody")
    return signing.compact(envelope | {"payload": base64.b64encode(payload).decode()})


def stranger_skips_roots(t):
    return [t.root(t.head, t.deputy, version=t.next_root()["version"] + 1)]


def of(member):
    """An answer in which one member is the attacker's."""
    def make(make_blob):
        def answer(t):
            blob = make_blob(t)
            several = member in ("roots", "letters")
            return {member: [base64.b64encode(b).decode() for b in blob] if several else base64.b64encode(blob).decode()}
        return answer
    return make


policy, lists, roots = of("policy"), of("lists"), of("roots")
one_root = lambda make: roots(lambda t: [make(t)])  # noqa: E731
one_letter = lambda make: of("letters")(lambda t: [make(t)])  # noqa: E731
OTHER = "cd" * 32

ATTACKS = (
    # ---- rollback of each role, skipping
    Attack("rollback of the policy", "test_targets_rollback", policy(lambda t: t.old_policies[0]), "policy.refused B5"),
    Attack("the same version with another text", "test_timestamp_eq_versions_check",
           policy(lambda t: t.policy(t.technician, version=signing.payload_of(t.old_policies[-1])["version"])), "policy.refused B5"),
    Attack("rollback of the lists", "test_snapshot_rollback", lists(lambda t: t.old_lists[0]), "lists.refused B5"),
    Attack("rollback of the root", "-", one_root(lambda t: t.root(t.head, t.deputy, version=1)), "root.refused T8"),
    Attack("a root is skipped", "-", roots(stranger_skips_roots), "root.refused T8"),
    Attack("rollback of signed time", "-", one_root(lambda t: t.root(t.head, t.deputy, issued=1, expires=t.now() + DAY)), "root.refused T12"),
    # ---- freeze
    Attack("an expired policy", "test_targets_expired", policy(lambda t: t.policy(t.technician, expires=t.now() - 5)), "policy.refused B6"),
    Attack("expired lists", "test_snapshot_expired", lists(lambda t: t.manifest(t.lists, expires=t.now() - 5)), "lists.refused B6"),
    Attack("a policy for ever", "-", policy(lambda t: t.policy(t.technician, expires=t.now() + 500 * DAY)), "policy.refused B1"),
    # ---- wrong threshold, two signatures by one key, key of another role
    Attack("one root holder alone", "test_snapshot_threshold", one_root(lambda t: t.root(t.head)), "root.refused T9"),
    Attack("two signatures by one key", "test_duplicate_sig_keyids", one_root(one_signature_twice), "root.refused E4"),
    Attack("one key signs under two ids", "test_duplicate_sig_keyids", one_root(one_key_under_two_ids), "root.refused E5"),
    Attack("one key stands under two ids", "test_duplicate_keys_root",
           one_root(lambda t: t.root_with(t.head, t.deputy, change=lambda value: same_key_twice(value, t))), "root.refused T2"),
    Attack("a role that nobody can fulfil", "test_root_has_keys_but_not_snapshot",
           one_root(lambda t: t.root_with(t.head, t.deputy, change=threshold("policy", 9))), "root.refused T3"),
    Attack("one holder would be enough for a wipe", "-",
           one_root(lambda t: t.root_with(t.head, t.deputy, change=threshold("wipe", 1))), "root.refused T4"),
    Attack("a machine's key would sign policies", "-",
           one_root(lambda t: t.root_with(t.head, t.deputy, change=lambda value: machine_key_signs_policies(value, t))), "root.refused T5"),
    Attack("the list publisher signs a policy", "-", policy(lambda t: t.policy(t.lists)), "policy.refused E6"),
    Attack("the safeguarding lead signs a policy", "-", policy(lambda t: t.policy(t.lead)), "policy.refused E6"),
    Attack("a root holder signs a policy", "-", policy(lambda t: t.policy(t.head, t.deputy)), "policy.refused E6"),
    Attack("a technician signs the lists", "-", lists(lambda t: t.manifest(t.technician)), "lists.refused B3"),
    Attack("a stranger signs a root that names him", "test_root_has_keys_but_not_snapshot",
           one_root(lambda t: t.root_with(t.stranger, change=lambda value: take_root_by_thief(value, t))), "root.refused E6"),
    Attack("a holder and a stranger sign one together", "-",
           one_root(lambda t: t.root_with(t.head, t.stranger, change=lambda value: take_root_by_thief(value, t))), "root.refused T9"),
    # ---- mix-and-match, types, schools
    Attack("lists in the policy's place", "-", policy(lambda t: t.manifest(t.lists)), "policy.refused E3"),
    Attack("a policy in the lists' place", "-", lists(lambda t: t.policy(t.technician)), "lists.refused E3"),
    Attack("a policy in a root's place", "-", one_root(lambda t: t.policy(t.technician)), "root.refused E3"),
    Attack("an unknown type", "-", policy(lambda t: t.policy(t.technician, kind="surprise")), "policy.refused E3"),
    Attack("another school's policy", "-", policy(lambda t: t.policy(t.technician, school="ab" * 32)), "policy.refused B4"),
    Attack("another school's lists", "-", lists(lambda t: t.manifest(t.lists, school="ab" * 32)), "lists.refused B4"),
    Attack("another school's root", "-", one_root(lambda t: t.root(t.head, t.deputy, school="ab" * 32)), "root.refused T11"),
    Attack("a policy of another generation", "-", policy(lambda t: t.policy(t.technician, generation=1)), "policy.refused B10"),
    Attack("a generation that runs away", "-",
           one_root(lambda t: t.root(t.head, t.deputy, generations={"policy": 2, "lists": 0})), "root.refused T13"),
    Attack("a feature that is not known, marked critical", "-", policy(lambda t: t.policy(t.technician, critical=["policy-9"])), "policy.refused B7"),
    Attack("an altered policy", "test_unsigned_initial_root", policy(altered), "policy.refused E5"),
    Attack("a weaker policy by one technician", "-",
           policy(lambda t: t.policy(t.technician, policy=signing.payload_of(t.old_policies[-1])["policy"].replace('"gambling"', '"shopping"'))),
           "policy.refused A2"),
    Attack("lists without the locked class", "-",
           lists(lambda t: t.manifest(t.lists, t.technician, locked_names=0, categories={})), "lists.refused B8"),
    Attack("lists with a tenth of the names, by the publisher alone", "-",
           lists(lambda t: t.manifest(t.lists, names=800, categories=fewer(t))), "lists.refused B9"),
    # ---- wrong device
    Attack("another device's lock", "-", one_letter(lambda t: t.order(t.technician, device=OTHER)), "letter.refused O4"),
    Attack("another device's wipe, by two", "-", one_letter(lambda t: t.order(t.technician, t.head, device=OTHER, kind="wipe")), "letter.refused O4"),
    Attack("another school's lock", "-", one_letter(lambda t: t.order(t.technician, school="ab" * 32)), "letter.refused O3"),
    Attack("a lock by the safeguarding lead", "-", one_letter(lambda t: t.order(t.lead)), "letter.refused E6"),
    Attack("a wipe by one person", "-", one_letter(lambda t: t.order(t.technician, kind="wipe")), "letter.refused O2"),
    # ---- endless data, oversized files, rubbish
    Attack("a root of 300 KiB", "-", one_root(lambda t: t.root(t.head, t.deputy, filler="x" * 300_000)), "root.refused E1"),
    Attack("rubbish in place of a policy", "-", policy(lambda t: b"{" * 1000), "policy.refused E2"),
    Attack("no signature at all", "-", policy(lambda t: t.policy()), "policy.refused E4"),
    # Each that does not get as far as the guard stands behind one that just does: what is refused is the size, and not whatever comes.
    Attack("a policy of 2 MiB, which an answer may have, and which has expired", "-",
           policy(lambda t: t.policy(t.technician, expires=t.now() - 5, filler="x" * (2 << 20))), "policy.refused B6"),
    Attack("a policy of 5 MiB", "-", policy(lambda t: t.policy(t.technician, filler="x" * (5 << 20))), None),
    Attack("as many roots as an answer may have, and no root among them", "-", roots(lambda t: [b"{}"] * 64), "root.refused E2"),
    Attack("more roots than an answer may have", "test_max_root_rotations", roots(lambda t: [b"{}"] * 65), None),
)


def fewer(t):
    categories = json.loads(json.dumps(signing.payload_of(t.old_lists[-1])["categories"]))
    for category in categories.values():
        category["names"] = min(category["names"], 700)
    return categories


# ---- how an attack is made

class Hostile:
    """Between the device and the server: counts check-ins and puts what the attack says into each answer."""

    def __init__(self, w):
        self.w, self.answer, self.count = w, {}, 0
        w.line.trick = self

    def __call__(self, send, body):
        status, answer = send(body)
        self.count += 1
        if status != 200 or not self.answer:
            return status, answer
        value = {key: member for key, member in json.loads(answer).items() if key not in ("policy", "lists")}
        return status, signing.compact(value | {"roots": []} | self.answer)

    def serve(self, answer, times=2):
        """The device has asked so many times and got this."""
        self.answer, before = answer, self.count
        wait_until("check-ins", lambda: self.count >= before + times, timeout=300)
        self.answer = {}

    def quiet(self):
        """The device has asked and was told the truth."""
        before = self.count
        wait_until("a true answer", lambda: self.count >= before + 2, timeout=300)


def state_of(w):
    status = w.status()
    return {key: status[key] for key in ("root_version", "policy_version", "lists_version")}


def seen_in_book(w):
    """How often each refusal stands in the book, repeats that were counted included."""
    counts = {}
    for row in w.device_rows():
        if row.get("kind") in ("root.refused", "policy.refused", "lists.refused", "letter.refused"):
            key = f"{row['kind']} {row['rule'].split(':')[0]}"  # of a letter, its id follows
            counts[key] = counts.get(key, 0) + row["count"]
    return counts


def restart_guard(w):
    """Counted repeats come into the book, and the next refusal is a first one again."""
    w.guard.stop()
    w.start_guard()


def make_attack(w, hostile, thief, attack):
    before, state = seen_in_book(w), state_of(w)
    if attack.rule in before:
        restart_guard(w)
        before = seen_in_book(w)
    hostile.serve(attack.answer(thief))
    if attack.rule:
        wait_until(f"{attack.name}: {attack.rule} in the book", lambda: seen_in_book(w).get(attack.rule, 0) > before.get(attack.rule, 0), timeout=60)
    new = {key for key, count in seen_in_book(w).items() if count > before.get(key, 0)}
    assert new == ({attack.rule} if attack.rule else set()), f"{attack.name}: {new}"
    assert state_of(w) == state, f"{attack.name}: {state} became {state_of(w)}"
    assert w.ask("casino.example").rcode == "NXDOMAIN", attack.name
    assert "device-locked" not in w.status()["health"], attack.name


def freeze(w, hostile, thief):
    """The server goes on and on with what it has: when that expires, the device says so, and goes on."""
    last = thief.policy(thief.technician, version=900, expires=thief.now() + 40)
    hostile.serve({"policy": base64.b64encode(last).decode()})
    wait_until("the last policy to be in force", lambda: w.status()["policy_version"] == 900, timeout=30)
    hostile.answer = {"policy": base64.b64encode(last).decode()}
    wait_until("the device to say that it is stale", lambda: "policy-stale" in w.status()["health"], timeout=120)
    assert w.ask("casino.example").rcode == "NXDOMAIN"
    hostile.answer = {}
    tell("freeze: the device is stale, says so, and filters")


def expired_roots(w, hostile, thief):
    """One in the middle is walked over; one at the end is kept, and what follows still counts."""
    middle = thief.root(thief.head, thief.deputy, expires=thief.now() + 2)
    thief.roots.append(middle)
    time.sleep(3)
    end = thief.root(thief.head, thief.deputy, expires=thief.now() + DAY)
    thief.roots.append(end)
    publish_roots(w, (middle, end))
    wait_until("the root after the expired one", lambda: w.status()["root_version"] == 4, timeout=60)
    assert "root-stale" not in w.status()["health"]
    last = thief.root(thief.head, thief.deputy, expires=thief.now() + 2)
    thief.roots.append(last)
    publish_roots(w, (last,))
    wait_until("the expired root", lambda: w.status()["root_version"] == 5, timeout=60)
    wait_until("the device to say that its root is stale", lambda: "root-stale" in w.status()["health"], timeout=60)
    publish_policy(w, thief, version=1000)
    wait_until("a policy under an expired root", lambda: w.status()["policy_version"] == 1000, timeout=60)
    assert w.ask("casino.example").rcode == "NXDOMAIN"
    tell("expired roots: walked over in the middle, kept and told at the end, and nothing is off")


def publish_roots(w, blobs):
    for blob in blobs:
        path = w.folder / "root.signed"
        path.write_bytes(blob)
        w.as_person("technician", "policy", "push", "--root", path)


def publish_policy(w, thief, **changes):
    path = w.folder / "forged.signed"
    path.write_bytes(thief.policy(thief.technician, **changes))
    w.as_person("technician", "policy", "push", "--policy", path)


def fast_forward(w, hostile, thief):
    """A stolen key signs the highest version there is, with a time far ahead; the root's holders leave it behind."""
    highest, far = (1 << 53) - 1, (1 << 53) - 401 * DAY
    ahead = thief.policy(thief.technician, version=highest, issued=far, expires=far + DAY)
    hostile.serve({"policy": base64.b64encode(ahead).decode()})
    assert w.status()["policy_version"] == highest, w.status()
    publish_policy(w, thief, version=1001)
    hostile.quiet()
    assert w.status()["policy_version"] == highest
    w.caretaker("school", "update", "--key", w.school / "keys" / "head.key", "--passphrase-file", w.passphrase)
    w.caretaker("school", "reset", "--what", "policy")
    w.caretaker("school", "remove", "--holder", "technician")
    for holder in ("head", "deputy-head"):
        w.as_person(holder, "school", "sign", "--yes")
    w.as_person("head", "school", "publish")
    w.as_person("second-technician", "policy", "sign", "--policy", w.folder / "policy.toml", "--out", w.folder / "policy.signed", "--version", "1")
    w.as_person("second-technician", "policy", "push", "--policy", w.folder / "policy.signed")
    wait_until("version 1 of the next generation", lambda: w.status()["policy_version"] == 1, timeout=120)
    again = thief.policy(thief.second, version=highest)  # a former generation's, by a key that still counts
    for number, blob, rule in ((0, ahead, "policy.refused E6"), (1, again, "policy.refused B10")):
        make_attack(w, hostile, thief, Attack(f"fast-forward again, {number}", "", lambda t, blob=blob: {"policy": base64.b64encode(blob).decode()}, rule))
    restart_guard(w)
    assert state_of(w)["policy_version"] == 1
    tell("fast-forward: left behind by a root of two holders; neither the thief's nor older policies come back")


def mix_and_match(w, hostile, thief):
    """The lists' key is stolen too: a manifest that names the content of one publication and the file of another. The file is fetched, walked and thrown
    away; what was in force stays. (test_new_targets_hash_mismatch)"""
    first, last = (signing.payload_of(blob) for blob in (thief.old_lists[0], thief.old_lists[-1]))
    assert first["file"] != last["file"]
    blob = signed("lists", first | {"version": 5000, "issued": thief.now(), "expires": thief.now() + DAY, "file": last["file"], "file_size": last["file_size"]},
                  thief.lists)
    before, w.line.fetched = state_of(w), 0
    hostile.serve({"lists": base64.b64encode(blob).decode()})
    wait_until("the manifest to wait for its file", lambda: "lists-waiting" in w.status()["health"], timeout=60)
    wait_until("the file to be offered", lambda: w.line.fetched > 0, timeout=120)
    time.sleep(5)
    assert w.guard.running()
    assert state_of(w) == before and "lists-waiting" in w.status()["health"]
    assert w.ask("casino.example").rcode == "NXDOMAIN" and w.ask("bad7.example").rcode == "NXDOMAIN"
    tell("mix-and-match: the file of one publication under the content of another is not taken")


def prepare(w):
    """A school at root 2, with two policies and two lists published, whose device takes its answers from the thief's line."""
    w.make_school()
    w.set_server(world.free_port())
    w.line = Line(w.https, w.server_port, w.data)
    w.start_server()
    w.school_id = json.loads((w.school / "school.json").read_text(encoding="utf-8"))["school"]
    w.caretaker("key", "new", "--holder", "second-technician", "--out", w.school / "keys" / "second-technician.key", "--passphrase-file", w.passphrase)
    w.caretaker("school", "add", "--person", w.school / "keys" / "second-technician.public", "--as", "technician")
    for holder in ("head", "deputy-head"):
        w.as_person(holder, "school", "sign", "--yes")
    w.as_person("head", "school", "publish")
    thief = Thief(w)
    for round_number in range(2):
        w.publish_lists(world.LISTS | {"gambling": [*world.LISTS["gambling"], f"round{round_number}.example"]})
        w.publish_policy(world.POLICY + f"# {round_number}\n")
        thief.old_lists.append((w.folder / "lists.signed").read_bytes())
        thief.old_policies.append((w.folder / "policy.signed").read_bytes())
    thief.roots = [(w.school / "roots" / f"{n}.json").read_bytes() for n in (1, 2)]
    w.start_device()
    return thief


def scenario(w):
    thief = prepare(w)
    assert state_of(w) == {"root_version": 2, "policy_version": 2, "lists_version": 2}, state_of(w)
    hostile = Hostile(w)
    for attack in ATTACKS:
        make_attack(w, hostile, thief, attack)
        tell(f"{attack.name}: {attack.rule or 'does not reach the guard'}")
    freeze(w, hostile, thief)
    expired_roots(w, hostile, thief)
    fast_forward(w, hostile, thief)
    mix_and_match(w, hostile, thief)
    assert not w.line.failures, w.line.failures[0]
    tell(f"{len(ATTACKS) + 5} attacks; none changed what is in force, and the book tells of each")


if __name__ == "__main__":
    world.play(scenario)
