// SPDX-License-Identifier: GPL-2.0
/*
 * The report in debugfs: for people, so its words are looked for and not its
 * layout.
 */
#include "kselftest_harness.h"
#include "lib.h"

#include <regex.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define DEBUGFS		"/sys/kernel/debug"
#define REPORT		DEBUGFS "/vcpunuma/report"
#define TEXT_SIZE	(4 * MIB)

FIXTURE(report) {
	int fd;
	char *text;
	struct vn_set all;
};

/* All of the file, read by so many bytes at a time; the length or -errno. */
static long read_report(char *text, size_t chunk)
{
	int fd = open(REPORT, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (len < TEXT_SIZE - 1) {
		size_t room = TEXT_SIZE - 1 - len;

		n = read(fd, text + len, room < chunk ? room : chunk);
		if (n < 0) {
			n = -errno;
			close(fd);
			return n;
		}
		if (!n)
			break;
		len += n;
	}
	close(fd);
	text[len] = 0;
	return len;
}

/* How many times an extended regular expression is found. */
static int count(const char *text, const char *format, ...)
{
	char pattern[1024];
	regmatch_t match;
	regex_t regex;
	va_list args;
	int n = 0;

	va_start(args, format);
	vsnprintf(pattern, sizeof(pattern), format, args);
	va_end(args);
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE))
		return -1;
	while (!regexec(&regex, text, 1, &match, n ? REG_NOTBOL : 0)) {
		n++;
		text += match.rm_eo > 0 ? match.rm_eo : 1;
	}
	regfree(&regex);
	return n;
}

