"""Looks at a container from inside and tries every door it knows; prints one JSON object.

Whatever works is undone at once, in a child process of its own. Where a door could do harm, it is
tried in a way the kernel refuses right after it has let the caller through.
"""
import ctypes, errno, glob, json, os, platform, signal, socket, stat, struct, sys, tempfile

libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
CALLS = {  # name: (x86_64, aarch64)
    "bpf": (321, 280), "keyctl": (250, 219), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "open_by_handle_at": (304, 265),
    "kexec_load": (246, 104), "init_module": (175, 105), "pivot_root": (155, 41),
    "reboot": (169, 142),
}
CLONE_NEWUSER, CLONE_NEWNET, PTRACE_SEIZE = 0x10000000, 0x40000000, 0x4206


def check(result):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def call(name, *args):
    check(libc.syscall(CALLS[name][1 if ARM else 0], *args))


def mount_tmpfs():
    target = tempfile.mkdtemp(dir="/tmp")
    try:
        check(libc.mount(b"none", target.encode(), b"tmpfs", 0, None))
        libc.umount2(target.encode(), 2)
    finally:
        os.rmdir(target)


def make_device():
    path = "/tmp/.verify-%d" % os.getpid()
    os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(7, 0))
    os.unlink(path)


def join_init():
    check(libc.setns(os.open("/proc/1/ns/net", os.O_RDONLY), 0))


def attach_host():
    # The parent of this program's pid namespace is nobody's business in here: 1 is ours.
    check(libc.ptrace(PTRACE_SEIZE, 1, 0, 0))


def make_map():
    # BPF_MAP_CREATE of an array of one.
    call("bpf", 0, struct.pack("IIIII", 2, 4, 4, 1, 0), 20)


def perf():
    attributes = struct.pack("IIQ", 1, 112, 0) + bytes(96)
    call("perf_event_open", attributes, 0, -1, -1, 0)


def reads(path):
    def attempt():
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        if not os.read(handle, 1):
            raise OSError(errno.ENODATA, "empty")
    return attempt


def opens(path):
    return lambda: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def lists(path):
    def attempt():
        if not os.listdir(path):
            raise OSError(errno.ENODATA, "empty")
    return attempt


def writes(folder):
    def attempt():
        path = os.path.join(folder, ".verify-%d" % os.getpid())
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.unlink(path)
    return attempt


def opens_any(pattern):
    def attempt():
        found = glob.glob(pattern)
        if not found:
            raise OSError(errno.ENOENT, "absent")
        failure = None
        for path in found:
            try:
                return opens(path)()
            except OSError as error:
                failure = error
        raise failure
    return attempt


def opens_socket(family, kind, protocol=0):
    return lambda: socket.socket(family, kind, protocol).close()


def gains_root():
    os.setuid(0)
    os.setgroups([0])


TRIES = {
    "mount": mount_tmpfs,
    "user namespace": lambda: check(libc.unshare(CLONE_NEWUSER)),
    "network namespace": lambda: check(libc.unshare(CLONE_NEWNET)),
    "setns": join_init,
    "bpf": make_map,
    "keyctl": lambda: call("keyctl", 0, -3, 1),
    "perf_event_open": perf,
    "userfaultfd": lambda: call("userfaultfd", 0o2000000),
    "io_uring": lambda: call("io_uring_setup", 1, bytes(120)),
    "open_by_handle_at": lambda: call("open_by_handle_at", -100, struct.pack("Ii8x", 8, 1), 0),
    "kexec": lambda: call("kexec_load", 0, 0, 0, 0xFFFF),
    "init_module": lambda: call("init_module", 0, 0, 0),
    "reboot": lambda: call("reboot", 1, 1, 0, 0),
    "pivot_root": lambda: call("pivot_root", b".", b"."),
    "chroot": lambda: os.chroot("/tmp"),
    "device node": make_device,
    "/dev/kmsg": reads("/dev/kmsg"),
    "/dev/mem": reads("/dev/mem"),
    "/dev/fuse": opens("/dev/fuse"),
    "/dev/net/tun": opens("/dev/net/tun"),
    "/proc/kcore": reads("/proc/kcore"),
    "/proc/keys": reads("/proc/keys"),
    "/proc/timer_list": reads("/proc/timer_list"),
    "/sys/firmware": lists("/sys/firmware"),
    "/sys/kernel/debug": lists("/sys/kernel/debug"),
    "sysrq-trigger": opens("/proc/sysrq-trigger"),
    "core_pattern": opens("/proc/sys/kernel/core_pattern"),
    "modprobe": opens("/proc/sys/kernel/modprobe"),
    "uevent_helper": opens("/sys/kernel/uevent_helper"),
    "release_agent": opens_any("/sys/fs/cgroup/*/release_agent"),
    "cgroup limits": opens_any("/sys/fs/cgroup/**/memory*limit_in_bytes" if os.path.exists("/sys/fs/cgroup/memory") else "/sys/fs/cgroup/memory.max"),
    "packet socket": opens_socket(17, socket.SOCK_RAW),
    "raw socket": opens_socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "write /": writes("/"),
    "write /usr/bin": writes("/usr/bin"),
    "write /etc": writes("/etc"),
    "write /opt": writes("/opt"),
    "write /tmp": writes("/tmp"),
    "root": gains_root,
}


