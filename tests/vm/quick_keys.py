"""What protects a person's key file with a passphrase is slow on purpose: a quarter of a GB of memory each time, ten seconds and more in an
emulated machine. Here such files are written again at the least cost that the format allows; everything else in them stays."""
import base64
import ctypes
import ctypes.util
import json
import os

OPERATIONS, MEMORY = 1, 8192
ARGON2ID13, NONCE, TAG = 2, 24, 16


def sodium():
    library = ctypes.CDLL(ctypes.util.find_library("sodium"))
    assert library.sodium_init() >= 0
    return library


def derive(library, passphrase, kdf):
    key = ctypes.create_string_buffer(32)
    code = library.crypto_pwhash(key, ctypes.c_ulonglong(32), passphrase, ctypes.c_ulonglong(len(passphrase)), bytes.fromhex(kdf["salt"]),
                                 ctypes.c_ulonglong(kdf["operations"]), ctypes.c_size_t(kdf["memory_bytes"]), ARGON2ID13)
    assert code == 0, "no memory for it"
    return key


def open_part(content):
    """What is authenticated beside the secret, as the product writes it."""
    return json.dumps({name: value for name, value in content.items() if name != "secret"}, sort_keys=True, separators=(",", ":")).encode()


def rewrite(path, passphrase):
    library, content = sodium(), json.loads(path.read_text(encoding="utf-8"))
    sealed, beside = base64.b64decode(content["secret"]), open_part(content)
    secret, size = ctypes.create_string_buffer(len(sealed)), ctypes.c_ulonglong()
    code = library.crypto_aead_xchacha20poly1305_ietf_decrypt(secret, ctypes.byref(size), None, sealed[NONCE:], ctypes.c_ulonglong(len(sealed) - NONCE), beside,
                                                              ctypes.c_ulonglong(len(beside)), sealed[:NONCE], derive(library, passphrase, content["kdf"]))
    assert code == 0, f"{path}: does not open"
    content["kdf"].update(operations=OPERATIONS, memory_bytes=MEMORY)
    nonce, beside, out = os.urandom(NONCE), open_part(content), ctypes.create_string_buffer(size.value + TAG)
    library.crypto_aead_xchacha20poly1305_ietf_encrypt(out, None, secret.raw[:size.value], size, beside, ctypes.c_ulonglong(len(beside)), None, nonce,
                                                       derive(library, passphrase, content["kdf"]))
    content["secret"] = base64.b64encode(nonce + out.raw).decode()
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
