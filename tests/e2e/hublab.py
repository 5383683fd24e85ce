# SPDX-License-Identifier: Apache-2.0
"""A hub, a mail server and a signed-in browser for tests written in Python."""
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.environ.get('THREADS_ROOT', os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BIN = os.environ.get('THREADS_BIN', os.path.join(ROOT, 'build', 'release'))
OUT = os.environ.get('THREADS_OUT', os.path.join(ROOT, 'build', 'test-output', os.path.basename(sys.argv[0])))
LAB = os.path.join(ROOT, 'tests', 'lab')
ROLE_UIDS = 58500
failures = 0


def check(name, good, why=''):
    global failures
    failures += not good
    print('%sok %s: %s%s' % ('' if good else 'not ', os.path.basename(sys.argv[0]), name,
                             '' if good else ' (%s)' % (why,)), flush=True)
    return good


def free_port(run=1):
    """The first of `run` free ports in a row."""
    for base in range(21000 + os.getpid() % 4000, 60000, 7):
        with contextlib.ExitStack() as stack:
            try:
                for port in range(base, base + run):
                    stack.enter_context(socket.socket()).bind(('127.0.0.1', port))
            except OSError:
                continue
            return base
    raise RuntimeError('no free port')


def scratch_folder():
    """A folder that other uids can pass through (the roles have their own)."""
    path = tempfile.mkdtemp(prefix='threads-e2e.', dir='/var/tmp')
    os.chmod(path, 0o755)
    return path


def totp(secret, at):
    key = base64.b32decode(secret + '=' * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack('>Q', int(at // 30)), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return '%06d' % ((struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 10**6)


class Hub:
    def __init__(self, folder, **settings):
        self.folder, self.data, self.port = folder, os.path.join(folder, 'data'), free_port()
        os.makedirs(self.data, 0o711, exist_ok=True)
        os.makedirs(OUT, exist_ok=True)
        self.conf = os.path.join(folder, 'threads.conf')
        self.log = os.path.join(OUT, os.path.basename(folder) + '-hub.log')
        with open(self.conf, 'w', encoding='utf-8') as f:
            f.write('data_dir = %s\nlisten = 127.0.0.1:%d\nrole_uids = %d\n'
                    % (self.data, self.port, ROLE_UIDS if os.geteuid() == 0 else 0))
            for key, value in settings.items():
                f.write('%s = %s\n' % (key, value))
        self.process = None

    def start(self):
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen([os.path.join(BIN, 'threadsd'), '--config', self.conf],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait_ready()

    def get(self, path, headers=(), timeout=30):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)
        try:
            connection.request('GET', path, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wait_ready(self, seconds=60):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get('/readyz', timeout=2)[0] == 200:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        with open(self.log, encoding='utf-8', errors='replace') as f:
            raise RuntimeError('the hub is not ready:\n' + f.read()[-3000:])

    def ctl(self, *words, stdin='', good=True):
        done = subprocess.run([os.path.join(BIN, 'threadsctl'), '--data', self.data, *words], input=stdin.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if good and done.returncode != 0:
            raise RuntimeError('threadsctl %s: %s' % (' '.join(words), done.stderr.decode(errors='replace')))
        return done

    def ctl_json(self, *words, stdin=''):
        return json.loads(self.ctl('--json', *words, stdin=stdin).stdout or b'null')

    def popen(self, *words):
        return subprocess.Popen([os.path.join(BIN, 'threadsctl'), '--data', self.data, *words],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)

    def make_owner(self, name='anna', password='a quite long passphrase'):
        made = self.ctl_json('owner', 'create', '--name', name, '--password-stdin', '--print-totp', stdin=password + '\n')
        return name, password, made['totp_secret']

    def children(self):
        """{pid: role} of the roles that run now."""
        found = {}
        with contextlib.suppress(OSError):
            with open('/proc/%d/task/%d/children' % (self.process.pid, self.process.pid), encoding='ascii') as f:
                pids = f.read().split()
            for pid in pids:
                with contextlib.suppress(OSError):
                    with open('/proc/%s/cmdline' % pid, 'rb') as f:
                        name = f.read().split(b'\0')[0].decode()
                    if name.startswith('threads-'):
                        found[int(pid)] = name[len('threads-'):]
        return found

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        self.process = None


class Session:
    """A signed-in user, over HTTP as the browser does it."""

    def __init__(self, hub, name, password, secret):
        self.hub, self.cookies = hub, {}
        status, answer = self.post('/api/v1/auth/signin', {'name': name, 'password': password})
        if status != 200:
            raise RuntimeError('sign in: %d %s' % (status, answer))
        status, answer = self.post('/api/v1/auth/totp', {'code': totp(secret, time.time())})
        if status != 200: # the code of this half minute was used: take the next one
            time.sleep(30 - time.time() % 30 + 0.5)
            status, answer = self.post('/api/v1/auth/totp', {'code': totp(secret, time.time())})
        if status != 200:
            raise RuntimeError('code: %d %s' % (status, answer))

    def request(self, method, path, body=None, timeout=30):
        headers = {'Cookie': '; '.join('%s=%s' % c for c in self.cookies.items()), 'Sec-Fetch-Site': 'same-origin',
                   'Host': 'localhost:%d' % self.hub.port}
        data = None
        if body is not None:
            headers['Content-Type'] = 'application/json'
            data = json.dumps(body)
        connection = http.client.HTTPConnection('127.0.0.1', self.hub.port, timeout=timeout)
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == 'set-cookie':
                    key, _, rest = value.partition('=')
                    self.cookies[key] = rest.split(';')[0]
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path, timeout=30):
        return self.request('GET', path, timeout=timeout)

    def post(self, path, body):
        return self.request('POST', path, body)


class Dovecot:
    def __init__(self, folder):
        self.folder = os.path.join(folder, 'dovecot')
        os.makedirs(self.folder, 0o755)
        self.port = free_port(3)
        self.log = os.path.join(self.folder, 'dovecot.log')
        self.ca = os.path.join(self.folder, 'tls', 'ca.pem')

    def run(self, script, *words):
        subprocess.run([os.path.join(LAB, script), *words], check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, OAUTH_URL=''))

    def start(self):
        self.run('dovecot.sh', 'start', self.folder, str(self.port))

    def fill(self, user, source, count, mailbox='INBOX'):
        self.run('fill.sh', self.folder, user, source, str(count), mailbox)

    def stop(self):
        self.run('dovecot.sh', 'stop', self.folder)


def genmail(folder, count, seed):
    subprocess.run(['node', os.path.join(LAB, 'genmail.mjs'), folder, str(count), str(seed)], check=True, stdout=subprocess.DEVNULL)
    os.chmod(folder, 0o755)


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
