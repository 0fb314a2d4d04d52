"""The programs of this benchmark on gevent: python3 programs.py NAME [N] prints operations, and seconds of processor time."""
import sys
import time
import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.queue import Queue


def spawn_join(n):
    def run(i):
        return i

    total = 0
    for _ in range(n // 10000):
        greenlets = [gevent.spawn(run, i) for i in range(10000)]
        gevent.joinall(greenlets)
        total += sum(g.value for g in greenlets)
    assert total == n // 10000 * 49995000


def switch(n):
    turns = [0]

    def run():
        for _ in range(n // 2):
            turns[0] += 1
            gevent.sleep(0)

    gevent.joinall([gevent.spawn(run), gevent.spawn(run)])
    assert turns[0] == n // 2 * 2


def queue_pingpong(n):
    there, back = Queue(1), Queue(1)

    def answer():
        for _ in range(n):
            back.put(there.get())

    def ask():
        for i in range(n):
            there.put(i)
            assert back.get() == i

    gevent.joinall([gevent.spawn(answer), gevent.spawn(ask)])


def event_wakeups(n):
    woken = [0]
    rounds = n // 1000
    for _ in range(rounds):
        event = Event()

        def wait():
            event.wait()
            woken[0] += 1

        greenlets = [gevent.spawn(wait) for _ in range(1000)]
        gevent.sleep(0)
        event.set()
        gevent.joinall(greenlets)
    assert woken[0] == rounds * 1000


def sleepers(n):
    gevent.joinall([gevent.spawn(gevent.sleep, (i % 1000) / 1000) for i in range(n)])


def imap_unordered(n):
    pool = Pool(100)

    def run(i):
        gevent.sleep(0)
        return i

    assert sum(pool.imap_unordered(run, range(n))) == n * (n - 1) // 2


name, n = sys.argv[1], int(sys.argv[2])
program = globals()[name.replace("-", "_")]
program(max(n // 10, 10000) if name == "spawn-join" else max(n // 10, 1000))
begin = time.process_time()
program(n)
print(n, time.process_time() - begin)