def attempt(action):
    """In a child: some doors, once open, cannot be closed again. `ok`, or the name of the error."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        try:
            action()
            word = "ok"
        except OSError as error:
            word = errno.errorcode.get(error.errno, str(error.errno))
        except BaseException as error:
            word = type(error).__name__
        os.write(writer, word.encode())
        os._exit(0)
    os.close(writer)
    word = os.read(reader, 100).decode() or "ended"
    os.close(reader)
    os.waitpid(child, 0)
    return word


def text(path):
    try:
        with open(path, errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def limits():
    v1 = "/sys/fs/cgroup/memory/memory.limit_in_bytes"
    if os.path.exists(v1):
        quota, period = (text("/sys/fs/cgroup/cpu/cpu.cfs_%s_us" % name) for name in ("quota", "period"))
        return {"memory": text(v1), "pids": text("/sys/fs/cgroup/pids/pids.max"), "cpu": quota + " " + period}
    return {name: text("/sys/fs/cgroup/%s.max" % name) for name in ("memory", "pids", "cpu")}


def descriptors(pid):
    """What is open in a process, as the kernel names it; folders with a slash at the end."""
    folder = "/proc/%s/fd" % pid
    found = []
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    for name in names:
        try:
            target = os.readlink(os.path.join(folder, name))
            mode = os.stat(os.path.join(folder, name)).st_mode
        except OSError:
            continue
        if target != "/proc/%d/fd" % os.getpid():
            found.append(target + ("/" if stat.S_ISDIR(mode) else ""))
    return found


def block_devices():
    found = []
    for folder, _, names in os.walk("/dev"):
        for name in names:
            try:
                if stat.S_ISBLK(os.lstat(os.path.join(folder, name)).st_mode):
                    found.append(os.path.join(folder, name))
            except OSError:
                pass
    return found


def sockets():
    names = ["docker.sock", "containerd/containerd.sock", "podman/podman.sock", "crio/crio.sock"]
    return [path for folder in ("/run", "/var/run") for name in names
            if os.path.exists(path := os.path.join(folder, name))]


def status():
    lines = (line.partition(":") for line in text("/proc/self/status").split("\n"))
    return {name: value.strip() for name, _, value in lines}


json.dump({
    "status": status(),
    "limits": limits(),
    "mounts": [line for line in text("/proc/self/mountinfo").split("\n")],
    "environment": dict(os.environ),
    "initEnvironment": text("/proc/1/environ").split("\0"),
    "hostname": socket.gethostname(),
    "gitConfig": text(os.path.expanduser("~/.gitconfig")) + text("/etc/gitconfig"),
    "passwd": text("/etc/passwd"),
    "hosts": text("/etc/hosts") + "\n" + text("/etc/resolv.conf"),
    "init": text("/proc/1/cmdline").replace("\0", " "),
    "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
    "descriptors": {"self": descriptors("self"), "init": descriptors(1)},
    "directory": os.getcwd(),
    "sockets": sockets(),
    "blockDevices": block_devices(),
    "tries": {name: attempt(action) for name, action in TRIES.items()},
}, sys.stdout)
