#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The module shows named its entry points and nothing else, and cannot end its host.
set -u
module=${DDNS_MODULE:-.libs/dlz_ddns.so}
failed=0

# check NAME UNWANTED : one case; UNWANTED is empty when all is well.
check() {
	number=$((${number:-0} + 1))
	if [ -z "$2" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		echo "# $2"
		failed=1
	fi
}

test -e "$module" || { echo "# no $module"; exit 1; }
if nm -D "$module" | grep -q ' U __asan_init'; then
	echo '1..0 # SKIP a build with sanitizers brings symbols of theirs'
	exit 77
fi
echo 1..3
check 'exports only dlz_*' "$(nm -D --defined-only "$module" | awk '$3 !~ /^dlz_/ {print $3}')"
check 'refers to nothing that ends the process' "$(nm -D --undefined-only "$module" |
	awk '{sub(/@.*/, "", $2); print $2}' |
	grep -x -e exit -e _exit -e _Exit -e quick_exit -e abort -e __assert_fail -e raise -e kill)"
check 'needs no library of BIND' "$(objdump -p "$module" | awk '$1 == "NEEDED" {print $2}' |
	grep -v -x -e 'libpq\.so.*' -e 'liburcu-.*' -e 'libc\.so.*' -e 'libpthread\.so.*' \
		-e 'ld-linux.*' -e 'libdl\.so.*')"
exit $failed
