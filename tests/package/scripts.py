"""How the packages are made, and what a removal undoes in the kernel; with nothing installed."""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

INSTALLER = pathlib.Path(__file__).resolve().parents[2] / "installer"
PROMISES = "R2"
GIVE_BACK = INSTALLER / "deb" / "give-back-media"
# udevadm knows who made sdb read-only, and that it was somebody else with sdc.
STAND_INS = {"udevadm": "case \"$3\" in --name=/dev/sdb) echo CARETAKER_ACCESS=readonly ;; *) echo ID_BUS=usb ;; esac", "blockdev": "echo \"$@\" >> \"$ASKED\""}


def the_package_builds_all_that_it_installs(build):
    target = re.search(r"--target ([\w -]+)", (INSTALLER / "package").read_text(encoding="utf-8")).group(1).split()
    installed = set(re.findall(r'"[^"]*/(bin/caretaker[\w-]*)"', (build / "installer/cmake_install.cmake").read_text(encoding="utf-8")))
    commands = subprocess.run(["ninja", "-C", build, "-t", "commands", *target], check=True, capture_output=True, text=True).stdout
    built = set(re.findall(r" -o (bin/[\w-]+)", commands))
    assert len(installed) > 6, f"what is installed is not found: {installed}"
    assert installed <= built, f"installer/package installs and does not build {sorted(installed - built)}"


def lay_down(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="ascii")


def give_back(root):
    for name, does in STAND_INS.items():
        lay_down(root, {f"bin/{name}": f"#!/bin/sh\n{does}\n"})
        (root / "bin" / name).chmod(0o755)
    lay_down(root, {"asked": "", "sys/bus/usb/drivers_probe": ""})
    subprocess.run([GIVE_BACK, root], check=True, env={"PATH": f"{root}/bin:/usr/bin:/bin", "ASKED": f"{root}/asked"})


NOT_OURS = {"sys/bus/usb/devices/1-5/authorized": "0"}  # an administrator's
USB = {"run/caretaker/taken-from-usb": "1-1:1.1\n1-2\n1-9\n", "sys/bus/usb/devices/1-1:1.0/authorized": "1", "sys/bus/usb/devices/1-1:1.1/authorized": "0", "sys/bus/usb/devices/1-2/authorized": "0",
       "sys/bus/usb/devices/usb1/authorized": "1"}


def a_removal_gives_media_back(root):
    lay_down(root, {"sys/class/block/sda/ro": "0", "sys/class/block/sdb/ro": "1", "sys/class/block/sdc/ro": "1", **USB, **NOT_OURS})
    give_back(root)
    assert (root / "asked").read_text(encoding="ascii") == "--setrw /dev/sdb\n", "of two that are write-protected, ours"
    authorised = [name for name in USB if name.endswith("authorized")]
    assert {name: (root / name).read_text(encoding="ascii").strip() for name in authorised} == dict.fromkeys(authorised, "1")
    assert {name: (root / name).read_text(encoding="ascii") for name in NOT_OURS} == NOT_OURS
    assert (root / "sys/bus/usb/drivers_probe").read_text(encoding="ascii").strip() == "1-1:1.1"


def what_is_usbguards_stays(root):
    lay_down(root, USB)
    (root / "run/usbguard").mkdir(parents=True)
    give_back(root)
    assert {name: (root / name).read_text(encoding="ascii") for name in USB} == USB


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path, help="the build folder")
    options = parser.parse_args()
    the_package_builds_all_that_it_installs(options.build)
    for case in (a_removal_gives_media_back, what_is_usbguards_stays):
        with tempfile.TemporaryDirectory() as folder:
            case(pathlib.Path(folder))
    print("held")


if __name__ == "__main__":
    sys.exit(main())
