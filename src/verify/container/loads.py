"""Loads a container until something gives way, within seconds; prints one JSON object."""
import errno, json, os, signal, sys, time

LIMIT_SECONDS = 20


def fork_until(most):
    """Children that only wait. How many there were, and what stopped it."""
    children, stopped = [], None
    try:
        for _ in range(most):
            child = os.fork()
            if child == 0:
                signal.alarm(LIMIT_SECONDS)
                signal.pause()
                os._exit(0)
            children.append(child)
    except OSError as error:
        stopped = errno.errorcode.get(error.errno, str(error.errno))
    for child in children:
        os.kill(child, signal.SIGKILL)
    for child in children:
        os.waitpid(child, 0)
    return {"count": len(children), "stopped": stopped}


def in_child(action, most):
    """The signal that ended it; 0 when it ran to its end."""
    child = os.fork()
    if child == 0:
        # The first to go when memory runs out.
        try:
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("1000")
        except OSError:
            pass
        signal.alarm(LIMIT_SECONDS)
        action(most)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def allocate(most):
    held = []
    for _ in range(most >> 20):
        held.append(bytearray(b"x") * (1 << 20))


def fill(most):
    with open("/tmp/.verify-fill", "wb") as file:
        for _ in range(most >> 20):
            file.write(b"x" * (1 << 20))


def run(processes, memory):
    started = time.monotonic()
    result = {
        "few": fork_until(10),
        "many": fork_until(processes * 2),
        "little": in_child(allocate, memory // 4),
        "much": in_child(allocate, memory * 2),
        "disk": in_child(fill, memory * 2),
    }
    try:
        os.unlink("/tmp/.verify-fill")
    except OSError:
        pass
    result["seconds"] = time.monotonic() - started
    return result


json.dump(run(int(sys.argv[1]), int(sys.argv[2])), sys.stdout)
