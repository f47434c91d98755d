"""What caretaker-volume says of a volume, in a process that has nothing else.

An image stands for the stick: it is handed over open, as the guard does it, and the process has no other right. What is plugged into
a machine, and what udev makes of it, is tried on a whole machine.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile

PROMISES = "R2"
FOLDERS = "/usr/sbin:/sbin:/usr/bin:/bin"
LUKS = ["cryptsetup", "-q", "luksFormat", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--disable-locks", "--key-file", "-"]


def make_image(folder, name, command=None, text=""):
    image = pathlib.Path(folder) / name
    with open(image, "wb") as file:
        file.truncate(64 << 20)
    if command:
        subprocess.run([shutil.which(command[0], path=FOLDERS), *command[1:], image], input=text, text=True, check=True, capture_output=True)
    return image


def look(binary, image):
    with open(image, "rb") as device:
        done = subprocess.run([binary], stdin=device, capture_output=True, text=True, timeout=30, check=True)
    answer = json.loads(done.stdout)
    return f"{answer['encryption']} {answer['kind']} {answer['reason']}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    inspector = parser.parse_args().bin / "caretaker-volume"
    missing = [tool for tool in ("cryptsetup", "mkfs.vfat") if not shutil.which(tool, path=FOLDERS)]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed")
        return
    with tempfile.TemporaryDirectory(prefix="caretaker-media-") as folder:
        wanted = {
            make_image(folder, "luks", LUKS, "a passphrase"): "encrypted luks2 encrypted",
            make_image(folder, "fat", ["mkfs.vfat"]): "not-encrypted vfat plain-filesystem",
            make_image(folder, "nothing"): "unknown  no-structure",
        }
        for image, verdict in wanted.items():
            found = look(inspector, image)
            assert found == verdict, f"{image.name}: {found}, not {verdict}"
            print(f"{image.name}: {found}")


if __name__ == "__main__":
    main()
