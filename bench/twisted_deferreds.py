"""twisted_deferreds.py ten|queue|chain SIZE: nanoseconds per operation of Twisted's own Deferreds."""
import sys
import time

from twisted.internet.defer import Deferred, DeferredQueue

scenario, size = sys.argv[1], int(sys.argv[2])


def ten():
    last = []
    for i in range(0, size, 10):
        deferred = Deferred()
        for _ in range(9):
            deferred.addCallback(lambda n: n + 1)
        deferred.addCallback(last.append)
        deferred.callback(i)
    assert last[-1] == size - 1


def queue():
    for _ in range(size // 100):
        items = DeferredQueue()
        for i in range(100):
            items.put(i)
        left = [100]

        def take(item):
            left[0] -= 1
            if left[0] > 0:
                items.get().addCallback(take)

        items.get().addCallback(take)
        assert left[0] == 0


def chain():
    all = [Deferred() for _ in range(size)]
    for i in range(size - 1):
        all[i].addCallback(lambda _, i=i: all[i + 1])
    for deferred in all:
        deferred.callback("end")
    end = []
    all[0].addCallback(end.append)
    assert end == ["end"]


run = {"ten": ten, "queue": queue, "chain": chain}[scenario]
run()
start = time.perf_counter_ns()
run()
print((time.perf_counter_ns() - start) / size)
