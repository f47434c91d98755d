"""Forwarded queries: no name comes twice, so each goes to the resolver on loopback, whose CPU counts for nobody."""
import dns_rounds


def measure(lab):
    dns_rounds.compare(lab, "dns_forwarded", lab.allowed_names, "noerror", unique=True)
