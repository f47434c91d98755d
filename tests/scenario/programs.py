"""A pupil starts programs that are not the system's: from a home, a memory file system, a mount of one's own, as a script, through the
loader. None runs; the system's do; a teacher's run and are recorded; and when nobody judges, everything runs and an event says so.

Only one small file system is watched, so that nothing else on the machine has to wait."""
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import time

import own_users
import world
from processes import run, wait_until
from world import tell

PROMISES = "R5 R12"
PROGRAMS, SKIPPED = 64005, 77
OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"]
MANY = 80  # tables of mounts: more than are watched for one person
RIGHTS = "sys_admin,+sys_ptrace,+dac_read_search"
POLICY = world.POLICY.replace('os_groups = ["staff"]', 'os_groups = ["staff"]\nprograms = {{ downloads = "record" }}')
LOADER = "/lib64/ld-linux-x86-64.so.2"


def judge_of(w, *watched):
    """As its unit starts it, for these folders alone."""
    return ["setpriv", "--reuid", str(PROGRAMS), "--regid", str(PROGRAMS), "--clear-groups", "--inh-caps", f"+{RIGHTS}", "--ambient-caps", f"+{RIGHTS}",
            "--bounding-set", f"-all,+{RIGHTS}", "--no-new-privs", str(w.bin / "caretaker-programs"), "--socket", str(w.socket),
            *(word for folder in watched for word in ("--only", str(folder)))]


class Place:
    """A file system with programs of the system's and a folder where everybody may write."""

    def __init__(self, folder):
        self.folder = folder / "watched"
        self.folder.mkdir(mode=0o755)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "caretaker-test", self.folder], check=True)
        for name in ("true", "cp", "mount", "chmod"):
            shutil.copy(f"/bin/{name}", self.folder)
        shutil.copy(LOADER, self.folder)
        self.public = self.folder / "public"
        self.public.mkdir()
        self.public.chmod(0o1777)

    def bring(self, name, user, text=None):
        path = self.public / name
        if text is None:
            shutil.copy("/bin/true", path)
        else:
            path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        os.chown(path, user, user)
        return path

    def end(self):
        subprocess.run(["umount", "--lazy", self.folder], check=False)


def starts(command, user):
    """Whether it was let start."""
    def become():
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    try:
        subprocess.run([str(word) for word in command], preexec_fn=become if user else None, check=True, capture_output=True, cwd="/")
    except PermissionError:
        return False
    except subprocess.CalledProcessError as failed:
        assert failed.returncode in (1, 126), failed
        return False
    return True


def what_is_the_systems_runs(place, pupil):
    for user in (pupil, own_users.TEACHER, 0):
        assert starts([place.folder / "true"], user)
    tell("the system's programs run, whoever starts them")


def what_a_pupil_brings_does_not(place, pupil):
    mine = place.bring("game", pupil)
    script = place.bring("script", pupil, f"#!{place.folder}/true\n")
    open_to_all = place.folder / "open"
    shutil.copy("/bin/true", open_to_all)
    open_to_all.chmod(0o777)
    for path in (mine, script, open_to_all, place.bring("gift", own_users.TEACHER)):
        assert not starts([path], pupil), path
        assert starts([path], 0), path
    assert not starts([place.folder / "ld-linux-x86-64.so.2", mine], pupil)
    one_after_the_other = f"exec {mine}; exec {place.folder}/ld-linux-x86-64.so.2 {mine}"  # in one thread
    assert not starts(["bash", "-O", "execfail", "-c", one_after_the_other], pupil), "the loader of a refused program was let in"
    os.chown(script, 0, 0)
    assert starts([script], pupil), "root's scripts run"
    tell("a copied program, a script, a file that everybody may write, another's program, the loader: none starts for a pupil; root may")


def may_make_namespaces(pupil):
    return starts([*OWN_MOUNTS, "true"], pupil)


