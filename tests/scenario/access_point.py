"""Whoever runs an access point: answers every plain request for an address of nobody's, and every name, as the file MODE says at that moment.

usage: access_point.py MODE-FILE ADDRESS-OF-NOBODY'S ADDRESS-OF-ITS-OWN
modes: honest (closes without a word); portal NAME (sends on to it); far NAME ADDRESS (and says that the name is there); changing (to another
name every second); endless (an answer without end); drops (an answer in drops)"""
import contextlib
import pathlib
import socket
import sys
import threading
import time

import dns_wire
import stand_in_resolver


def redirect(name):
    return f"HTTP/1.1 302 Found\r\nServer: gateway\r\nLocation: http://{name}/login?from=you\r\nContent-Length: 0\r\n\r\n".encode()


def answer_plain(connection, mode, *words):
    connection.recv(4096)
    if mode in ("portal", "far"):
        connection.sendall(redirect(words[0]))
    elif mode == "changing":
        connection.sendall(redirect(f"bad{int(time.time()) % 8000}.example"))
    elif mode == "endless":
        connection.sendall(b"HTTP/1.1 302 Found\r\n")
        while True:
            connection.sendall(b"X-More: of the same\r\n" * 100)
    elif mode == "drops":
        for byte in b"HTTP/1.1 302 Found\r\n" * 100:
            connection.sendall(bytes([byte]))
            time.sleep(0.5)


def serve_plain(mode_of, address):
    listener = socket.create_server((address, 80), backlog=64)
    while True:
        connection, _ = listener.accept()
        print("asked", mode_of(), flush=True)

        def talk(connection=connection):
            with contextlib.suppress(OSError), connection:
                connection.settimeout(30)
                answer_plain(connection, *mode_of())
        threading.Thread(target=talk, daemon=True).start()


def serve_names(mode_of, own):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind((own, 53))
        while True:
            question, asker = mine.recvfrom(4096)
            name, end = dns_wire.unpack_name(question, 12)
            mode = mode_of()
            there = mode[2] if mode[0] == "far" and name.lower() == mode[1] else own
            is_address = question[end:end + 2] == b"\0\1"
            record = stand_in_resolver.record(name, dns_wire.A, 0, socket.inet_aton(there)) if is_address else b""
            mine.sendto(question[:2] + b"\x81\x80\0\1" + bytes([0, int(is_address)]) + b"\0\0\0\0" + question[12:end + 4] + record, asker)


def main():
    mode_file, nobodys, own = sys.argv[1:]

    def mode_of():
        return pathlib.Path(mode_file).read_text(encoding="utf-8").split()
    threading.Thread(target=serve_names, args=(mode_of, own), daemon=True).start()
    threading.Thread(target=serve_plain, args=(mode_of, nobodys), daemon=True).start()
    print("here", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
