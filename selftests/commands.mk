# SPDX-License-Identifier: GPL-2.0
#
# All commands there are, from the uAPI header, as lines VN_COMMAND(NAME): a
# test that makes a table of them does not build while it does not know one.

COMMANDS_MK	:= $(lastword $(MAKEFILE_LIST))
COMMANDS_UAPI	:= $(dir $(COMMANDS_MK))../uapi/linux/vcpunuma.h

$(OUTPUT)/commands.h: $(COMMANDS_UAPI) $(COMMANDS_MK)
	@mkdir -p $(@D)
	sed -n 's/^#define VCPUNUMA_\([A-Z0-9_]*\)[[:space:]]*_IO[RW]*(.*/VN_COMMAND(\1)/p' \
		$< >$@
