# SPDX-License-Identifier: Apache-2.0
"""A hub for tests in Python: start and stop it, threadsctl, a signed-in HTTP client."""
import base64
import ctypes
import hashlib
import hmac
import http.client
import json
import os
import random
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
ROLE_UIDS = 58400
PASSWORD = 'a quite long passphrase'
SECCOMP_ALLOW, SECCOMP_ERRNO, SECCOMP_TRAP = 0x7fff0000, 0x00050000, 0x00030000  # seccomp.h
ports_given = set()
# A test that is ended early still runs its `finally`: mounts, servers and folders go.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Tap:
    """Prints one line a check; finish() gives the exit status."""

    def __init__(self, name):
        self.name, self.failed = name, False

    def check(self, what, holds, why=''):
        self.failed = self.failed or not holds
        print('%s %s: %s%s' % ('ok' if holds else 'not ok', self.name, what, '' if holds or not why else ' (%s)' % why),
              flush=True)
        return holds

    def same(self, what, got, want):
        return self.check(what, got == want, 'got %r, not %r' % (got, want))

    def note(self, text):
        print('# ' + text, flush=True)

    def finish(self):
        return 1 if self.failed else 0


def free_port(count=1):
    """The first of so many ports in a row; outside of those that the kernel gives to connections."""
    while True:
        first = random.randrange(20000, 30000)
        ports = range(first, first + count)
        taken = [socket.socket() for _ in ports]
        try:
            for s, port in zip(taken, ports):
                s.bind(('127.0.0.1', port))
            if ports_given.isdisjoint(ports):
                ports_given.update(ports)
                return first
        except OSError:
            continue
        finally:
            for s in taken:
                s.close()


