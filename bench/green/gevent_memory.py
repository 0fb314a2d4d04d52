"""Resident memory for each greenlet that sleeps a few calls deep. Prints bytes."""
import sys
import gevent


def resident():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * 4096


def asleep(frames, seconds):
    if frames > 1:
        return asleep(frames - 1, seconds)
    gevent.sleep(seconds)


frames, count = int(sys.argv[1]), int(sys.argv[2])
gevent.joinall([gevent.spawn(asleep, frames, 0.001) for _ in range(100)])
before = resident()
tasks = [gevent.spawn(asleep, frames, 3600) for _ in range(count)]
gevent.sleep(0)
print((resident() - before) / count)