def the_loader_is_known_by_any_name(place, pupil):
    """As it is mounted it has a name that a user chose, and still root's owner."""
    mine, other, system = place.bring("loaded", pupil), place.bring("other", pupil), place.folder
    for name, ends in ((system / "true", True), (f"{other} {mine}", False)):
        story = f"{system}/mount --bind {system}/ld-linux-x86-64.so.2 {other} && {name}"
        assert starts([*OWN_MOUNTS, "sh", "-c", story], pupil) == ends, name
    tell("the loader under another name is the loader")


def a_mount_of_ones_own_is_found(place, pupil):
    hidden, system = place.bring("here", pupil).parent / "hidden", place.folder
    story = (f"mkdir {hidden} && {system}/mount -t tmpfs mine {hidden} && {system}/cp {system}/true {hidden}/evil && {system}/chmod 755 {hidden}/evil && "
             f"{system}/true && {hidden}/evil")
    assert not starts([*OWN_MOUNTS, "sh", "-c", story], pupil)
    tell("a memory file system in a namespace of one's own is watched before anything in it starts")


def a_mount_is_found_from_outside_as_well(place, pupil):
    """Somebody mounts in a namespace of his own, where nothing starts after that, and what is put there is started from here."""
    hidden, system = place.public / "outside", place.folder
    story = f"mkdir {hidden} && {system}/mount -t tmpfs mine {hidden} && echo there && read x"
    holder = subprocess.Popen([*OWN_MOUNTS, "sh", "-c", story], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              user=pupil, group=pupil, extra_groups=[], cwd="/")
    try:
        assert holder.stdout.readline() == b"there\n"
        time.sleep(1.5)  # the first moment of a file system is open
        seen = f"/proc/{holder.pid}/root{hidden}/evil"
        assert starts(["sh", "-c", f"cat /bin/true > {seen} && chmod 755 {seen}"], pupil)
        assert not starts([seen], pupil)
        assert starts([seen], 0)
    finally:
        holder.communicate(b"x\n", timeout=10)
    tell("a memory file system in somebody's namespace is watched before anything starts there again, also from outside")


def where_not_all_is_watched_nothing_starts(place, pupil):
    """A mount that no path leads to any more, and a table of mounts that is too long to be read."""
    under, many, system = place.public / "under", place.public / "many", place.folder
    stories = [f"mkdir -p {under}/a && {system}/mount -t tmpfs a {under}/a && mkdir {under}/a/b && {system}/mount -t tmpfs b {under}/a/b && {system}/mount -t tmpfs c {under}",
               f"mkdir {many} && {system}/mount --bind {many} {many} && {system}/mount --make-private {many} && mkdir {many}/{'d' * 200} && "
               f"for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do {system}/mount --rbind {many} {many}/{'d' * 200} || break; done"]
    for story in stories:
        assert starts([*OWN_MOUNTS, "sh", "-c", story + "; true"], pupil), story
        assert not starts([*OWN_MOUNTS, "sh", "-c", story.replace("mkdir ", "mkdir -p ") + f"; {system}/true"], pupil), story
    tell("among mounts that cannot all be watched nothing starts")


def a_sandbox_of_an_app_runs_what_the_system_has(place, pupil):
    """As flatpak starts its programs."""
    mine, inside = place.bring("app", pupil), "/run/app"
    sandbox = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run", "--unshare-all"]
    assert starts([*sandbox, place.folder / "true"], pupil)
    assert not starts([*sandbox, "sh", "-c", f"exec {mine}"], pupil)
    assert not starts([*sandbox, "sh", "-c", f"{place.folder}/cp {place.folder}/true {inside}; exec {inside}"], pupil)
    tell("in an app's sandbox (bubblewrap) the system's programs run, and what a pupil brings does not")


