/*
 * Many clients at once, until standard input ends: crowd PATH COUNT readers|silent
 * `silent` connect and say nothing; a line says that all are there.
 * `readers` follow the events: for each token a line of the moments, in ns, at which its last byte reached each of them.
 * One that is closed by the server ends it all.
 */
#include "common.h"

#define CONNECTING 64

static const char REQUEST[] = "GET /v1/token/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char EVENT[] = "event: token\n";
#define EVENT_LENGTH (sizeof EVENT - 1)

struct reader {
	int fd;
	/* Bytes of EVENT that have come; all of them: inside an event, whose end is an empty line. */
	size_t matched;
	char previous;
};

static unsigned long crowd, told;
static uint64_t *told_ns;

static void note_told(uint64_t at_ns)
{
	told_ns[told++] = at_ns;
	if (told < crowd) return;
	for (unsigned long index = 0; index < crowd; index++)
		printf("%llu%c", (unsigned long long)told_ns[index], index + 1 < crowd ? ' ' : '\n');
	fflush(stdout);
	told = 0;
}

static void feed(struct reader *reader, const char *bytes, const char *end, uint64_t at_ns)
{
	while (bytes < end) {
		char byte = *bytes++;
		if (reader->matched < EVENT_LENGTH) {
			reader->matched = byte == EVENT[reader->matched] ? reader->matched + 1 : byte == EVENT[0];
		} else if (byte == '\n' && reader->previous == '\n') {
			reader->matched = 0;
			note_told(at_ns);
		} else if (byte != '\n') {
			const char *next = memchr(bytes, '\n', (size_t)(end - bytes));
			bytes = next == NULL ? end : next;
		}
		reader->previous = byte;
	}
}

static void open_reader(struct reader *reader, const char *path, int epoll, int is_silent)
{
	static const struct timespec pause = { .tv_nsec = 2000000 };
	while ((reader->fd = connect_to(path)) < 0) {
		if (errno != EAGAIN) die(path);
		nanosleep(&pause, NULL);
	}
	if (!is_silent) write_whole(reader->fd, REQUEST, sizeof REQUEST - 1);
	watch(epoll, reader->fd, reader);
}

int main(int count, char **arguments)
{
	if (count != 4) {
		fprintf(stderr, "usage: crowd PATH COUNT readers|silent\n");
		return 2;
	}
	crowd = strtoul(arguments[2], NULL, 10);
	int is_silent = strcmp(arguments[3], "silent") == 0;
	allow_many_files();
	struct reader *readers = calloc(crowd + 1, sizeof *readers);
	told_ns = calloc(crowd + 1, sizeof *told_ns);
	if (readers == NULL || told_ns == NULL) die("memory");
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(epoll, STDIN_FILENO, NULL);

	static char bytes[1 << 18];
	for (unsigned long opened = 0;;) {
		for (unsigned long batch = 0; opened < crowd && batch < CONNECTING; batch++)
			open_reader(&readers[opened++], arguments[1], epoll, is_silent);
		if (is_silent && opened == crowd && told++ == 0) {
			puts("connected");
			fflush(stdout);
		}
		struct epoll_event events[512];
		int ready = epoll_wait(epoll, events, 512, opened < crowd ? 1 : -1);
		for (int index = 0; index < ready; index++) {
			struct reader *reader = events[index].data.ptr;
			ssize_t length = read(reader == NULL ? STDIN_FILENO : reader->fd, bytes, sizeof bytes);
			if (length <= 0 && reader == NULL) return 0;
			if (length <= 0) die("a connection of the crowd");
			if (reader != NULL && !is_silent) feed(reader, bytes, bytes + length, now_ns());
		}
	}
}
