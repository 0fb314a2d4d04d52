/*
 * The load of the echo benchmarks: keeps `depth` lines of 32 bytes in flight on each of `connections` connections, sent in
 * one piece when all before them are back, and checks every byte that comes.
 *
 *     load PORT CONNECTIONS DEPTH WARM_UP_MS MEASURED_MS SERVER_PID
 *
 * In C, because a client on Node's net takes as long for a line as the servers that are to be measured. Prints a line of JSON.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 32, MOST = 1024, DEEPEST = 64, BATCH = 64, SILENCE_MS = 5000, LONGEST_US = 1 << 20 };

struct connection {
  int fd;
  uint32_t sequence;
  int received;
  uint64_t sent_at;
  char lines[DEEPEST * LINE];
};

static struct connection connections[MOST];
static int poller;
/* Answers by how many µs they took; the last counts all that took longer. */
static uint32_t histogram[LONGEST_US + 1];
static uint64_t longest, answers;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t read_ns(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) < 0) die("clock_gettime");
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t now_ns(void) { return read_ns(CLOCK_MONOTONIC); }

static void hex(char *to, uint32_t n) {
  for (int i = 7; i >= 0; i--, n >>= 4) to[i] = "0123456789abcdef"[n & 15];
}

/* No two lines of a run are alike. */
static void send_lines(int i, int depth) {
  struct connection *c = &connections[i];
  for (int k = 0; k < depth; k++) {
    char *line = c->lines + k * LINE;
    memcpy(line, "........ ........ abcdefghijklm\n", LINE);
    hex(line, (uint32_t)i);
    hex(line + 9, c->sequence++);
  }
  c->received = 0;
  c->sent_at = now_ns();
  if (write(c->fd, c->lines, (size_t)(depth * LINE)) != depth * LINE) die("write");
}

static void receive(int i, int depth) {
  static char in[DEEPEST * LINE + 1];
  struct connection *c = &connections[i];
  ssize_t n = read(c->fd, in, sizeof in);
  if (n <= 0) die("read");
  if (n > depth * LINE - c->received || memcmp(in, c->lines + c->received, (size_t)n) != 0) {
    fprintf(stderr, "Error: connection %d was answered with other bytes than it sent\n", i);
    exit(1);
  }
  uint64_t us = (now_ns() - c->sent_at) / 1000;
  int lines = (c->received + (int)n) / LINE - c->received / LINE;
  c->received += (int)n;
  histogram[us < LONGEST_US ? us : LONGEST_US] += (uint32_t)lines;
  answers += (uint64_t)lines;
  if (us > longest) longest = us;
  if (c->received == depth * LINE) send_lines(i, depth);
}

static void run_for(int depth, uint64_t ns) {
  uint64_t end = now_ns() + ns;
  while (now_ns() < end) {
    struct epoll_event ready[BATCH];
    int count = epoll_wait(poller, ready, BATCH, SILENCE_MS);
    if (count < 0) die("epoll_wait");
    if (count == 0) {
      fprintf(stderr, "Error: no answer for %d ms\n", SILENCE_MS);
      exit(1);
    }
    for (int i = 0; i < count; i++) receive((int)ready[i].data.u32, depth);
  }
}

static uint32_t quantile(double q) {
  uint64_t below = 0, wanted = (uint64_t)(q * (double)answers);
  for (uint32_t us = 0; us < LONGEST_US; us++) {
    below += histogram[us];
    if (below > wanted) return us;
  }
  return LONGEST_US;
}

int main(int argc, char **argv) {
  if (argc != 7) return 2;
  int count = atoi(argv[2]), depth = atoi(argv[3]), on = 1;
  if (count < 1 || count > MOST || depth < 1 || depth > DEEPEST) return 2;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if ((poller = epoll_create1(0)) < 0) die("epoll_create1");
  for (int i = 0; i < count; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[i].fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
  }
  for (int i = 0; i < count; i++) send_lines(i, depth);
  run_for(depth, (uint64_t)atoi(argv[4]) * 1000000u);
  memset(histogram, 0, sizeof histogram);
  longest = answers = 0;
  clockid_t server;
  if (clock_getcpuclockid(atoi(argv[6]), &server) != 0) die("clock_getcpuclockid");
  uint64_t start = now_ns(), own = read_ns(CLOCK_PROCESS_CPUTIME_ID), theirs = read_ns(server);
  run_for(depth, (uint64_t)atoi(argv[5]) * 1000000u);
  double ns = (double)(now_ns() - start);
  double share = (double)(read_ns(CLOCK_PROCESS_CPUTIME_ID) - own) / ns;
  double server_ms = (double)(read_ns(server) - theirs) / 1e6;
  printf("{\"answers\":%llu,\"ms\":%.3f,\"p50\":%u,\"p99\":%u,\"max\":%llu,\"share\":%.3f,\"serverMs\":%.3f}\n",
         (unsigned long long)answers, ns / 1e6, quantile(.5), quantile(.99), (unsigned long long)longest, share, server_ms);
  return 0;
}