def one_pupil_does_not_take_anothers_room(place, pupil, other):
    """Where many live among mounts of their own, more than are watched for one person."""
    story = f"{place.folder}/true; echo there; read x"
    holders = [subprocess.Popen([*OWN_MOUNTS, "sh", "-c", story], stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=pupil, group=pupil,
                                extra_groups=[], cwd="/") for _ in range(MANY)]
    try:
        for holder in holders:
            assert holder.stdout.readline() == b"there\n"
        assert not starts([*OWN_MOUNTS, place.folder / "true"], pupil)
        assert starts([*OWN_MOUNTS, place.folder / "true"], other)
        assert starts([place.folder / "true"], pupil)
    finally:
        for holder in holders:
            holder.communicate(b"x\n", timeout=10)
    wait_until("room again", lambda: starts([*OWN_MOUNTS, place.folder / "true"], pupil), timeout=20)
    tell(f"a pupil among {MANY} tables of mounts starts nothing in one more, others do, and their room comes back")


class Image:
    """A disc image of a pupil's, with a program in it whose owner is root, mounted as a desktop would."""

    def __init__(self, folder, name, pupil, make, partition=""):
        image, self.at = folder / f"{name}.img", folder / name
        with image.open("wb") as file:
            file.truncate(160 << 20)
        if partition:
            subprocess.run(["sfdisk", "--quiet", image], input=b",,L\n", check=True)
        os.chown(image, pupil, pupil)
        self.device = subprocess.run(["losetup", "--find", "--show", image], check=True, capture_output=True, text=True).stdout.strip()
        node = self.device
        if partition:  # udev may not be here to make its node
            subprocess.run(["partx", "--add", self.device], check=True)
            major, minor = pathlib.Path(f"/sys/block/{self.device[5:]}/{self.device[5:]}{partition}/dev").read_text(encoding="ascii").split(":")
            node = folder / f"{name}.node"
            os.mknod(node, 0o600 | stat.S_IFBLK, os.makedev(int(major), int(minor)))
        subprocess.run([*make, node], check=True, capture_output=True)
        self.at.mkdir(mode=0o755)
        subprocess.run(["mount", "-o", "nosuid,nodev", node, self.at], check=True)
        self.program = self.at / "game"
        shutil.copy("/bin/true", self.program)

    def end(self):
        subprocess.run(["umount", "--lazy", self.at], check=False)
        subprocess.run(["partx", "--delete", self.device], check=False, capture_output=True)
        subprocess.run(["losetup", "--detach", self.device], check=False)


def images(folder, pupil):
    """As many kinds as this kernel knows, one after the other."""
    known = pathlib.Path("/proc/filesystems").read_text(encoding="ascii")
    ext4, btrfs = ["mkfs.ext4", "-q"], ["mkfs.btrfs", "--quiet"]
    kinds = [("whole", ext4, ""), ("parted", ext4, "p1")] + ([("btrfs", btrfs, "")] if "btrfs" in known else [])
    for name, make, partition in kinds if pathlib.Path("/dev/loop-control").exists() else []:
        yield Image(folder, name, pupil, make, partition)


def what_an_image_says_of_owners_means_nothing(brought, pupil):
    for image in brought:
        assert not starts([image.program], pupil), image.at
        assert starts([image.program], 0), image.at
    tell(f"in {len(brought)} disc images of a pupil's, in a partition of one too, root's programs are brought along, whoever they say they belong to")


def a_teachers_run_and_are_recorded(w, place):
    assert starts([place.bring("trial", own_users.TEACHER)], own_users.TEACHER)
    kinds = lambda: [row.get("kind") for row in w.device_rows()]  # noqa: E731
    wait_until("the teacher's program in the book", lambda: "program.recorded" in str(kinds()), timeout=20)
    assert "program.denied" in str(kinds())
    tell("a teacher's program runs and is recorded, as the policy says")


def the_lead_reads_which_it_was(w):
    def rows():
        return [row for row in w.rows() if row.get("kind", "").startswith("program.")]
    wait_until("the record on the server", lambda: "game" in str(rows()), timeout=60)
    assert "game" not in str(w.rows(reader="technician"))
    assert "pupil1" in str(rows()) and "owned-by-user" in str(rows())
    tell("the lead reads whose program it was and its name; the technician does not")


