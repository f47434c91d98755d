"""The packages, made from what a build folder has."""
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
