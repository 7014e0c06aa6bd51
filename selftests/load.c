// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded, and something in it fails: nothing of it stays, and it
 * can be loaded again.
 */
#include "kselftest_harness.h"
#include "figures.h"
#include "inject.h"

/*
 * The module's own part comes late, before what the kernel does without if it
 * must: so many failures from the end on have all of it, and some before.
 */
#define FAILURES	80
#define MANY		10000000

/* In what the kernel does without it is enough to look here and there. */
#define STRIDE		8

FIXTURE(load) {
	struct vn_before before;
	int file;		/* vcpunuma.ko, or -1 */
};

FIXTURE_SETUP(load)
{
	self->file = vn_module_open();
	vn_before_read(&self->before);
}

FIXTURE_TEARDOWN(load)
{
	inject_end();
	/* The programs after this one need it. */
	if (vn_module_refs() < 0)
		__vn_module_load(self->file);
	close(self->file);
}

/* Loads it while the nth thing fails: what failed, and @err. */
static int load(int file, unsigned int nth, int *err, int *left)
{
	int armed = inject_arm(nth);

	if (armed)
		return armed;
	*err = __vn_module_load(file);
	*left = inject_left();
	return inject_disarm();
}

TEST_F_TIMEOUT(load, something_fails, 1200)
{
	int err = 0, left = 0, all, nth, failed = 0, tolerated = 0;
	int step = STRIDE;
	const char *missing = inject_begin();

	if (missing)
		SKIP(return, "%s", missing);
	if (self->file < 0)
		SKIP(return, VN_NO_MODULE_FILE);
	ASSERT_EQ(0, __vn_module_remove());
	ASSERT_EQ(INJECT_NOTHING, load(self->file, MANY, &err, &left));
	ASSERT_EQ(0, err);
	ASSERT_LT(0, left);
	all = MANY - left;

	for (nth = all; nth > 0 && failed < FAILURES; nth -= step) {
		int what;

		if (vn_module_refs() >= 0)
			ASSERT_EQ(0, __vn_module_remove());
		what = load(self->file, nth, &err, &left);
		ASSERT_LE(0, what);
		if (!err) {
			tolerated++;
			continue;
		}
		failed++;
		/* From the last one on, which may have been passed over */
		if (step > 1) {
			nth = nth + STRIDE > all ? all + 1 : nth + STRIDE;
			step = 1;
			failed = 0;
			continue;
		}
		ASSERT_NE(INJECT_NOTHING, what) {
			TH_LOG("%s", strerror(-err));
		}
		EXPECT_EQ(what == INJECT_USERCOPY ? -EFAULT : -ENOMEM, err) {
			TH_LOG("%s", strerror(-err));
		}
		EXPECT_EQ(-1, vn_module_refs());
		EXPECT_EQ(-ENOENT, __vn_open());
		EXPECT_NE(0, access("/sys/kernel/debug/vcpunuma", F_OK));
	}
	vn_note("%d points in all, the last %d looked at: %d failed, %d were tolerated",
		all, all - nth, failed, tolerated);
	EXPECT_EQ(FAILURES, failed);
	if (vn_module_refs() < 0)
		ASSERT_EQ(0, __vn_module_load(self->file));
	EXPECT_STREQ("", vn_not_back(&self->before));
}

TEST_HARNESS_MAIN