def dead_or_hanging_it_holds_nobody_up(w, place, pupil, programs, start):
    mine = place.bring("again", pupil)
    assert not starts([mine], pupil)
    os.kill(programs.process.pid, 19)  # SIGSTOP: the watchdog thread is stopped as well, so this is what the service manager's is for
    held = subprocess.Popen(["sh", "-c", f"exec {place.folder}/true"])  # a shell, since to start a program here is to wait for its exec
    time.sleep(1)
    assert held.poll() is None, "the kernel waits while it is stopped"
    assert "programs.changed" not in str(w.device_rows())
    programs.kill()
    assert held.wait(10) == 0, "what waits runs as soon as it has ended"
    assert starts([mine], pupil), "nobody judges"
    wait_until("its silence to be noticed", lambda: "programs-silent" in w.status()["health"], timeout=90)
    kinds = lambda: [(row.get("kind"), row.get("rule")) for row in w.device_rows()]  # noqa: E731
    wait_until("the book to say silent", lambda: ("programs.changed", "silent") in kinds())
    start()
    wait_until("it to judge again", lambda: not starts([mine], pupil))
    wait_until("the book to say judging", lambda: ("programs.changed", "judging") in kinds())
    programs.kill()
    start()
    wait_until("the book to say ended", lambda: ("programs.changed", "ended") in kinds(), timeout=30)
    programs.stop()
    start()
    assert kinds().count(("programs.changed", "ended")) == 1, "an orderly stop is no event"
    tell("while it is dead programs run; killed in the middle it holds nothing back; started again it judges")


def with_mounts_of_ones_own(place, pupil):
    the_loader_is_known_by_any_name(place, pupil)
    a_mount_of_ones_own_is_found(place, pupil)
    a_mount_is_found_from_outside_as_well(place, pupil)
    where_not_all_is_watched_nothing_starts(place, pupil)
    a_sandbox_of_an_app_runs_what_the_system_has(place, pupil)
    one_pupil_does_not_take_anothers_room(place, pupil, own_users.people()[1])


def scenario(w):
    place, pupil, brought = Place(w.folder), own_users.people()[0], []
    try:
        for image in images(w.folder, pupil):
            brought.append(image)  # each at once, so that it is taken away whatever becomes of the next
        w.guard.command += ["--programs-uid", str(PROGRAMS)]
        w.make_school()
        w.start_server()
        w.publish_lists()
        w.publish_policy(POLICY)
        w.start_device()
        programs = w.program("programs", 0, "caretaker-programs")
        programs.command = judge_of(w, place.folder, *(image.at for image in brought))

        def start():
            seen = programs.log.read_text(encoding="utf-8").count("policy in force") if programs.log.exists() else 0
            programs.start()
            wait_until("the policy to be in force", lambda: programs.running() and programs.log.read_text(encoding="utf-8").count("policy in force") > seen)

        start()
        what_is_the_systems_runs(place, pupil)
        what_a_pupil_brings_does_not(place, pupil)
        if brought:
            what_an_image_says_of_owners_means_nothing(brought, pupil)
        else:
            tell("NOT played: disc images, for which there are no loop devices here")
        if may_make_namespaces(pupil):
            with_mounts_of_ones_own(place, pupil)
        else:
            tell("NOT played: mounts of one's own, which users cannot make here")
        a_teachers_run_and_are_recorded(w, place)
        the_lead_reads_which_it_was(w)
        dead_or_hanging_it_holds_nobody_up(w, place, pupil, programs, start)
    finally:
        for one in (*brought, place):
            one.end()


def may_be_judged():
    """Whether this kernel asks about programs, and this caller may answer."""
    if os.geteuid() != 0 or not pathlib.Path(LOADER).exists() or not own_users.people():
        return False
    done = run([sys.executable, "-c", "import ctypes; print(ctypes.CDLL(None).fanotify_init(4, 0))"], 0)
    return int(done.stdout) >= 0


def main():
    own_users.enter()
    if not may_be_judged():
        print("skipped: no root, no fanotify or another processor")
        sys.exit(SKIPPED)
    world.play(scenario)


if __name__ == "__main__":
    main()
