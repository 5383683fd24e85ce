#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""corpus.py THREADS_PARSE PARSE_FILES plain|sanitized - the parser against the
corpus in the folder THREADS_CORPUS: its scores, every file, and hostile mails."""
import glob, json, os, re, subprocess, sys, tempfile

# At least the better of two other parsers on every line, see the corpus' own README.
WANTED = {
    'stalwart': {'tree': 53, 'name': 84, 'text': 102, 'filename': 42, 'addr': 88, 'binary': 41},
    'mime4j': {'tree': 37, 'text': 67, 'binary': 11},
}
CPU_SECONDS, RSS_BYTES = 2, 256 << 20

corpus = os.environ.get('THREADS_CORPUS')
if not corpus:
    print('THREADS_CORPUS is not set: the parser corpus was not asked for, nothing was run')
    sys.exit(0)
parse, parse_files, kind = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
faults = []
# The leak checker needs system calls that the sandbox refuses; parse_files checks for leaks.
sandboxed = dict(os.environ, ASAN_OPTIONS=os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0')


def fault(text):
    print('FAULT', text)
    faults.append(text)


def run(cmd, stdin=None, env=None):
    """Exit status, output, CPU seconds and peak memory of one program."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(cmd, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=err,
                                 env=env)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        out.seek(0)
        err.seek(0)
        return (os.waitstatus_to_exitcode(status), out.read(), err.read(),
                usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def flat(path):
    with open(path, 'rb') as f:
        return run([parse, '--flat-json'], f, sandboxed)


def check_scores(folder):
    wrapper = os.path.join(folder, 'flat')
    with open(wrapper, 'w') as f:
        f.write('#!/bin/sh\nexec "%s" --flat-json <"$1"\n' % parse)
    os.chmod(wrapper, 0o755)
    out = subprocess.run([sys.executable, os.path.join(corpus, 'tools', 'score.py'), corpus, wrapper],
                         stdout=subprocess.PIPE, text=True, check=True, env=sandboxed).stdout
    print(out, end='')
    if 'no answer: 0' not in out:
        fault('some files got no answer')
    for source, wanted in WANTED.items():
        line = next((l for l in out.splitlines() if l.startswith(source + ' ')), '')
        for check, least in wanted.items():
            found = re.search(r'\b%s (\d+)/' % check, line)
            if not found or int(found.group(1)) < least:
                fault('%s %s: %s, wanted at least %d' % (source, check, found and found.group(1), least))


def check_all_files():
    count = 0
    for path in glob.glob(corpus + '/**/*', recursive=True):
        if not os.path.isfile(path) or '/tools/' in path:
            continue
        status, out, err, _, _ = flat(path)
        count += 1
        try:
            json.loads(out)
        except ValueError:
            fault('%s: no JSON, exit %d: %s' % (path, status, err[-500:]))
    print('%d files parsed' % count)
    if count < 2000:
        fault('the corpus has %d files only' % count)


def check_hostile(folder):
    subprocess.run([sys.executable, os.path.join(corpus, 'tools', 'gen_hostile.py'), folder], check=True)
    mails = sorted(glob.glob(folder + '/*.eml'))
    for path in mails:
        for mode in 'flat', 'batch':
            status, out, err, cpu, rss = flat(path) if mode == 'flat' else run([parse_files, path])
            name = '%s %s' % (mode, os.path.basename(path))
            if status != 0:
                fault('%s: exit %d: %s' % (name, status, err[-500:]))
            if kind == 'plain' and (cpu > CPU_SECONDS or rss > RSS_BYTES):
                fault('%s: %.2f s CPU, %d MB' % (name, cpu, rss >> 20))
    print('%d hostile mails, each as JSON and as a batch' % len(mails))
    if len(mails) < 28:
        fault('too few hostile mails')


with tempfile.TemporaryDirectory() as scratch:
    check_scores(scratch)
    check_all_files()
    check_hostile(scratch)
print('%d faults' % len(faults))
sys.exit(1 if faults else 0)
