"""An echo server as in gevent's examples/echoserver.py, with TCP_NODELAY, without which pipelining takes 40 ms. Says its port."""
import socket

from gevent.server import StreamServer


def echo(client, address):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    lines = client.makefile(mode="rb")
    while line := lines.readline():
        client.sendall(line)
    lines.close()


server = StreamServer(("127.0.0.1", 0), echo)
server.start()
print(server.server_port, flush=True)
server.serve_forever()
