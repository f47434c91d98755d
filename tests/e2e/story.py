"""A school's story on one machine, with the real programs: three laptops, a blocked site, a lost laptop. What each part may not do is in tests/scenario;
this is that the parts fit each other."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

import lost  # noqa: E402
import world  # noqa: E402
from processes import wait_until  # noqa: E402
from world import tell  # noqa: E402

STRICTER = world.POLICY.replace('"adult", "gambling"', '"adult", "gambling", "drugs"')


def three_laptops(w):
    w.make_school()
    w.start_server()
    w.publish_lists({**world.LISTS, "drugs": ["drugs.example"]})
    w.publish_policy()
    laptops = [w, w.another_device("second"), w.another_device("third")]
    for laptop in laptops:
        laptop.start_device()
    assert len(w.devices()) == 3
    tell("a school is made, and three laptops have enrolled")
    return laptops


def a_policy_is_pushed(w, laptops):
    w.publish_policy(STRICTER)
    for laptop in laptops:
        wait_until("the pushed policy", lambda: laptop.ask("drugs.example").rcode == "NXDOMAIN", timeout=120)
    tell("a policy that was pushed is in force on all three")


def the_lead_reads_it(w, laptop):
    assert laptop.ask("casino.example").rcode == "NXDOMAIN"
    names = lambda: [row.get("details", {}).get("name") for row in w.violations()]
    wait_until("the record", lambda: "casino.example" in names(), timeout=120, pause=0.5)
    technician = [row for row in w.rows("technician") if row.get("kind", "").startswith("web.")]
    assert technician and not any(row.get("details") for row in technician), "the technician reads who and what"
    tell("what was blocked is read by the safeguarding lead, and not by the technician")


def scenario(w):
    laptops = three_laptops(w)
    a_policy_is_pushed(w, laptops)
    the_lead_reads_it(w, laptops[1])
    device = w.status()["device"]
    wait_until("the secret for codes", lambda: any(d["device"] == device and d["state"].get("unlock") for d in w.devices()), timeout=60)
    lost.lock_and_unlock(w, device)
    lost.unlock_by_telephone(w, device)
    lost.wipe_and_cancel(w, device)


if __name__ == "__main__":
    world.play(scenario)
