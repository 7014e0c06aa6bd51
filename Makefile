# SPDX-License-Identifier: GPL-2.0
#
# Everything is made below BUILD; the module once for each kernel, from links to
# its sources, so that several kernels live side by side and the source tree
# stays clean.

BUILD	?= $(CURDIR)/build
KERNEL	?= 6.1
PREFIX	?= /usr/local
DESTDIR	?=
# Test and guest: see selftests/guest
T	?=
TOPO	?=
APPEND	?=

GUEST	:= selftests/guest
QUIET	:= $(if $(V),,-s)
JOBS	:= $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

# The kernel to build for: the running one, else the guest's.
ifndef KDIR
KDIR	:= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
		$(shell d=$$($(GUEST)/kernel.sh -n $(KERNEL)) && echo $$d/headers))
endif
UTSRELEASE := $(KDIR:%=%/include/generated/utsrelease.h)
KVER	:= $(if $(KDIR),$(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(UTSRELEASE)))
MODULE	:= $(BUILD)/$(KVER)/module
# What the kernel's headers come with if this machine's compiler will not do.
TOOLCHAIN := $(wildcard $(KDIR)/toolchain/run)

# Kbuild of one directory of links: $(call kbuild,DIRECTORY,ARGUMENTS[,SOURCES])
SOURCES	:= $(CURDIR)/Kbuild $(CURDIR)/kmod $(CURDIR)/uapi
kbuild	= mkdir -p $(1) && \
	  cp -rsf $(or $(3),$(SOURCES)) $(1)/ && \
	  find $(1) -xtype l -delete && \
	  $(TOOLCHAIN) $(MAKE) $(QUIET) $(JOBS) -C $(KDIR) M=$(1) $(NO_BTF) $(2)
# Type information for BPF needs the kernel itself and pahole, signing needs the
# kernel's key: where they are not, do not try.
NO_BTF	= $(if $(and $(wildcard $(KDIR)/vmlinux), \
		$(shell $(TOOLCHAIN) sh -c 'command -v pahole')),, \
		CONFIG_DEBUG_INFO_BTF_MODULES=)
NO_SIGN	= $(if $(wildcard $(KDIR)/certs/signing_key.*),,CONFIG_MODULE_SIG_ALL=)

export BUILD KERNEL

all: module userspace selftests	## build everything (default)

help:				## list the targets
	@echo "Targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20
	@echo "Variables:"
	@echo "  KDIR=DIR          kernel to build the module for: $(or $(KDIR),none found)"
	@echo "  KERNEL=VERSION    kernel of the guests: 6.1, 6.12, 7.3; debug: with every checker"
	@echo "  TOPO=NAME         topology of the guest; test: all of them unless given"
	@for t in $(GUEST)/topologies/*; do \
		printf '      %-12s' $${t##*/}; sed -n '1s/^# *//p' $$t; done
	@echo "  T=NAMES           test, storm, bench: these programs only"
	@echo "  APPEND=OPTIONS    test, storm: more for the kernel's command line"
	@echo "  PREFIX= DESTDIR= INSTALL_MOD_PATH=    where to install; V=1 shows commands"

# ---- Build ----

module: need-kdir $(MODULE)/vcpunuma.ko	## build the module

# Kbuild takes a second to find out that there is nothing to do.
$(MODULE)/vcpunuma.ko: Kbuild $(shell find kmod uapi -name '*.[ch]') $(UTSRELEASE)
	@echo "  module for $(KVER)"
	@$(call kbuild,$(MODULE),modules)
	@touch $@

userspace: need-gcc		## build the library, vcpunumactl and the examples
	@echo "  userspace"
	@$(MAKE) $(QUIET) $(JOBS) -C userspace BUILD=$(BUILD)/userspace

selftests: need-gcc		## build the tests
	@echo "  selftests"
	@mkdir -p $(BUILD)/selftests
	@$(MAKE) $(QUIET) $(JOBS) -C selftests OUTPUT=$(BUILD)/selftests

install: module userspace	## install the module, the library and the tools
	$(MAKE) -C $(KDIR) M=$(MODULE) $(NO_SIGN) modules_install
	@# Debian's headers lack the System.map that kbuild wants for this.
	$(if $(INSTALL_MOD_PATH),,depmod $(KVER))
	$(MAKE) -C userspace BUILD=$(BUILD)/userspace PREFIX=$(PREFIX) \
		DESTDIR=$(DESTDIR) install

clean:				## remove everything built
	rm -rf $(BUILD)

need-gcc:
	@command -v gcc >/dev/null || { echo "vcpunuma: no gcc: run 'make deps'" >&2; exit 1; }

