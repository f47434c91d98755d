#!/usr/bin/env python3
"""Checks a file of evidence from Caretaker, on a computer that has never heard of it and has no network.

    python3 verify-evidence.py FILE --school ID

Needs Python 3.8 or newer with nothing installed, and the program `openssl` (3.0 or newer) for the signatures. Nothing is written but
temporary files. What is checked, in this order:

  P1  the file is complete, of this form, and no byte of it could be otherwise and mean the same
  P2  the first list of the school's keys ("root") is the one whose fingerprint is the school's id. Ask the school for that id by another way
      than the one by which the file came, and give it with --school: everything else hangs on it
  P3  each later list is signed by enough holders of the one before, and by enough of its own
  P4  the file as a whole is signed by somebody whom the newest list names as a safeguarding lead
  P5  the school's server certified the device: its key, and the hardware that it was made for; the device's id is the fingerprint of that key
  P6  each batch of records is signed by the device's key, and names this school, this device and this book ("epoch")
  P7  the records form one chain: nothing was taken out, put in, changed or moved between the first and the last that were chosen
  P8  each receipt is signed by the school's server and names a place in this chain: what stands before it was there at that time
  P9  each opened record is the one that its place in the chain committed to when it was written, by hash and by key

What it does not prove: that what a device wrote down is true (a person with full power over the device could have made it write), who sat at
it, or that the school chose all the records that matter. Whoever holds the key of the school's server can certify a device that never was.
Times of records are by the device's clock, times of receipts by the server's. Records that are not opened say what kind of thing was noted
and when, never whom it is about.

The whole of the cryptography: Ed25519 (RFC 8032) by openssl, BLAKE2b (RFC 7693) by Python's hashlib, and XChaCha20-Poly1305
(RFC 8439 with the 24-byte nonce of draft-irtf-cfrg-xchacha-03) written out below. The formats stand in Caretaker's sync/PROTOCOL.md."""
import argparse
import base64
import binascii
import hashlib
import hmac
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

TYPE = "application/vnd.caretaker.%s.v1+json"


class Refused(Exception):
    pass


def need(holds, check, what):
    if not holds:
        raise Refused(f"{check}: {what}")


def blake(*parts, key=b""):
    state = hashlib.blake2b(digest_size=32, key=key)
    for part in parts:
        state.update(part)
    return state.digest()


def key_id(public):
    return blake(public)[:16].hex()


# ---- XChaCha20-Poly1305

def quarter(x, a, b, c, d):
    for p, q, r, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        x[p] = (x[p] + x[q]) & 0xFFFFFFFF
        x[r] ^= x[p]
        x[r] = ((x[r] << turn) | (x[r] >> (32 - turn))) & 0xFFFFFFFF


def rounds(state):
    x = list(state)
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(x, a, b, c, d)
    return x


CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")


def chacha_block(key, counter, nonce):
    state = CONSTANTS + struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(state, rounds(state))))


def hchacha(key, nonce):
    x = rounds(CONSTANTS + struct.unpack("<8I", key) + struct.unpack("<4I", nonce))
    return struct.pack("<8I", *x[:4], *x[12:])


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i:i + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")


def xchacha_open(key, nonce, sealed, associated):
    """The plain text, or None where key, nonce, text or tag are not each other's."""
    inner, short = hchacha(key, nonce[:16]), b"\0" * 4 + nonce[16:]
    cipher, tag = sealed[:-16], sealed[-16:]
    padded = [part + b"\0" * (-len(part) % 16) for part in (associated, cipher)]
    expected = poly1305(chacha_block(inner, 0, short)[:32], b"".join(padded) + struct.pack("<QQ", len(associated), len(cipher)))
    if not hmac.compare_digest(tag, expected):
        return None
    stream = b"".join(chacha_block(inner, 1 + i, short) for i in range((len(cipher) + 63) // 64))
    return bytes(a ^ b for a, b in zip(cipher, stream))


# ---- What is signed: DSSE 1.0 envelopes

def signature_is_good(public, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        names = {name: os.path.join(folder, name) for name in ("key", "message", "signature")}
        for name, content in (("key", bytes.fromhex("302a300506032b6570032100") + public), ("message", message), ("signature", signature)):
            with open(names[name], "wb") as file:
                file.write(content)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", names["key"], "-rawin", "-in", names["message"],
                               "-sigfile", names["signature"]], capture_output=True, check=False)
        return done.returncode == 0


# RFC 8032, 7.1, test 2.
KNOWN_KEY = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
KNOWN_SIGNATURE = bytes.fromhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                                "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")


