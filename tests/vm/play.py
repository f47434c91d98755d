"""Boots the guest once, installs server and agent as a technician would, and plays each scenario from that moment on."""
import argparse
import importlib
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
SCENARIOS = HERE.parent / "scenario"
sys.path[:0] = [str(HERE / "scenarios"), str(HERE.parent / "package"), str(SCENARIOS)]

import image  # noqa: E402
import processes  # noqa: E402
import quick_keys  # noqa: E402
import story  # noqa: E402
from container import Container  # noqa: E402
from debs import build_versions, may_boot_a_debian  # noqa: E402
from machine import Machine  # noqa: E402
from root_image import Unavailable, make_root  # noqa: E402
from school import PASSPHRASE, SCHOOL, School  # noqa: E402

SKIPPED = 77
processes.patience = 3  # what is late is late; but a busy host that emulates a machine is no fault
# The moments at which a scenario can begin; BEGINS of its file names one.
BARE = "bare"  # booted, with people and a school's server, without the agent
INSTALLED = "installed"  # the agent enrolled and filtering


def names():
    return sorted(path.stem for path in (HERE / "scenarios").glob("*.py"))


def why_left_out(name):
    return getattr(importlib.import_module(name), "ONLY_BY_NAME", "")


def always_played():
    for name in filter(why_left_out, names()):
        print(f"{name}: only by its name: {why_left_out(name)}")
    return [name for name in names() if not why_left_out(name)]


def prepare(build, work, school):
    may_boot_a_debian()
    debs = build_versions(build, work / "packages")
    shutil.copytree(SCENARIOS, work / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    (work / "technician").mkdir()
    for program in ("bin/caretaker", "bench/wipe_keys"):
        shutil.copy(build / program, work / "technician")
    if school:
        shutil.copy(school, work / "school.tar")
    else:
        make_school(make_root(debs), work)
    return Machine(image.make_image(debs), work)


def make_school(root, work):
    """In a container, with its people's keys as it makes them; for the emulated machine those are written again."""
    office = Container(root, [(work, "/opt")])
    try:
        office.boot()
        school = School(office)
        story.the_server_is_installed_and_gets_a_school(office, school)
        for key in (office.root / SCHOOL.lstrip("/") / "keys").glob("*.key"):
            quick_keys.rewrite(key, (office.root / PASSPHRASE.lstrip("/")).read_bytes().rstrip(b"\n"))
        school.pack("/var/tmp/school.tar")
        shutil.move(office.root / "var/tmp/school.tar", work / "school.tar")
    finally:
        office.end()


def begin(m, school):
    m.first_boot()
    # Each installation makes the initramfs anew, which takes minutes in emulation, and qemu starts the guest with another one: `wipe` turns it on.
    m.write("/etc/initramfs-tools/update-initramfs.conf", "update_initramfs=no\nbackup_initramfs=no\n")
    story.add_people(m)
    story.install(m, "caretaker-server", "1.0")
    school.unpack("/opt/school.tar")
    m.remember(BARE)
    story.the_agent_is_installed_with_a_token(m, school)
    story.it_filters_and_reports(m, school)
    m.remember(INSTALLED)


def play(m, school, name):
    """Whether it held."""
    began = time.monotonic()
    print(f"{name}:", flush=True)
    try:
        module = importlib.import_module(name)
        m.restore(getattr(module, "BEGINS", INSTALLED))
        module.play(m, school)
    except Exception:  # every failure is shown, and the next scenario is played all the same
        traceback.print_exc(file=sys.stdout)
        m.show_log()
        return False
    print(f"{name}: held, {time.monotonic() - began:.0f} s", flush=True)
    return True


def play_twice_if_need_be(m, school, name):
    """An emulated machine on a busy host is late now and then. What is wrong with Caretaker is wrong the second time as well; both times are shown."""
    if play(m, school, name):
        return True
    print(f"{name}: once more, from its beginning", flush=True)
    return play(m, school, name)


def play_unclaimed(m, school, chosen, claims):
    """Those that nobody else has begun; whether all held."""
    held = True
    for name in chosen:
        try:
            (claims / name).mkdir()
        except FileExistsError:
            continue
        held &= play_twice_if_need_be(m, school, name)
    return held


def play_side_by_side(m, school, chosen, work):
    """On two machines, since people who sit idle and machines that work get along: one from the front, the other from the back."""
    claims, said = work / "claims", work / "said"
    claims.mkdir()
    if len(chosen) < 2:
        return play_unclaimed(m, school, chosen, claims)
    twin = m.twin()
    other = os.fork()
    if other == 0:
        held = False
        try:
            with open(said, "w", encoding="utf-8", buffering=1) as sys.stdout:
                held = play_unclaimed(twin, School(twin), chosen[::-1], claims)
        finally:
            twin.end()
            os._exit(0 if held else 1)  # what the parent has to do at its end is not done twice
    held = play_unclaimed(m, school, chosen, claims)
    _, status = os.waitpid(other, 0)
    print(said.read_text(encoding="utf-8"), end="")
    return held and status == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path, help="the build folder")
    parser.add_argument("scenarios", nargs="*", choices=[[], *names()], help="which; without one: all")
    parser.add_argument("--school", type=pathlib.Path, help="a school that somebody has packed; without it a new one")
    options = parser.parse_args()
    work, machine = pathlib.Path(tempfile.mkdtemp(prefix="caretaker-packages-")), None
    try:
        machine = prepare(options.build, work, options.school)
        school = School(machine)
        begin(machine, school)
        sys.exit(0 if play_side_by_side(machine, school, options.scenarios or always_played(), work) else 1)
    except Unavailable as why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
    finally:
        if machine is not None:
            machine.end()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