need-kdir: need-gcc
	@[ -n "$(KDIR)" ] || { echo "vcpunuma: no kernel to build for: there is no" \
		"/lib/modules/$$(uname -r)/build. Run 'make deps', which fetches the" \
		"guest's, or give KDIR=" >&2; exit 1; }
	@[ -n "$(KVER)" ] || { echo "vcpunuma: $(KDIR) is not a kernel ready to" \
		"build modules for" >&2; exit 1; }

# ---- Guests ----

deps:				## install what is needed to build and test (Debian 12)
	@echo "  dependencies"
	@$(GUEST)/deps.sh $(KERNEL) $(filter abi bench check,$(MAKECMDGOALS))

# What a guest runs is built for the guest's kernel, whatever the host's is.
guest: deps
	@$(MAKE) --no-print-directory all KDIR="$$($(GUEST)/kernel.sh $(KERNEL))/headers"

demo: guest			## show it at work in a guest
	@$(GUEST)/run.sh -k $(KERNEL) $(TOPO:%=-t %) $(GUEST)/demo.sh

test: guest			## run the tests in guests
	@$(GUEST)/test.sh -k $(KERNEL) $(TOPO:%=-t %) -a "$(APPEND)" $(T)

storm: guest			## the storms at full length: an hour or so (TOPO=4node)
	@$(GUEST)/test.sh -s -k $(KERNEL) -t $(or $(TOPO),4node) -a "$(APPEND)" $(T)

shell: guest			## a shell in a guest, with the module loaded
	@$(GUEST)/run.sh -i -k $(KERNEL) $(TOPO:%=-t %) $(GUEST)/guest-shell

check: guest			## look for mistakes without running anything
	@$(GUEST)/../check.sh "$$($(GUEST)/kernel.sh $(KERNEL))/headers"

abi: deps			## record the interfaces anew, after an addition
	@$(MAKE) --no-print-directory userspace
	@selftests/abi/abi.sh record $(BUILD)/userspace/lib/libvcpunuma.so

# Best with KERNEL=debug, which tells it what the module has reached.
fuzz: deps			## fuzz the module in a guest, SECONDS=60
	@selftests/fuzz/fuzz.sh --seconds $(or $(SECONDS),60) --kernel $(KERNEL) \
		$(SEED:%=--seed %) $(EXECS:%=--execs %)

fuzz-repro: deps		## replay what the fuzzer found, F=FILE
	@selftests/fuzz/fuzz.sh --repro "$(F)" --kernel $(KERNEL)

coverage:			## which lines of the module the tests reach
	@$(GUEST)/deps.sh debug
	@selftests/coverage/coverage.sh $(TOPO:%=-t %) $(T)

bench: guest			## measure, us and others in the same guests (T=)
	@$(MAKE) --no-print-directory bench-floor \
		KDIR="$$($(GUEST)/kernel.sh $(KERNEL))/headers"
	@selftests/bench/guest/bench.sh -k $(KERNEL) $(T)
	@[ -n "$(T)" ] || $(MAKE) --no-print-directory bench-core

# A module that measures what the kernel itself takes
FLOOR	:= $(CURDIR)/selftests/bench/guest/floor
bench-floor: need-kdir
	@$(call kbuild,$(BUILD)/$(KVER)/floor,W=1 modules,$(FLOOR)/Kbuild $(FLOOR)/floor.c)

# ---- Placement core and planner, without guests ----

test-core: need-gcc		## test the placement core and the planner, in seconds
	@$(MAKE) $(QUIET) $(JOBS) -C selftests/core BUILD=$(BUILD)/test-core run

bench-core: need-gcc		## instructions of a decision, over 1 to 1,024 nodes
	@$(MAKE) $(QUIET) $(JOBS) -C selftests/core BUILD=$(BUILD)/test-core count

bench-plan: userspace		## quality of placements, against others (minutes)
	@selftests/bench/bench.py $(BENCH) $(BUILD)/userspace/vcpunumactl

# W=1 shows its warnings only for what it compiles, hence from nothing.
module-check: need-kdir
	@rm -rf $(BUILD)/$(KVER)/check
	@$(call kbuild,$(BUILD)/$(KVER)/check,W=1 $(CHECK_WITH) modules)

# The same with clang, which sees other things.
module-clang: need-kdir		## build the module with clang, to look for mistakes
	@$(GUEST)/deps.sh $(KERNEL) module-clang
	@selftests/clang-headers.sh $(KDIR) $(BUILD)/$(KVER)/clang
	@$(MAKE) --no-print-directory module-check KDIR=$(BUILD)/$(KVER)/clang \
		CHECK_WITH=CC=clang

.PHONY: all help module userspace selftests install clean need-gcc need-kdir \
	deps guest demo test storm shell bench check abi fuzz fuzz-repro coverage \
	test-core bench-core bench-floor bench-plan module-check module-clang