FIXTURE_SETUP(report)
{
	if (access(DEBUGFS "/vcpunuma", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	vn_getaffinity(0, &self->all);
	self->text = malloc(TEXT_SIZE);
	ASSERT_NE(NULL, self->text);
	self->fd = vn_open();
}

FIXTURE_TEARDOWN(report)
{
	close(self->fd);
	free(self->text);
}

#define report_read() \
	ASSERT_LT(0, read_report(self->text, 65536))

static long child_open(void *unused, int fd)
{
	(void)unused;
	(void)fd;
	fd = open(REPORT, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

TEST_F(report, for_root_only)
{
	struct vn_child c;
	struct stat st;

	ASSERT_EQ(0, stat(REPORT, &st));
	EXPECT_EQ(0400, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	vn_child_start(&c);
	EXPECT_LE(0, vn_child_call(&c, child_open, NULL, -1));
	ASSERT_EQ(0, vn_child_call(&c, vn_child_drop, (void *)VN_NOBODY, -1));
	EXPECT_EQ(-EACCES, vn_child_call(&c, child_open, NULL, -1));
	vn_child_stop(&c);
}

TEST_F(report, nodes)
{
	const struct vn_host *host = vn_host();
	int node;

	report_read();
	for (node = -1; vn_set_step(&host->online, &node);) {
		unsigned int distance[VN_NODES];
		char row[800] = "";
		int n, len = 0;

		EXPECT_LE(1, count(self->text, "[Nn]ode +%d", node)) {
			TH_LOG("node %d in:\n%s", node, self->text);
		}
		n = vn_distances(node, distance, VN_NODES);
		for (int i = 0; i < n && len < 700; i++)
			len += sprintf(row + len, "%s%u", i ? "[ ,]+" : "",
				       distance[i]);
		EXPECT_LE(1, count(self->text, "%s", row)) {
			TH_LOG("distances of node %d in:\n%s", node,
			       self->text);
		}
	}
	for (node = -1; vn_set_step(&host->has_memory, &node);) {
		long long total = vn_meminfo(node, "MemTotal") / MIB;

		/* used / total MiB and percent; total rounded somehow */
		EXPECT_LE(1, count(self->text,
				   "[Nn]ode +%d\\>.*(%lld|%lld)[. ].*MiB.*%%",
				   node, total, total + 1)) {
			TH_LOG("%lld MiB of node %d in:\n%s", total, node,
			       self->text);
		}
	}
}

TEST_F(report, vcpus)
{
	struct vn_thread t[3];
	int cpu;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		cpu = vn_set_nth(&self->all, i % vn_set_weight(&self->all));
		vn_thread_start(&t[i]);
		vn_bind_cpu(self->fd, 40 + i, cpu, t[i].tid);
	}
	report_read();
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		cpu = vn_set_nth(&self->all, i % vn_set_weight(&self->all));
		EXPECT_EQ(1, count(self->text,
				   "vCPU +%zu -> CPU +%d +\\(Node %d\\)",
				   40 + i, cpu, vn_host()->node_of[cpu])) {
			TH_LOG("vCPU %zu, CPU %d, in:\n%s", 40 + i, cpu,
			       self->text);
		}
		vn_thread_stop(&t[i]);
	}
	close(self->fd);
	self->fd = -1;
	report_read();
	EXPECT_EQ(0, count(self->text, "vCPU +40"));
}

TEST_F(report, owner)
{
	int fd;

	ASSERT_EQ(0, prctl(PR_SET_NAME, "Xw9-owner"));
	fd = vn_open();
	vn_bind_cpu(fd, 3, vn_set_first(&self->all), 0);
	report_read();
	EXPECT_LE(1, count(self->text, "%d.*Xw9-owner|Xw9-owner.*%d",
			   getpid(), getpid())) {
		TH_LOG("pid %d in:\n%s", getpid(), self->text);
	}
	close(fd);
	report_read();
	EXPECT_EQ(0, count(self->text, "Xw9-owner"));
}

/* A name is text from a user: what is no text must not get into the report. */
TEST_F(report, strange_name)
{
	int fd;

	ASSERT_EQ(0, prctl(PR_SET_NAME, "a\nvCPU 9\033[2J%s"));
	fd = vn_open();
	vn_bind_cpu(fd, 3, vn_set_first(&self->all), 0);
	report_read();
	EXPECT_EQ(0, count(self->text, "^vCPU 9"));
	EXPECT_EQ(NULL, strchr(self->text, '\033'));
	close(fd);
}

/* However it is read, while nothing changes it is the same. */
TEST_F(report, pieces)
{
	static const size_t chunks[] = { 1, 7, 333, 4095, 65536 };
	struct vn_thread t[4];
	int fds[10];
	char *whole;
	long len;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		vn_thread_start(&t[i]);
		vn_bind_cpu(self->fd, i, vn_set_first(&self->all), t[i].tid);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = vn_open();
		ASSERT_EQ(0, __vn_configure(fds[i], 8, 0, NULL));
	}
	whole = malloc(TEXT_SIZE);
	ASSERT_NE(NULL, whole);
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++) {
		char *p;

		/*
		 * Free memory may change from one reading to the next, so only
		 * the lines of vCPUs must agree to the letter.
		 */
		len = read_report(whole, 65536);
		ASSERT_LT(0, len);
		ASSERT_LT(0, read_report(self->text, chunks[i]));
		for (p = strstr(whole, "vCPU "); p; p = strstr(p + 1, "vCPU ")) {
			char line[256];

			snprintf(line, sizeof(line), "%.*s",
				 (int)strcspn(p, "\n"), p);
			EXPECT_NE(NULL, strstr(self->text, line)) {
				TH_LOG("%zu bytes at a time: no %s",
				       chunks[i], line);
			}
		}
		EXPECT_EQ(count(whole, "^"), count(self->text, "^"));
		EXPECT_EQ(count(whole, "vCPU"), count(self->text, "vCPU"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		vn_thread_stop(&t[i]);
	free(whole);
}

#define MANY	60

TEST_F(report, many)
{
	static struct vn_thread t[MANY];
	int fds[MANY];
	int n = vn_set_weight(&self->all);

	for (int i = 0; i < MANY; i++) {
		vn_thread_start(&t[i]);
		fds[i] = vn_open();
		vn_bind_cpu(fds[i], 100 + i, vn_set_nth(&self->all, i % n),
			    t[i].tid);
	}
	report_read();
	for (int i = 0; i < MANY; i++) {
		int cpu = vn_set_nth(&self->all, i % n);

		EXPECT_EQ(1, count(self->text,
				   "vCPU +%d -> CPU +%d +\\(Node %d\\)",
				   100 + i, cpu, vn_host()->node_of[cpu]));
	}
	for (int i = 0; i < MANY; i++) {
		close(fds[i]);
		vn_thread_stop(&t[i]);
	}
}

/* VMs come and go while it is read: it ends, and tells each VM but once. */
TEST_F(report, changing)
{
	int fds[MANY];
	int fd, n = 0, reads = 0;
	size_t len = 0;
	ssize_t got;

	for (int i = 0; i < MANY; i++) {
		fds[i] = vn_open();
		ASSERT_EQ(0, __vn_configure(fds[i], 2, 0, NULL));
	}
	fd = open(REPORT, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	while ((got = read(fd, self->text + len, 50)) > 0 && reads++ < 20000) {
		len += got;
		if (n < MANY) {
			close(fds[n++]);
			if (n % 3 == 0)
				fds[n - 1] = vn_open();
			else
				fds[n - 1] = -1;
		}
	}
	EXPECT_EQ(0, got);
	for (int i = 0; i < MANY; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	/* From the beginning once more. */
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_LT(0, read(fd, self->text, 50));
	close(fd);
}

TEST_F(report, memory)
{
	int node = vn_set_first(&vn_host()->has_memory);
	int mem;

	mem = vn_mem_create(self->fd, VCPUNUMA_MEM_POPULATE, 24 * MIB, node,
			    0);
	report_read();
	EXPECT_LE(1, count(self->text, "\\<24(\\.0+)? MiB")) {
		TH_LOG("24 MiB of a VM in:\n%s", self->text);
	}
	close(mem);
}

/* Root may open it for writing all the same, but there is nothing to write. */
TEST_F(report, not_written_to)
{
	int fd = open(REPORT, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	EXPECT_EQ(-1, write(fd, "x", 1));
	close(fd);
}

TEST_HARNESS_MAIN
