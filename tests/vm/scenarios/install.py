"""One command installs it; it filters, its sandbox is tight, and nothing that a user does gets rid of it."""
import story

PROMISES = "R7 R11"
GLUTTON = "all = []\nwhile True: all.append(b'x' * (1 << 24))"
FORK_BOMB = "import os, time\nwhile True:\n    try: os.fork()\n    except OSError: time.sleep(0.01)"


def a_fork_bomb_does_not_stop_it(m, school):
    m.run("systemd-run", "--quiet", "--unit=bomb", "--uid=pupil", "--slice=user-1000.slice", "--property=TasksMax=300", "python3", "-c",
          FORK_BOMB)
    assert school.ask("www.casino.example", user="other") == "NXDOMAIN"
    assert school.status()["enrolled"]
    m.run("systemctl", "kill", "--signal=KILL", "bomb")
    story.tell("while a pupil's fork bomb burns, others are still answered")


def taking_all_memory_does_not_stop_it(m, school):
    agent = story.whole_agent(m)
    pids = [m.property(unit, "MainPID") for unit in agent]
    m.run("systemd-run", "--quiet", "--unit=glutton", "--uid=pupil", "--slice=user-1000.slice", "--property=OOMPolicy=kill", "python3", "-c", GLUTTON)
    story.wait_until("the kernel to end who takes all memory", lambda: m.property("glutton", "Result") == "oom-kill", timeout=300, pause=1)
    assert school.ask("www.casino.example", user="other") == "NXDOMAIN"
    assert school.status()["enrolled"]
    assert [m.property(unit, "MainPID") for unit in agent] == pids, "one of ours went for a pupil's hunger"
    story.tell("a pupil who takes all memory is ended by the kernel, and nothing of ours")


def play(m, school):
    story.the_sandbox_is_tight(m)
    story.what_is_killed_comes_back(m, school)
    story.what_hangs_is_ended_and_comes_back(m, school)
    story.a_pupil_cannot_stop_it(m, school)
    story.a_pupil_cannot_starve_it(m, school)
    a_fork_bomb_does_not_stop_it(m, school)
    taking_all_memory_does_not_stop_it(m, school)