def check_tools():
    """An openssl that is too old, or something else of that name, must not be taken for a judgement of the file: it calls a good signature good,
    and none that was changed."""
    spoiled = KNOWN_SIGNATURE[:-1] + bytes([KNOWN_SIGNATURE[-1] ^ 1])
    try:
        works = signature_is_good(KNOWN_KEY, b"r", KNOWN_SIGNATURE)
        works = works and not signature_is_good(KNOWN_KEY, b"r", spoiled) and not signature_is_good(KNOWN_KEY, b"s", KNOWN_SIGNATURE)
    except OSError as why:
        sys.exit(f"The program `openssl` does not start ({why}): nothing was checked, and nothing is said about the file.")
    if not works:
        sys.exit("The program `openssl` of this computer cannot verify Ed25519 signatures (3.0 or newer can): nothing was checked, and nothing is said about "
                 "the file.")


def text_of(data):
    """JSON in which no name stands twice: two readers must not see two values."""
    def once(pairs):
        out = dict(pairs)
        if len(out) != len(pairs):
            raise ValueError("a name stands twice")
        return out
    return json.loads(data, object_pairs_hook=once)


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def blob(text):
    """The bytes of a base64 text, of which there is one text only."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 that is written in another way than it should")
    return data


def signed_bytes(kind, payload):
    return b"DSSEv1 %d %s %d %s" % (len(TYPE % kind), (TYPE % kind).encode(), len(payload), payload)


def open_envelope(envelope, kind, ring, check):
    """Payload bytes and the key ids that signed; every signature by a key of the ring must be good, and there must be one."""
    body = text_of(envelope)
    payload = blob(body["payload"])
    need(body["payloadType"] == TYPE % kind, check, f"this is no {kind}")
    good = set()
    for one in body["signatures"]:
        if one["keyid"] in ring:
            need(signature_is_good(ring[one["keyid"]], signed_bytes(kind, payload), blob(one["sig"])), check, f"a signature of a {kind} is not good")
            good.add(one["keyid"])
    need(good, check, f"nobody who may has signed a {kind}")
    return payload, good


# ---- The parts of the file

def keys_of(root, role):
    rule = root["roles"].get(role, {"keys": []})
    return {name: bytes.fromhex(root["keys"][name]["public"]) for name in rule["keys"] if root["keys"][name]["type"] == "ed25519"}


def enough(root, signers):
    holders = {root["keys"][name]["holder"] for name in signers & set(keys_of(root, "root"))}
    need(len(holders) >= max(2, root["roles"]["root"]["threshold"]), "P3", f"too few holders have signed a list of keys: {len(holders)}")


def check_roots(envelopes, school):
    roots = []
    for envelope in map(blob, envelopes):
        raw = blob(text_of(envelope)["payload"])
        root = text_of(raw)
        for name, key in root["keys"].items():
            need(key_id(bytes.fromhex(key["public"])) == name, "P3", "a key stands under another key's name")
        if roots:
            need(root["version"] == roots[-1]["version"] + 1 and root["school"] == school.hex(), "P3", "a list of keys does not follow the one before")
        else:
            need(root["version"] == 1 and blake(raw) == school, "P2", "the first list of keys is not this school's")
        for judge in roots[-1:] + [root]:
            _, signers = open_envelope(envelope, "root", keys_of(judge, "root"), "P3")
            enough(judge, signers)
        roots.append(root)
    need(roots, "P2", "there is no list of keys")
    return roots


def check_whole(file, payload, root):
    """Whoever hands the file out has signed all of it."""
    leads, good = keys_of(root, "safeguarding"), set()
    for one in file["signatures"]:
        need(one["keyid"] in leads, "P4", "somebody has signed the file who is no safeguarding lead")
        need(signature_is_good(leads[one["keyid"]], signed_bytes("evidence", payload), blob(one["sig"])), "P4", "the file was changed after it was signed")
        good.add(one["keyid"])
    need(len(good) == len(file["signatures"]) and good, "P4", "nobody has signed the file, or somebody twice")
    return ", ".join(sorted(root["keys"][name]["holder"] for name in good))


def server_ring(roots):
    """Every key that has been the server's: a receipt of two years ago is by the one of then."""
    ring = {}
    for root in roots:
        ring.update(keys_of(root, "receipts"))
    return ring


