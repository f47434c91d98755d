"""Sets up TLS connections one after another to an address and prints how long each took, in microseconds, as a JSON list: from before
connect() until the handshake is done. Arguments: ADDRESS NAME COUNT. Run as the user whose connections they are."""
import json
import socket
import ssl
import sys
import time


def main():
    address, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    times = []
    for _ in range(count):
        before = time.perf_counter_ns()
        with socket.create_connection((address, 443), 10) as plain, context.wrap_socket(plain, server_hostname=name):
            times.append((time.perf_counter_ns() - before) // 1000)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
