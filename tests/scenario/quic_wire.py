"""A QUIC client's first packet, made by Python's own hand and libcrypto through ctypes; and a ClientHello to put into it."""
import ctypes
import ctypes.util
import hashlib
import hmac
import os
import ssl
import struct

SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")  # RFC 9001 section 5.2
ENCRYPT_AES = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
for name in ("EVP_CIPHER_CTX_new", "EVP_aes_128_gcm", "EVP_aes_128_ecb"):
    getattr(ENCRYPT_AES, name).restype = ctypes.c_void_p


def evp(cipher, key, iv, header, text, tag_size):
    lib, size = ENCRYPT_AES, ctypes.c_int()
    context, out = ctypes.c_void_p(lib.EVP_CIPHER_CTX_new()), ctypes.create_string_buffer(len(text) + 32)
    assert lib.EVP_EncryptInit_ex(context, ctypes.c_void_p(cipher()), None, key, iv) == 1
    if header:
        assert lib.EVP_EncryptUpdate(context, None, ctypes.byref(size), header, len(header)) == 1
    assert lib.EVP_EncryptUpdate(context, out, ctypes.byref(size), text, len(text)) == 1
    done, rest, tag = size.value, ctypes.create_string_buffer(32), ctypes.create_string_buffer(16)
    if tag_size:
        assert lib.EVP_EncryptFinal_ex(context, rest, ctypes.byref(size)) == 1
        assert lib.EVP_CIPHER_CTX_ctrl(context, 0x10, 16, tag) == 1
    lib.EVP_CIPHER_CTX_free(context)
    return out.raw[:done] + tag.raw[:tag_size]


def expand(secret, label, size):
    label = b"tls13 " + label
    return hmac.new(secret, struct.pack(">HB", size, len(label)) + label + b"\0\1", hashlib.sha256).digest()[:size]


def client_hello(name):
    """As the system's TLS makes it, without its record header."""
    context, sent = ssl.create_default_context(), ssl.MemoryBIO()
    with_name = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    try:
        with_name.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return sent.read()[5:]


def initial(name):
    connection, hello = os.urandom(8), client_hello(name)
    secret = expand(hmac.new(SALT, connection, hashlib.sha256).digest(), b"client in", 32)
    key, iv, mask_key = expand(secret, b"quic key", 16), expand(secret, b"quic iv", 12), expand(secret, b"quic hp", 16)
    frames = b"\x06\x00" + struct.pack(">H", 0x4000 | len(hello)) + hello
    frames += bytes(max(0, 1162 - len(frames)))
    header = b"\xc3\0\0\0\1\x08" + connection + b"\0\0" + struct.pack(">H", 0x4000 | (len(frames) + 20)) + b"\0\0\0\0"
    sealed = evp(ENCRYPT_AES.EVP_aes_128_gcm, key, iv, header, frames, 16)
    mask = evp(ENCRYPT_AES.EVP_aes_128_ecb, mask_key, None, b"", sealed[:16], 0)
    masked = bytes([header[0] ^ (mask[0] & 15)]) + header[1:-4] + bytes(a ^ b for a, b in zip(header[-4:], mask[1:5]))
    return masked + sealed
