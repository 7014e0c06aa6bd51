#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# klog.sh [FILE...]: prints what a healthy kernel would not have written to its
# log, with some lines around it. Fails if there is any.

complaints='WARNING:|BUG:|kernel BUG at|Oops|Kernel panic|general protection'
complaints+='|KASAN|KCSAN|UBSAN|KFENCE|INFO: task .* blocked|rcu: INFO:|rcu:.* stall'
complaints+='|INFO: (possible|lockdep|trying to register|HARDIRQ|SOFTIRQ)'
complaints+='|possible (circular|recursive) locking|suspicious RCU|lock held when'
complaints+='|(soft|hard) (lockup|LOCKUP)|scheduling while atomic'
complaints+='|sleeping function called|unable to handle|divide error|double fault'
complaints+='|refcount_t:|(list_add|list_del) corruption|Bad page (state|map)'
complaints+='|Bad rss-counter|[Oo]bjects remaining|page allocation failure'
complaints+='|VM_FAULT_OOM leaked|kmemleak: [0-9]+ new|stack-protector|stack guard'

# Said at boot on some processors, and not about us.
harmless='Unprivileged eBPF'

! cat -- "$@" | grep -av "$harmless" | grep -aE -B 2 -A 25 "$complaints"