def check_device(book, roots, school):
    payload, _ = open_envelope(blob(book["certificate"]), "certificate", server_ring(roots), "P5")
    certificate = text_of(payload)
    public = bytes.fromhex(certificate["device_key"])
    need(certificate["school"] == school.hex(), "P5", "the device was certified for another school")
    device = blake(public)
    need(device.hex() == book["device"] == certificate["device"], "P5", "the device's id is not its key's")
    return device, public, certificate


def check_batch(envelope, public, names):
    payload, _ = open_envelope(envelope, "batch", {key_id(public): public}, "P6")
    batch = text_of(payload)
    for name, value in names.items():
        need(batch[name] == value.hex(), "P6", f"a batch names another {name}")
    return batch


def entries_of(batch):
    """(first seq, last seq, link, body or None) of each entry; of a stub, which stands for records that the device had no room for, no body."""
    seq, link = batch["seq_from"] - 1, bytes.fromhex(batch["prev"])
    for event in batch["events"]:
        first, seq_before, seq = event.get("from", event["seq"]), seq, event["seq"]
        need(first == seq_before + 1 and seq >= first, "P7", f"the record after number {seq_before} is not here")
        body = None
        if event["type"] == "caretaker.stub.v1":
            link = bytes.fromhex(event["link"])
        else:
            need(first == seq, "P7", f"record number {seq} stands for several")
            body = blob(event["data_base64"])
            link = blake(link, struct.pack("<Q", seq), blake(body))
        yield first, seq, link, body
    need(seq == batch["seq_to"] and link == bytes.fromhex(batch["head"]), "P7", f"a batch does not end at its own end, number {seq}")


def walk(batches, start):
    """The link after each entry by seq, the bodies by seq, and from which number to which all are accounted for."""
    links, bodies, lowest, highest = {}, {}, batches[0]["seq_from"] if batches else 1, 0
    for batch in batches:
        before, prev = batch["seq_from"] - 1, bytes.fromhex(batch["prev"])
        need(before > 0 or prev == start, "P7", "the chain does not begin where this book begins")
        joins = not links
        for first, seq, link, body in [(before, before, prev, None), *entries_of(batch)]:
            joins = joins or seq in links
            need(links.setdefault(seq, link) == link, "P7", f"record number {seq} is here twice, and differs")
            if body is not None:
                bodies[seq] = body
            lowest, highest = min(lowest, batch["seq_from"]), max(highest, seq)
        need(joins, "P7", f"records are missing before number {batch['seq_from']}")
    return links, bodies, range(lowest, highest + 1)


def check_receipt(envelope, roots, names, links):
    payload, _ = open_envelope(envelope, "receipt", server_ring(roots), "P8")
    receipt = text_of(payload)
    for name, value in names.items():
        need(receipt[name] == value.hex(), "P8", f"a receipt names another {name}")
    place = receipt["head"]
    need(not receipt.get("problem"), "P8", "a receipt says that something was refused")
    need(links.get(place["seq"]) == bytes.fromhex(place["link"]), "P8", f"a receipt is for another record number {place['seq']} than is here")
    return receipt


def open_record(opened, bodies):
    seq = opened["seq"]
    need(seq in bodies, "P9", f"record number {seq} was opened, and is not in a batch")
    body, cipher, key = text_of(bodies[seq]), blob(opened["ciphertext"]), bytes.fromhex(opened["key"])
    need(blake(cipher).hex() == body.get("sealed"), "P9", f"what was opened as record number {seq} is not what was sealed")
    need(len(key) == 32 and blake(b"caretaker sealed key v1", key).hex() == body.get("key"), "P9", f"the key of record number {seq} is not the one that was used")
    plain = xchacha_open(key, cipher[:24], cipher[24:], b"caretaker details v1")
    need(plain is not None, "P9", f"record number {seq} does not open")
    text = plain.rstrip(b"\0")
    need(text.endswith(b"\x80"), "P9", f"record number {seq} has no end")
    return text_of(text[:-1])


def shown(text):
    """Nothing in it steers a terminal."""
    return "".join(c if c == "\n" or (c.isprintable() and not 0x202A <= ord(c) <= 0x2069) else "?" for c in text)


