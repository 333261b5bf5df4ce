/*
 * Load for a token socket or a local HTTP server, which keeps so many connections busy all the time:
 *   load ingest|http PATH TOTAL CONCURRENCY FIRST
 * ingest: connect, send 2.5 kB of JSON, read OK, see the close; the token numbers FIRST and on.
 * http: GET /v1/token, one after the other on each kept connection; FIRST is not looked at.
 * Prints JSON. `busy` is the part of the time that this program itself was working.
 */
#include "common.h"

#define ACCESS_TOKEN_LENGTH 2440
#define NUMBER_AT (sizeof HEAD - 1)
#define MAX_CONNECTIONS 1024

static const char HEAD[] = "{\"access_token\":\"I0.";
static const char TAIL[] = "@\",\"expires_at\":2000000000}";
static const char REQUEST[] = "GET /v1/token HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct connection {
	int fd;
	uint64_t started_ns;
	size_t have;
	char text[16384];
};

static const char *path;
static int is_http, poller;
static unsigned long total, begun, first;
static unsigned long done;
static uint32_t *took_ns;
static char message[4096];
static size_t message_length;

static void make_message(void)
{
	static const char filler[] = "made-up-token-";
	size_t at = (size_t)sprintf(message, "%s00000000", HEAD);
	for (size_t index = 0; at < NUMBER_AT + ACCESS_TOKEN_LENGTH - 3; index++)
		message[at++] = filler[index % (sizeof filler - 1)];
	strcpy(message + at, TAIL);
	message_length = strlen(message);
}

static void number_message(unsigned long number)
{
	char digits[16];
	snprintf(digits, sizeof digits, "%08lu", number % 100000000);
	memcpy(message + NUMBER_AT, digits, 8);
}

static void begin(struct connection *connection)
{
	number_message(first + begun++);
	connection->have = 0;
	connection->started_ns = now_ns();
	if (is_http) {
		write_whole(connection->fd, REQUEST, sizeof REQUEST - 1);
		return;
	}
	connection->fd = connect_to(path);
	if (connection->fd < 0) die(path);
	write_whole(connection->fd, message, message_length);
	watch(poller, connection->fd, connection);
}

static void end(struct connection *connection)
{
	took_ns[done++] = (uint32_t)(now_ns() - connection->started_ns);
	if (begun < total) begin(connection);
}

/* Whether what was read is a whole answer. */
static int is_answered(struct connection *connection)
{
	connection->text[connection->have] = 0;
	const char *head_end = strstr(connection->text, "\r\n\r\n");
	if (head_end == NULL) return 0;
	const char *length = strcasestr(connection->text, "\r\ncontent-length:");
	if (strncmp(connection->text, "HTTP/1.1 200 ", 13) != 0 || length == NULL || length > head_end) {
		fprintf(stderr, "answered %s\n", connection->text);
		exit(1);
	}
	size_t whole = (size_t)(head_end + 4 - connection->text) + strtoul(length + 17, NULL, 10);
	return connection->have >= whole;
}

static void take(struct connection *connection)
{
	ssize_t count = read(connection->fd, connection->text + connection->have, sizeof connection->text - 1 - connection->have);
	if (count < 0) die("read");
	connection->have += (size_t)count;
	if (is_http) {
		if (count == 0) die("closed");
		if (is_answered(connection)) end(connection);
	} else if (count == 0) {
		if (connection->have != 2 || memcmp(connection->text, "OK", 2) != 0) {
			fprintf(stderr, "replied %.*s\n", (int)connection->have, connection->text);
			exit(1);
		}
		close(connection->fd);
		end(connection);
	}
}

static int by_size(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
	return (a > b) - (a < b);
}

static double processor_ns(void)
{
	struct timespec used;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

int main(int count, char **arguments)
{
	if (count != 6) {
		fprintf(stderr, "usage: load ingest|http PATH TOTAL CONCURRENCY FIRST\n");
		return 2;
	}
	is_http = strcmp(arguments[1], "http") == 0;
	path = arguments[2];
	total = strtoul(arguments[3], NULL, 10);
	unsigned long concurrency = strtoul(arguments[4], NULL, 10);
	first = strtoul(arguments[5], NULL, 10);
	if (total == 0 || concurrency == 0 || concurrency > MAX_CONNECTIONS) return 2;
	took_ns = malloc(total * sizeof *took_ns);
	struct connection *connections = calloc(concurrency, sizeof *connections);
	if (took_ns == NULL || connections == NULL) die("memory");
	make_message();
	poller = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned long index = 0; is_http && index < concurrency; index++) {
		connections[index].fd = connect_to(path);
		if (connections[index].fd < 0) die(path);
		watch(poller, connections[index].fd, &connections[index]);
	}

	double used_ns = processor_ns();
	uint64_t started_ns = now_ns();
	for (unsigned long index = 0; index < concurrency && begun < total; index++) begin(&connections[index]);
	while (done < total) {
		struct epoll_event events[256];
		int ready = epoll_wait(poller, events, 256, 10000);
		if (ready == 0) {
			fprintf(stderr, "nothing came for 10 s\n");
			return 1;
		}
		for (int index = 0; index < ready; index++) take(events[index].data.ptr);
	}
	double seconds = (double)(now_ns() - started_ns) / 1e9;
	used_ns = processor_ns() - used_ns;
	qsort(took_ns, total, sizeof *took_ns, by_size);
	printf("{\"p50Us\":%.2f,\"p99Us\":%.2f,\"perSecond\":%.0f,\"busy\":%.3f}\n", took_ns[total / 2] / 1e3,
	       took_ns[total * 99 / 100] / 1e3, (double)total / seconds, used_ns / 1e9 / seconds);
	return 0;
}
