"""The school's keys in a thief's hands: read from the pages that people print, and used with code that is not the product's."""
import base64
import hashlib
import json
import re

import ed25519

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TYPE = "application/vnd.caretaker.%s.v1+json"


def blake2b(data):
    return hashlib.blake2b(data, digest_size=32).digest()


class Key:
    def __init__(self, seed):
        self.seed, self.public = seed, ed25519.public_key(seed)
        self.id = blake2b(self.public)[:16].hex()

    @classmethod
    def from_page(cls, page):
        """Of the seven lines on a printed page: 70 bytes, of which 1 to 32 are the signing seed."""
        lines = re.findall(r"^[1-7] ((?: [0-9A-Z]{4}){4})  [0-9A-Z]{2}$", page, re.M)
        assert len(lines) == 7, page
        number = 0
        for c in "".join(lines).replace(" ", ""):
            number = number << 5 | ALPHABET.index(c)
        return cls(number.to_bytes(70, "big")[1:33])

    def signature(self, kind, payload, key_id=None):
        name = (TYPE % kind).encode()
        message = b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)
        return {"keyid": key_id or self.id, "sig": base64.b64encode(ed25519.sign(self.seed, message)).decode()}


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def envelope(kind, payload, signatures, name=None):
    return compact({"payload": base64.b64encode(payload).decode(), "payloadType": name or TYPE % kind, "signatures": signatures})


def signed(kind, value, *keys):
    """What these people have signed, of this type."""
    payload = value if isinstance(value, bytes) else compact(value)
    return envelope(kind, payload, [key.signature(kind, payload) for key in keys])


def payload_of(blob):
    return json.loads(base64.b64decode(json.loads(blob)["payload"]))
