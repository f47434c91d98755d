"""One real device with a held request, over TLS: from the moment that a technician's tool sends a policy until the guard says that it is in force.
What `push` measures ends when a device has the policy; this is the rest of the way, with the rest of the way before it."""
import pathlib
import time

import push
import report
import world

GOAL_S = 2.0
AT_ONCE = 4  # hints that a device follows without waiting (sync/timing.cpp)
SETTLED_S = 3
FIRST_CHECKIN_S = 13  # of a net that was started again, which is spread over ten seconds; then it has a request held


def seconds_until_applied(school, publisher):
    publisher.policy = school.sign_policy().read_bytes()
    before = school.status()["policy_version"]
    publisher.publish()
    while school.status()["policy_version"] == before:
        assert time.monotonic() - publisher.began < 60, "the policy is not in force after a minute"
    return time.monotonic() - publisher.began


def measure(lab):
    school = world.World(pathlib.Path(lab.options.build) / "bin", "127.0.0.1:9", lab.CHECKIN_SECONDS)
    lab.schools.append(school)
    school.start_all()
    publisher, took = push.Publisher(school, is_secure=True), []
    for _ in range(1 if lab.quick else 3):
        school.net.stop()
        school.start_net()
        time.sleep(FIRST_CHECKIN_S)
        for _ in range(1 if lab.quick else AT_ONCE):
            time.sleep(0 if lab.quick else SETTLED_S)  # the answer that says what became of the last one
            took.append(seconds_until_applied(school, publisher))
    took.sort()
    report.line("push_applied.p95", took[int(len(took) * 0.95)], "s", at_most=GOAL_S, pushes=len(took), median=took[len(took) // 2], worst=took[-1])
