"""The packages, made from what a build folder has."""
import hashlib
import os
import shutil
import subprocess

from root_image import Unavailable


def may_boot_a_debian():
    if os.geteuid() != 0:
        raise Unavailable("only root can make and boot a Debian")
    for program in ("systemd-nspawn", "cpack", "dpkg-shlibdeps"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not installed (installer/packages, groups test and package)")


def build_packages(build, folder, version):
    """The packages of this build under a version of their own, in a folder."""
    subprocess.run(["cpack", "--config", build / "CPackConfig.cmake", "-B", folder, "-D", f"CPACK_DEBIAN_PACKAGE_VERSION={version}",
                    "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip"], check=True, capture_output=True)
    shutil.rmtree(folder / "_CPack_Packages")
    return sorted(folder.glob("*.deb"))


def put_in(deb, program, path):
    """Another program in the place of the package's own at this path."""
    tree = deb.with_suffix("")
    subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
    subprocess.run(["strip", "-o", tree / path, program], check=True)
    sums = tree / "DEBIAN/md5sums"
    lines = [line for line in sums.read_text(encoding="utf-8").splitlines() if not line.endswith("  " + path)]
    lines.append(f"{hashlib.md5((tree / path).read_bytes()).hexdigest()}  {path}")  # the sum that dpkg's format names
    sums.write_text("\n".join(lines) + "\n", encoding="utf-8")
    subprocess.run(["dpkg-deb", "-Zgzip", "-b", tree, deb], check=True, capture_output=True)
    shutil.rmtree(tree)


def build_versions(build, folder):
    """The first version, which is returned, and the next one to upgrade to, whose programs have one step more in their schemas; a folder each."""
    first, following = (build_packages(build, folder / version, version) for version in ("1.0", "1.1"))
    for deb in following:
        program = "caretakerd" if "agent" in deb.name else "caretaker-server"
        put_in(deb, build / f"next/{program}_next", f"usr/sbin/{program}")
    return first
