"""twisted_line_times.py packet|chunks MOST_MS BYTES...: nanoseconds per byte of LineReceiver at each size, as JSON.

None larger than the first that takes more than MOST_MS.
"""
import json
import sys
import time

from twisted.internet.testing import StringTransport
from twisted.protocols.basic import LineReceiver

shape, most_ms, *sizes = sys.argv[1], *map(int, sys.argv[2:])


class Lines(LineReceiver):
    delimiter = b"\n"
    MAX_LENGTH = 1 << 30
    count = 0

    def lineReceived(self, line):
        self.count += 1


figures = []
for size in sizes:
    if shape == "packet":
        chunks = [b"fifteen letters\n" * (size // 16)]
    else:
        line = b"x" * (size - 1) + b"\n"
        chunks = [line[i : i + 16] for i in range(0, size, 16)]
    lines = Lines()
    lines.makeConnection(StringTransport())
    start = time.perf_counter_ns()
    for chunk in chunks:
        lines.dataReceived(chunk)
    spent = time.perf_counter_ns() - start
    assert lines.count == (size // 16 if shape == "packet" else 1)
    figures.append(spent / size)
    if spent > most_ms * 1e6:
        break
print(json.dumps(figures))