def in_line(value):
    """Of a device's own words, which nobody has checked: no line of ours can be made of it."""
    return shown(str(value)).replace("\n", "?")[:100]


def when(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def report_record(seq, body, details):
    print(f"\nRecord {seq}: {in_line(body['kind'])}, severity {in_line(body['severity'])}, {when(body['time'])} by the device's clock, "
          f"counted {in_line(body['count'])}")
    if details is None:
        print("    not opened" if body.get("sealed") else "    nothing about a person in it")
        return
    for name, value in sorted(details.items()):
        print(f"    {in_line(name)}: " + shown(value).replace("\n", "\n        "))


def check_book(book, roots, school):
    """Everything is checked before anything is shown."""
    device, public, certificate = check_device(book, roots, school)
    names = {"school": school, "device": device, "epoch": bytes.fromhex(book["epoch"])}
    start = blake(b"caretaker chain v1", school, device, names["epoch"])
    links, bodies, covered = walk([check_batch(blob(envelope), public, names) for envelope in book["batches"]], start)
    chosen = range(book["from"], book["to"] + 1)  # a stub may stand for any number of records: none of these is counted one by one
    need(chosen and chosen[0] in covered and chosen[-1] in covered, "P7", f"not all of the records {book['from']} to {book['to']} are here")
    receipts = [check_receipt(blob(envelope), roots, names, links) for envelope in book["receipts"]]
    need(receipts, "P8", "there is no receipt")
    details = {opened["seq"]: open_record(opened, bodies) for opened in book["opened"]}
    need(len(details) == len(book["opened"]) and all(seq in chosen for seq in details), "P9", "a record was opened twice, or was not chosen")
    return lambda: report_book(book, certificate, bodies, receipts, details)


def report_book(book, certificate, bodies, receipts, details):
    print(f"\nDevice {shown(book['label'])}, id {book['device']}\n    hardware {shown(json.dumps(certificate['hardware']))}")
    print(f"    records {book['from']} to {book['to']} of its book {book['epoch']}: signed by the device, one unbroken chain")
    for receipt in receipts:
        print(f"    the school's server had everything up to record {receipt['head']['seq']} at {when(receipt['time'])}")
    after = book["from"]
    for seq in [*sorted(seq for seq in bodies if book["from"] <= seq <= book["to"]), book["to"] + 1]:
        if seq > after:
            print(f"\nRecords {after} to {seq - 1}: dropped by the device, which had no room left")
        if seq in bodies and seq <= book["to"]:
            report_record(seq, text_of(bodies[seq]), details.get(seq))
        after = seq + 1


def check_file(path, school):
    with open(path, "rb") as source:
        raw = source.read()
    file = text_of(raw)
    payload = blob(file["payload"])
    need(file["payloadType"] == TYPE % "evidence" and raw == compact(file), "P1", "this is not a file of evidence, byte for byte")
    evidence = text_of(payload)
    need(evidence["v"] == 1, "P1", "this is a newer kind of file than this script knows")
    stated = bytes.fromhex(evidence["school"])
    need(school is None or stated == school, "P2", "this is another school's file")
    roots = check_roots(evidence["roots"], stated)
    by = check_whole(file, payload, roots[-1])
    reports = [check_book(book, roots, stated) for book in evidence["books"]]
    print(f"School {shown(roots[-1]['school_name'])}, id {stated.hex()}" + ("" if school else "   <- compare it with what the school itself says"))
    print(f"Lists of the school's keys: {len(roots)}, each signed by enough of its holders, the last of {when(roots[-1]['issued'])}"
          "   <- ask the school for none that is newer")
    print(f"Handed out by {shown(by)}, {when(evidence['made'])}: {shown(evidence['reason'])}")
    for report in reports:
        report()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--school", type=bytes.fromhex, help="the school's id, as the school itself says it")
    options = parser.parse_args()
    check_tools()
    try:
        check_file(options.file, options.school)
    except OSError as why:
        sys.exit(f"\n{why}")
    except Refused as why:
        sys.exit(f"\nREFUSED: {why}")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, struct.error, binascii.Error) as why:
        sys.exit(f"\nREFUSED: P1: the file is not of the form that it should have ({type(why).__name__}: {why})")
    print("\nEverything that is in this file holds.")


if __name__ == "__main__":
    main()
