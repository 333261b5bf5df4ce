/*
 * The least that a C server can do, in one thread with epoll:
 *   bare ingest PATH       read until the JSON closes, answer OK, close
 *   bare targets PATH…     the same for many sockets; when each of them has had one more message, a line says when the last was answered, in ns
 *   bare http PATH FROM    the same bytes to every request: those of the server at the socket FROM
 */
#include "../load/common.h"

struct connection {
	int fd, is_listening;
	size_t have;
	char text[16384];
};

static int poller, tells;
static unsigned long paths, answered;
static char answer[16384];
static size_t answer_length;

static struct connection *new_connection(int fd, int is_listening)
{
	struct connection *connection = malloc(sizeof *connection);
	if (connection == NULL) die("memory");
	connection->fd = fd;
	connection->is_listening = is_listening;
	connection->have = 0;
	watch(poller, fd, connection);
	return connection;
}

static void forget(struct connection *connection)
{
	close(connection->fd);
	free(connection);
}

static void listen_at(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 128) < 0) die(path);
	new_connection(fd, 1);
}

static void accept_all(int fd)
{
	int accepted;
	while ((accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) new_connection(accepted, 0);
	if (errno != EAGAIN && errno != ECONNABORTED) die("accept");
}

/* No JSON is parsed: a token of a message this simple can be cut out where it stands. */
static void serve_ingest(struct connection *connection)
{
	if (connection->text[0] != '{' || connection->text[connection->have - 1] != '}') return;
	if (memmem(connection->text, connection->have, "\"access_token\"", 14) == NULL) die("no token");
	write_whole(connection->fd, "OK", 2);
	forget(connection);
	if (!tells || ++answered % paths != 0) return;
	printf("%llu\n", (unsigned long long)now_ns());
	fflush(stdout);
}

static void serve_http(struct connection *connection)
{
	if (memmem(connection->text, connection->have, "\r\n\r\n", 4) == NULL) return;
	connection->have = 0;
	write_whole(connection->fd, answer, answer_length);
}

static void fetch_answer(const char *path)
{
	static const char request[] = "GET /v1/token HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die(path);
	write_whole(fd, request, sizeof request - 1);
	for (;;) {
		ssize_t count = read(fd, answer + answer_length, sizeof answer - 1 - answer_length);
		if (count <= 0) die("the answer to copy");
		answer_length += (size_t)count;
		const char *head_end = strstr(answer, "\r\n\r\n");
		const char *length = strcasestr(answer, "\r\ncontent-length:");
		if (head_end == NULL || length == NULL) continue;
		if (answer_length >= (size_t)(head_end + 4 - answer) + strtoul(length + 17, NULL, 10)) break;
	}
	close(fd);
}

int main(int count, char **arguments)
{
	int is_http = count == 4 && strcmp(arguments[1], "http") == 0;
	int is_ingest = count == 3 && strcmp(arguments[1], "ingest") == 0;
	tells = count >= 3 && strcmp(arguments[1], "targets") == 0;
	if (!is_http && !is_ingest && !tells) {
		fprintf(stderr, "usage: bare ingest PATH | bare targets PATH… | bare http PATH FROM\n");
		return 2;
	}
	allow_many_files();
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (is_http) fetch_answer(arguments[3]);
	paths = is_http ? 1 : (unsigned long)count - 2;
	for (unsigned long index = 0; index < paths; index++) listen_at(arguments[2 + index]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct epoll_event events[256];
		int ready = epoll_wait(poller, events, 256, -1);
		for (int index = 0; index < ready; index++) {
			struct connection *connection = events[index].data.ptr;
			if (connection->is_listening) {
				accept_all(connection->fd);
				continue;
			}
			ssize_t length = read(connection->fd, connection->text + connection->have, sizeof connection->text - connection->have);
			if (length <= 0) {
				forget(connection);
				continue;
			}
			connection->have += (size_t)length;
			if (is_http) serve_http(connection);
			else serve_ingest(connection);
		}
	}
}
