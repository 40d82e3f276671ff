"""Small file systems of our own: an ext4 image on a loop device, a tmpfs. Root only.

A power cut is ext4's shutdown ioctl without flushing its journal: what was not synced is gone after the next mount, exactly as
when the current fails (`man 2 ioctl_ext4`; EXT4_IOC_SHUTDOWN is _IOR('X', 125, __u32), flag 2 EXT4_GOING_FLAGS_NOLOGFLUSH).
"""
import fcntl
import os
import pathlib
import shutil
import struct
import subprocess

import bobbin

SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2


class Refused(Exception):
    """This machine does not allow it; the message is the reason."""


def command(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(f"{' '.join(map(str, words[:3]))}: {(done.stderr or done.stdout).strip()[:200]}")


class Disk:
    """Something mounted at `mount`; always unmounted at the end of a `with`."""

    def __init__(self, folder):
        if os.geteuid() != 0:
            raise Refused("not root: nothing can be mounted")
        self.folder = pathlib.Path(folder)
        self.mount = self.folder / "mount"
        if os.path.ismount(self.mount):
            subprocess.run(["umount", "-l", self.mount])
        shutil.rmtree(self.folder, ignore_errors=True)
        self.mount.mkdir(parents=True)

    def __enter__(self):
        self.attach()
        return self

    def __exit__(self, *_):
        if os.path.ismount(self.mount) and subprocess.run(["umount", self.mount], capture_output=True).returncode != 0:
            subprocess.run(["umount", "-l", self.mount], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


class Ext4(Disk):
    """A loop image with a journal."""

    def __init__(self, folder, mebibytes=96):
        super().__init__(folder)
        self.image = self.folder / "image"
        with open(self.image, "wb") as image:
            image.truncate(mebibytes << 20)
        command("mkfs.ext4", "-q", "-F", self.image)

    def attach(self):
        command("mount", "-o", "loop", self.image, self.mount)

    def cut(self):
        """The current fails, now."""
        descriptor = os.open(self.mount, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        except OSError as error:
            raise Refused(f"the shutdown ioctl of ext4: {error}")
        finally:
            os.close(descriptor)

    def return_of_power(self):
        bobbin.wait_until(lambda: subprocess.run(["umount", self.mount], capture_output=True).returncode == 0, 20,
                          "the file system to be let go")
        self.attach()

    def remount(self, how):
        command("mount", "-o", f"remount,{how}", self.mount)


class Memory(Disk):
    """A tmpfs of a given size and number of inodes."""

    def __init__(self, folder, options):
        super().__init__(folder)
        self.options = options

    def attach(self):
        command("mount", "-t", "tmpfs", "-o", self.options, "tmpfs", self.mount)

    def remount(self, options):
        command("mount", "-o", f"remount,{options}", self.mount)


def cuts_work(folder):
    """Raises `Refused` unless a cut loses what was not synced and keeps what was."""
    with Ext4(folder, 16) as disk:
        write(disk.mount / "synced", sync=True)
        write(disk.mount / "unsynced", sync=False)
        disk.cut()
        disk.return_of_power()
        found = set(os.listdir(disk.mount)) - {"lost+found"}
        if found != {"synced"}:
            raise Refused(f"a cut here leaves {sorted(found)} where only what was synced should be left")


def write(path, sync):
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    os.write(descriptor, b"x" * 1000)
    if sync:
        os.fsync(descriptor)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    os.close(descriptor)
