# SPDX-License-Identifier: Apache-2.0
"""What a program and all its children cost: CPU, wall time, memory, bytes on disk."""
import os
import subprocess
import threading
import time


def children(pid):
    """pid and everything below it, from /proc."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        try:
            for task in os.listdir('/proc/%d/task' % current):
                with open('/proc/%d/task/%s/children' % (current, task), encoding='ascii') as f:
                    queue += [int(word) for word in f.read().split()]
        except OSError:
            pass
    return found


def pss(pid):
    """Proportional memory of one process: shared pages are counted once over all."""
    try:
        with open('/proc/%d/smaps_rollup' % pid, encoding='ascii') as f:
            for line in f:
                if line.startswith('Pss:'):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def role(pid):
    try:
        with open('/proc/%d/comm' % pid, encoding='ascii', errors='replace') as f:
            return f.read().strip()
    except OSError:
        return 'gone'


class Watch:
    """Samples the memory of a tree of processes until stopped: peak is its largest sum,
    by_role the largest single process of each name."""

    def __init__(self, pid):
        self.pid, self.peak, self.by_role = pid, 0, {}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.sample)
        self.thread.start()

    def sample(self):
        while True:
            seen = [(role(p), pss(p)) for p in children(self.pid)]
            self.peak = max(self.peak, sum(size for _, size in seen))
            for name, size in seen:
                self.by_role[name] = max(size, self.by_role.get(name, 0))
            if self.stopped.wait(0.2):
                return

    def stop(self):
        self.stopped.set()
        self.thread.join()
        return self.peak


def usage_of(process, begin, watch):
    """Waits for a process; its own and its reaped children's costs."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {'cpu_s': usage.ru_utime + usage.ru_stime, 'wall_s': time.monotonic() - begin, 'rss_bytes': watch.stop()}


def run(command, env=None):
    begin = time.monotonic()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    usage = usage_of(process, begin, Watch(process.pid))
    if process.returncode != 0:
        raise SystemExit('compare: %s ended with %d' % (' '.join(command), process.returncode))
    return usage


def cpu_ms(command, env=None):
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit('compare: %s ended with %d' % (' '.join(command), process.returncode))
    return (usage.ru_utime + usage.ru_stime) * 1000


def tree_size(folder):
    return sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(folder) for name in names)
