"""Blocked queries, each from a socket whose owner is looked up, over ten thousand names of the lists."""
import dns_rounds


def measure(lab):
    dns_rounds.compare(lab, "dns_blocked", lab.blocked_names, "nxdomain")