def totp(secret, at=None):
    key = base64.b32decode(secret + '=' * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack('>Q', int(at or time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return '%06d' % ((struct.unpack('>I', digest[start:start + 4])[0] & 0x7fffffff) % 1000000)


def seccomp_answer(call, action):
    """From here on the kernel answers this call so, to this process and its children."""
    seccomp = ctypes.CDLL('libseccomp.so.2')
    seccomp.seccomp_init.restype = ctypes.c_void_p
    number = seccomp.seccomp_syscall_resolve_name(call.encode())
    rules = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(SECCOMP_ALLOW)))
    if seccomp.seccomp_rule_add(rules, ctypes.c_uint32(action), number, 0) != 0 or seccomp.seccomp_load(rules) != 0:
        raise SystemExit('the filter cannot be loaded')


class Hub:
    def __init__(self, port, name='hub', inside='/var/tmp', uid=None, **settings):
        """uid: as an ordinary user, all roles under this one uid."""
        os.makedirs(OUT, exist_ok=True)
        self.port, self.name, self.uid, self.bin = port, name, uid, BIN
        self.folder = tempfile.mkdtemp(prefix='threads-e2e.', dir=inside)
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, 'data')
        os.makedirs(self.data, 0o711)
        self.conf = os.path.join(self.folder, 'threads.conf')
        if uid:
            os.chown(self.data, uid, uid)
        settings = dict({'data_dir': self.data, 'listen': '127.0.0.1:%d' % port,
                         'role_uids': ROLE_UIDS if os.geteuid() == 0 and not uid else 0}, **settings)
        with open(self.conf, 'w', encoding='utf-8') as f:
            f.writelines('%s = %s\n' % pair for pair in settings.items())
        self.log_path = os.path.join(OUT, name + '.log')
        open(self.log_path, 'wb').close()
        self.process = None
        self.launcher = []  # a command that starts threadsd

    def connect(self, timeout):
        """An unopened connection to where browsers come in."""
        return http.client.HTTPConnection('localhost', self.port, timeout=timeout)

    def start(self):
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen([*self.launcher, os.path.join(self.bin, 'threadsd'), '--config', self.conf],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=self.uid,
                                            group=self.uid, extra_groups=[] if self.uid else None)
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            if self.ready() == 200:
                return
            time.sleep(0.1)
        raise SystemExit('the hub does not become ready:\n' + self.log()[-3000:])

    def ready(self):
        """Status of /readyz, or 0 if there was none."""
        try:
            return self.get('/readyz', timeout=5)[0]
        except OSError:
            return 0

    def get(self, path, timeout=5):
        connection = self.connect(timeout)
        try:
            connection.request('GET', path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as e:
            raise OSError(str(e)) from e
        finally:
            connection.close()

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as f:
            return f.read()

    def ctl_start(self, *words, **more):
        return subprocess.Popen([os.path.join(self.bin, 'threadsctl'), '--data', self.data, *words], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def ctl(self, *words, stdin='', want=0):
        process = self.ctl_start(*words)
        out, err = process.communicate(stdin.encode())
        if want is not None and process.returncode != want:
            raise SystemExit('threadsctl %s ended with %d: %s' % (' '.join(words), process.returncode, err.decode()))
        return out if words[-1] == '--raw' else out.decode()

    def ctl_json(self, *words, **more):
        text = self.ctl(*words, '--json', **more)
        lines = [line for line in text.splitlines() if line.strip()]
        return json.loads(lines[-1]) if lines else None

    def ctl_lines(self, *words, **more):
        return [json.loads(line) for line in self.ctl(*words, '--json', **more).splitlines() if line.strip()]

    def owner(self, name='anna'):
        made = json.loads(self.ctl('owner', 'create', '--name', name, '--password-stdin', '--print-totp', '--json',
                                   stdin=PASSWORD + '\n'))
        return Session(self, name, made['totp_secret'])

    def roles(self):
        """{role: [pid, ...]} of the children that run now."""
        found = {}
        try:
            with open('/proc/%d/task/%d/children' % (self.process.pid, self.process.pid), encoding='ascii') as f:
                pids = [int(word) for word in f.read().split()]
        except OSError:
            return found
        for pid in pids:
            try:
                with open('/proc/%d/cmdline' % pid, encoding='utf-8') as f:
                    name = os.path.basename(f.read().split('\0')[0])
            except OSError:
                continue
            if name.startswith('threads-'):
                found.setdefault(name[len('threads-'):], []).append(pid)
        return found

    def kill(self, role):
        """SIGKILL to one process of a role; False if there is none."""
        for pid in self.roles().get(role, []):
            try:
                os.kill(pid, signal.SIGKILL)
                return True
            except ProcessLookupError:
                continue
        return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                return False
        return True

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Session:
    """One person's browser, reduced to its cookies."""

    def __init__(self, hub, name, secret):
        self.hub, self.name, self.secret = hub, name, secret
        self.cookies = {}

    def sign_in(self):
        status, _ = self.call('POST', '/auth/signin', {'name': self.name, 'password': PASSWORD})
        if status != 200:
            raise SystemExit('sign-in: %d' % status)
        for _ in range(3):
            status, body = self.call('POST', '/auth/totp', {'code': totp(self.secret)})
            if status == 200:
                return self
            time.sleep(31 - time.time() % 30)
        raise SystemExit('second factor: %d %r' % (status, body))

    def call(self, method, path, body=None, timeout=10):
        """(status, JSON or bytes) of an API request."""
        connection = self.hub.connect(timeout)
        headers = {'Sec-Fetch-Site': 'same-origin'}
        if self.cookies:
            headers['Cookie'] = '; '.join('%s=%s' % pair for pair in self.cookies.items())
        data = None
        if body is not None:
            piece = isinstance(body, bytes)  # of an upload
            data = body if piece else json.dumps(body)
            headers['Content-Type'] = 'application/octet-stream' if piece else 'application/json'
        try:
            connection.request(method, '/api/v1' + path, data, headers)
            answer = connection.getresponse()
            text = answer.read()
            for line in answer.msg.get_all('Set-Cookie') or []:
                pair, _, rest = line.partition(';')
                name, _, value = pair.partition('=')
                if 'max-age=0' in rest.lower() or not value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = value
            if 'json' in (answer.getheader('Content-Type') or ''):
                return answer.status, json.loads(text or b'null')
            return answer.status, text
        except http.client.HTTPException as e:
            raise OSError(str(e)) from e
        finally:
            connection.close()

    def every_hit(self, query=''):
        """All ids that a search finds, page by page."""
        from urllib.parse import quote
        ids, cursor = [], None
        while True:
            path = '/search?limit=100&q=' + quote(query) + ('&cursor=' + quote(cursor) if cursor else '')
            status, page = self.call('GET', path)
            if status != 200:
                raise SystemExit('search: %d %r' % (status, page))
            ids += [hit['id'] for hit in page['hits']]
            cursor = page['next']
            if not cursor:
                return ids
