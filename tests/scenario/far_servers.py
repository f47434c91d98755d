"""Servers on the other side of the cable: TLS with a certificate of their own, plain HTTP, something that greets, and UDP that answers. Arguments:
addresses."""
import contextlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

PAGE = b"x" * 300_000


def serve(address, port, talk):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family, backlog=128)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=hold, args=(connection, talk), daemon=True).start()


def hold(connection, talk):
    with contextlib.suppress(OSError, ssl.SSLError), connection:
        connection.settimeout(10)
        talk(connection)


def talk_tls(context):
    def talk(connection):
        with context.wrap_socket(connection, server_side=True) as inside:
            if inside.recv(100).startswith(b"page"):
                inside.sendall(PAGE)
    return talk


def talk_plain(connection):
    asked = b""
    while b"\r\n\r\n" not in asked and (more := connection.recv(4096)):
        asked += more
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")


def talk_greeting(connection):
    connection.recv(100)
    connection.sendall(b"welcome")


def answer_datagrams(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as mine:
        mine.bind((address, port))
        while True:
            _, client = mine.recvfrom(2000)
            mine.sendto(b"got it", client)


def context_of_their_own():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = f"{folder}/far.crt", f"{folder}/far.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=far", "-days", "2",
                        "-out", certificate, "-keyout", key], check=True, capture_output=True)
        context.load_cert_chain(certificate, key)
    return context


def main():
    addresses, context = sys.argv[1:], context_of_their_own()
    for address in addresses:
        for port, talk in ((443, talk_tls(context)), (80, talk_plain), (3128, talk_plain), (8443, talk_plain), (22, talk_greeting)):
            threading.Thread(target=serve, args=(address, port, talk), daemon=True).start()
        for port in (443, 8443, 5000):
            threading.Thread(target=answer_datagrams, args=(address, port), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
