# SPDX-License-Identifier: Apache-2.0
"""What the hub does with more mail, and what it needs while it works: growth, load."""
import os
import shutil
import statistics
import subprocess
import tempfile
import time

import hub
import measure
import queries

IDLE_S = 5
REST_S = 45  # index looks every 30 s whether something is left to merge
WRITE_GAP_S = 0.05


def p95(values):
    return round(statistics.quantiles(values, n=20)[18], 3) if len(values) > 1 else values[0]


def search_cost(data, texts, limit):
    """CPU ms of each query's first page, in a process that has hub.db open."""
    program = os.path.join(hub.binaries(), 'bench', 'search_cost')
    done = subprocess.run([program, os.path.join(data, 'hub', 'hub.db'), hub.OWNER, '5', str(limit)], check=True,
                          input='\n'.join(texts).encode() + b'\n', stdout=subprocess.PIPE)
    return [float(line.split(b'\t')[0]) for line in done.stdout.splitlines()]


def costs(data, classes):
    result = {}
    for kind, pairs in classes.items():
        texts = [mine for mine, _ in pairs]
        alone, page = search_cost(data, texts, 1), search_cost(data, texts, 20)
        result[kind] = {'alone_p50_ms': round(statistics.median(alone), 3), 'alone_p95_ms': p95(alone),
                        'page20_p50_ms': round(statistics.median(page), 3), 'page20_p95_ms': p95(page)}
    return result


def some_of(maildir, count, scratch):
    """The first count mails, as links."""
    folder = os.path.join(scratch, 'mail')
    for name in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(folder, name))
    for name in sorted(os.listdir(os.path.join(maildir, 'cur')))[:count]:
        os.link(os.path.join(maildir, 'cur', name), os.path.join(folder, 'cur', name))
    return folder


def growth(maildir, sizes, scratch):
    """One row a size: import, stored bytes, and each class of query. The queries are those
    of the smallest mailbox, so that all rows ask the same."""
    rows, classes = {}, None
    for size in sizes:
        folder = tempfile.mkdtemp(dir=scratch)
        os.chmod(folder, 0o755)
        mail = some_of(maildir, size, folder)
        classes = classes or queries.classes(mail)
        threads = hub.Hub(mail, folder)
        usage = threads.ingest(REST_S)
        raw = measure.tree_size(mail)
        rows[size] = {'cpu_ms_per_message': round(usage['cpu_s'] * 1000 / size, 3),
                      'stored_ratio': round(usage['stored_bytes'] / raw, 3), 'peak_bytes': usage['rss_bytes'],
                      'search': costs(threads.data, classes)}
        shutil.rmtree(folder)
    return rows


def write_ms(threads):
    """A search as somebody else: its audit row is committed by index before the answer. The
    start of threadsctl is in the figure."""
    begin = time.monotonic()
    threads.ctl('search', '--user', hub.OWNER, '--limit', '1', '--json', 'nothing')
    return (time.monotonic() - begin) * 1000


def load(maildir, scratch):
    """Writes while an import runs, memory by role while it does, and memory at rest."""
    threads = hub.Hub(maildir, scratch)
    threads.start()
    try:
        quiet = [write_ms(threads) for _ in range(20)]
        process = threads.import_begin()
        busy = []
        while process.poll() is None:
            busy.append(write_ms(threads))
            time.sleep(WRITE_GAP_S)
        time.sleep(IDLE_S)
        idle = sum(measure.pss(p) for p in measure.children(threads.process.pid))
    finally:
        threads.stop()
    return {'write_quiet_p50_ms': round(statistics.median(quiet), 3), 'write_in_import_p50_ms': round(statistics.median(busy), 3),
            'write_in_import_p95_ms': p95(busy), 'writes': len(busy), 'idle_pss_bytes': idle,
            'peak_bytes_by_role': threads.watch.by_role}
