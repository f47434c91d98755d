"""Servers in another network of the guest's, and programs of its users that connect to them."""


def serve(m, namespace, *addresses):
    """Until near() comes through; they take their time in emulation."""
    m.run("systemd-run", "--quiet", "--collect", "--unit=far", "ip", "netns", "exec", namespace, "python3", "-B", "/opt/tests/far_servers.py", *addresses)


def near(m, *what, user="pupil"):
    """What becomes of a connection: tests/scenario/near_client.py."""
    return m.run("python3", "-B", "/opt/tests/near_client.py", *what, user=user).stdout.strip()
