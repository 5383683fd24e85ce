# SPDX-License-Identifier: Apache-2.0
"""A hub of its own for a measurement: started, given an owner, fed, asked, stopped."""
import json
import os
import signal
import socket
import subprocess
import time

import measure

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OWNER = 'bench'
ROLE_UIDS = 58400


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def binaries():
    return os.environ.get('THREADS_BIN', os.path.join(ROOT, 'build', 'release'))


class Hub:
    def __init__(self, maildir, scratch):
        self.maildir = maildir
        self.bin = binaries()
        self.data = os.path.join(scratch, 'threads')
        self.port = free_port()
        os.makedirs(self.data, 0o711)

    def start(self):
        conf = os.path.join(self.data, 'threads.conf')
        with open(conf, 'w', encoding='utf-8') as f:
            f.write('data_dir = %s\nlisten = 127.0.0.1:%d\nrole_uids = %d\n'
                    % (self.data, self.port, ROLE_UIDS if os.geteuid() == 0 else 0))
        with open(os.path.join(self.data, 'hub.log'), 'wb') as log:
            self.begin = time.monotonic()
            self.process = subprocess.Popen([os.path.join(self.bin, 'threadsd'), '--config', conf], stdout=log, stderr=log)
        self.watch = measure.Watch(self.process.pid)
        self.wait_ready()
        self.ctl('owner', 'create', '--name', OWNER, '--password-stdin', '--print-totp', stdin=b'a long bench password\n')

    def wait_ready(self):
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection(('127.0.0.1', self.port), 2) as s:
                    s.sendall(b'GET /readyz HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n' % self.port)
                    if b' 200 ' in s.recv(64):
                        return
            except OSError:
                pass
            time.sleep(0.1)
        with open(os.path.join(self.data, 'hub.log'), encoding='utf-8', errors='replace') as f:
            raise SystemExit('compare: the hub does not answer:\n' + f.read()[-3000:])

    def ctl(self, *words, stdin=b''):
        done = subprocess.run([os.path.join(self.bin, 'threadsctl'), '--data', self.data, *words], input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise SystemExit('compare: threadsctl %s: %s' % (' '.join(words), done.stderr.decode()))
        return done

    def import_begin(self):
        return subprocess.Popen([os.path.join(self.bin, 'threadsctl'), '--data', self.data, 'import', '--json', '--account',
                                 'bench', '--owner', OWNER, 'maildir', self.maildir], stdout=subprocess.PIPE)

    def import_mail(self):
        begin = time.monotonic()
        process = self.import_begin()
        text = process.stdout.read()
        usage = measure.usage_of(process, begin, measure.Watch(process.pid))
        counts = json.loads(text or b'{}')
        if process.returncode != 0 or counts.get('failed') != 0:
            raise SystemExit('compare: import: %s' % text.decode())
        return usage

    def ingest(self, rest_s=0):
        """Imports, and lets the hub go on with what it does when nothing else is to do."""
        self.start()
        usage = self.import_mail()
        time.sleep(rest_s)
        whole = self.stop()
        return {'cpu_s': usage['cpu_s'] + whole['cpu_s'], 'wall_s': usage['wall_s'], 'rss_bytes': whole['rss_bytes'],
                'stored_bytes': measure.tree_size(self.data)}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        usage = measure.usage_of(self.process, self.begin, self.watch)
        return usage
