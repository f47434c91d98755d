"""A Debian that a virtual machine can boot: the container tests' image with a kernel, on a disk of its own. Cached like that one."""
import hashlib
import os
import pathlib
import shutil
import subprocess

import root_image
from root_image import Unavailable

GUEST_SHELL = pathlib.Path(__file__).resolve().parent / "guest/shell.py"
KERNEL = ("linux-image-amd64", "initramfs-tools", "udev", "zstd")
# What a laptop has beside the base, and what the scenarios need of one. A package more here is a new image.
PACKAGES = {
    # Without libblockdev-crypto2, which Debian only recommends, udisks unlocks nothing for anybody.
    "sticks, for users and by hand": ("udisks2", "libblockdev-crypto2", "cryptsetup-bin", "dosfstools", "mtp-tools"),
    "an encrypted disk of its own": ("cryptsetup-initramfs",),
    "a firewall, networks of a scenario's own, log-ins from elsewhere": ("nftables", "iproute2", "openssh-server", "curl", "openssl"),
    "what Caretaker recommends": ("physlock", "libnotify-bin"),
    "a desktop on X": ("xserver-xorg-core", "xserver-xorg-input-libinput", "xserver-xorg-legacy", "xinit", "x11-xserver-utils", "xss-lock", "i3lock"),
    "a locker that tells logind nothing": ("mate-screensaver",),
    "a desktop on Wayland": ("sway", "swayidle", "swaylock"),
    "what desktops bring along": ("dbus-user-session", "python3-gi", "kbd"),
    "what a pupil finds": ("chromium", "openvpn"),
    "a peer of the benchmarks": ("usbguard",),
}
# What no laptop of ours has: it would be most of the image.
EXCLUDED = tuple(f"/lib/modules/*/kernel/{part}/*" for part in (
    "sound", "drivers/gpu", "drivers/net/wireless", "drivers/net/ethernet", "drivers/media", "drivers/infiniband", "drivers/iio"))
SCREEN = tuple(f"--dpkgopt=path-include=/lib/modules/*/kernel/drivers/gpu/drm/{part}*" for part in ("drm", "virtio/"))
MODULES = "virtio_pci virtio_blk virtio_console ext4"
BEFORE_KERNEL = ("--essential-hook=mkdir -p $1/etc/initramfs-tools/conf.d $1/usr/share/initramfs-tools/modules.d"
                 " && echo MODULES=list > $1/etc/initramfs-tools/conf.d/small"
                 f" && printf '%s\\n' {MODULES} > $1/usr/share/initramfs-tools/modules.d/disk")
UNIT = """[Unit]
Description=The host's way in
DefaultDependencies=no
After=systemd-udevd.service
[Service]
ExecStart=/usr/bin/python3 /usr/local/sbin/guest_shell.py
Restart=always
OOMScoreAdjust=-1000
"""
NOT_STARTED = (
    "serial-getty@hvc0.service",  # the guest shell's console
    "usbguard.service", "usbguard-dbus.service",  # it would lock out what scenarios plug in; the benchmark starts it
    "e2scrub_reap.service",  # takes a minute to find that there is nothing to do
)
DISK_BYTES = 3 << 30


def put(root, path, text):
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def furnish(root):
    """What makes a folder with a Debian in it a machine of its own."""
    put(root, "etc/fstab", "/dev/vda / ext4 defaults 0 1\nLABEL=parts /opt ext4 ro,noauto 0 0\n")
    put(root, "etc/hostname", "laptop\n")
    put(root, "etc/hosts", "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 laptop\n")
    put(root, "usr/local/sbin/guest_shell.py", GUEST_SHELL.read_text(encoding="utf-8"))
    put(root, "etc/systemd/system/guest-shell.service", UNIT)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "guest-shell.service").symlink_to("../guest-shell.service")
    (wants.parent / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
    for unit in NOT_STARTED:
        (wants.parent / unit).symlink_to("/dev/null")


def newest(folder, pattern):
    return max(folder.glob(pattern), key=lambda path: path.name)


def make_image(debs):
    """Folder with `disk.raw`, `vmlinuz` and `initrd`."""
    if shutil.which("qemu-system-x86_64") is None:
        raise Unavailable("qemu-system-x86_64 is not installed (installer/packages, group vm)")
    packages = (*KERNEL, *(name for names in PACKAGES.values() for name in names))
    source = root_image.make_root(debs, packages, EXCLUDED, (*SCREEN, BEFORE_KERNEL))
    mark = hashlib.sha256(source.name.encode() + pathlib.Path(__file__).read_bytes() + GUEST_SHELL.read_bytes()).hexdigest()[:16]
    folder = source.with_name(f"machine-{mark}")
    if folder.exists():
        return folder
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    half.mkdir()
    subprocess.run(["cp", "--archive", source, half / "root"], check=True)  # device files too, as they are
    furnish(half / "root")
    shutil.copy(newest(half / "root/boot", "vmlinuz-*"), half / "vmlinuz")
    shutil.copy(newest(half / "root/boot", "initrd.img-*"), half / "initrd")
    with open(half / "disk.raw", "wb") as disk:
        disk.truncate(DISK_BYTES)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", half / "root", half / "disk.raw"], check=True)
    shutil.rmtree(half / "root")
    half.rename(folder)
    return folder
