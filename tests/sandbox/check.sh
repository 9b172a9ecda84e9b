# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# ./quickstart check: every test there is, each phase counted, the sum as the last line.

# check : its exit status is 0 when every phase ran and nothing failed.
check() {
	local total_passed=0 total_failed=0 started=$SECONDS
	# Each phase is a process of its own that leaves its two counts in this file.
	COUNTS=$(mktemp) || exit 1
	export COUNTS
	trap 'rm -f "$COUNTS"' EXIT
	if phase setup; then
		phase unit
		phase database
		phase sql
		phase system
		phase sanitizers
	fi
	printf 'quickstart: %d s in all; tests/README says how to run one test\n' $((SECONDS - started))
	printf '%d passed, %d failed\n' "$total_passed" "$total_failed"
	((total_failed == 0))
}

# phase NAME : runs check_NAME, says what came out, and adds to the totals of check.
phase() {
	local name=$1 begin=$SECONDS passed='' failed='' status
	: >"$COUNTS"
	ended_with_us "$TOP/quickstart" "check_$name" ${LONG:+--long}
	status=$?
	read -r passed failed <"$COUNTS"
	passed=${passed:-0} failed=${failed:-0}
	# A phase that could not run, or says it failed without saying what did, is a failure.
	((status == 0 || failed > 0)) || failed=1
	total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed))
	say "$name: $passed passed, $failed failed ($((SECONDS - begin)) s)"
	((failed == 0))
}

# count PASSED FAILED : what a phase has to tell.
count() { printf '%d %d\n' "$1" "$2" >"$COUNTS"; }

# show_failures LOG : where to read, and the end of it.
show_failures() {
	printf 'read %s; its end:\n' "$1" >&2
	tail -n 60 "$1" | sed 's/^/    /' >&2
}

check_setup() {
	warn_of_little_room "$TOP" 2048 'the builds are'
	warn_of_little_room "${TMPDIR:-/tmp}" 1024 "the tests' servers keep their data (TMPDIR names another place)"
	install_packages "$BUILD_PACKAGES$RUN_PACKAGES$CHECK_PACKAGES"
	build --enable-werror
}

# warn_of_little_room DIR MIB WHAT : what then fails says so, but one by one and late.
warn_of_little_room() {
	local room
	room=$(df --output=avail --block-size=1M "$1" | tail -n 1)
	((room >= $2)) || say "there are only $((room)) MiB free in $1, where $3: $2 are wanted"
}

# Unit tests and fuzz corpora.  A program that speaks TAP counts by its cases, any other as one.
check_unit() {
	local log=$LOG_DIR/unit.log status
	say 'runs the unit tests and the fuzz corpora'
	find "$BUILD" -name '*.trs' -delete
	CMOCKA_MESSAGE_OUTPUT=TAP ended_with_us make -C "$BUILD" -k -j"$(nproc)" check >"$log" 2>&1
	status=$?
	local trs program passed=0 failed=0 bad
	while IFS= read -r trs; do
		program=${trs%.trs}
		bad=$(grep -c '^not ok' "$program.log")
		if ! grep -q '^:global-test-result: \(PASS\|SKIP\)' "$trs"; then
			((bad)) || bad=1
			show_failures "$program.log"
		fi
		failed=$((failed + bad))
		passed=$((passed + $(grep -c '^ok' "$program.log")))
		grep -q '^\(not \)\?ok' "$program.log" || passed=$((passed + (bad == 0)))
	done < <(find "$BUILD" -name '*.trs')
	if ((status && !failed)); then show_failures "$log"; fi
	count $passed $failed
	return $status
}

# Unit tests of what speaks to the database, each with a private cluster.
check_database() {
	local log=$LOG_DIR/database.log status
	say 'runs the unit tests that need a database'
	CMOCKA_MESSAGE_OUTPUT=TAP ended_with_us make -C "$BUILD" check-database >"$log" 2>&1
	status=$?
	((status == 0)) || show_failures "$log"
	count "$(grep -c '^ok ' "$log")" "$(grep -c '^not ok ' "$log")"
	return $status
}

# The rules of data, by pgTAP, and the stress test of the contract, on a cluster of their own.
check_sql() {
	local log=$LOG_DIR/sql.log status directory
	say 'runs the SQL tests and the stress test of the contract'
	directory=$(mktemp -d) || return 1
	with_cluster "$directory" "$TOP/tests/sql/run" ${LONG:+--long} >"$log" 2>&1
	status=$?
	rm -rf "$directory"
	((status == 0)) || show_failures "$log"
	# pg_prove tells sums only, the other parts TAP or, the stress test, its own lines
	awk '
		/^Files=/ { sub(/.*Tests=/, ""); tests += $0 + 0 }
		/^[ \t]*Failed [0-9]+\/[0-9]+ subtests/ { sub(/^[ \t]*Failed /, ""); bad += $0 + 0; tests -= $0 + 0 }
		/^ok / || /^stress: seed/ { tests++ }
		/^stress: .*; once more$/ { tests-- }
		/^not ok / || /^stress: FAILED/ { bad++ }
		END { print tests + 0, bad + 0 }' "$log" >"$COUNTS"
	return $status
}

# with_cluster DIR COMMAND... : runs a command with PG* naming a fresh PostgreSQL cluster in DIR.
with_cluster() {
	local directory=$1
	shift
	PYTHONPATH=$TOP/tests/system PYTHONDONTWRITEBYTECODE=1 \
		ended_with_us "$PYTHON" -m ddns --dir "$directory" --build "$BUILD" with-cluster "$@"
}

# Real servers and clients.  The short forms take minutes: what takes more than fifteen hangs, beyond what a
# single test may (system/conftest.py).
check_system() {
	local limit=900
	[[ -z $LONG ]] || limit=0
	say 'runs the system tests'
	run_pytest "$limit" ${LONG:+--long}
}

# The parts that read what strangers and databases send, built with AddressSanitizer and
# UndefinedBehaviorSanitizer; named loads such a module.
SANITIZED_UNITS='addresses basic lookup memory message mirror nic_request proxy query redirect rr tsig'
SANITIZED='
mainjob
ctl/test_ctl_commands.py
http/test_http_input.py
named/test_hostile_rows.py
named/test_stop.py
redirect/test_redirect_hostile.py
rfc2136/test_door.py
rfc2136/test_signatures.py
'
check_sanitizers() {
	local reports status log units passed failed found
	BUILD=$TOP/build/sanitizers LOG_DIR=$LOG_DIR/sanitizers
	build --enable-werror --enable-sanitizers CFLAGS='-g -O1'
	reports=$(mktemp -d) || return 1
	# The servers' own logs go with their directories; what the sanitizers say stays here.
	export ASAN_OPTIONS=log_path=$reports/report UBSAN_OPTIONS=log_path=$reports/report:print_stacktrace=1
	say 'runs a part of the tests with sanitizers'
	# shellcheck disable=SC2086  # words
	units=$(printf 'tests/unit/test_%s ' $SANITIZED_UNITS)
	log=$LOG_DIR/unit.log
	ended_with_us make -C "$BUILD" -k -j"$(nproc)" check TESTS="$units" check_PROGRAMS="$units" >"$log" 2>&1 || show_failures "$log"
	# shellcheck disable=SC2086  # words
	run_pytest 600 $SANITIZED
	status=$?
	read -r passed failed <"$COUNTS"
	passed=$((passed + $(grep -c '^PASS: ' "$log"))) failed=$((failed + $(grep -cE '^(FAIL|ERROR): ' "$log")))
	for found in "$reports"/*; do
		[[ -e $found ]] || continue
		failed=$((failed + 1)) status=1
		cp "$found" "$LOG_DIR" && show_failures "$LOG_DIR/${found##*/}"
	done
	rm -rf "$reports"
	count "$passed" "$failed"
	return $status
}

# run_pytest SECONDS WORD... : runs system tests of BUILD and counts.  Tests of one file share their
# servers, so a file stays with one worker.
run_pytest() {
	local log=$LOG_DIR/system.log results=$LOG_DIR/system.xml status all bad skipped limit=$1
	shift
	rm -f "$results"
	ended_with_us env -C "$TOP/tests/system" DDNS_BUILD="$BUILD" PYTHONDONTWRITEBYTECODE=1 \
		timeout --kill-after 60 "$limit" "$PYTHON" -m pytest -n "$(nproc)" --dist loadfile --durations=15 \
		--junitxml="$results" "$@" >"$log" 2>&1
	status=$?
	((status == 0)) || show_failures "$log"
	[[ -s $results ]] || return 1
	all=$(attribute tests "$results") skipped=$(attribute skipped "$results")
	bad=$(($(attribute failures "$results") + $(attribute errors "$results")))
	((skipped == 0)) || say "$skipped system tests were skipped; $log says why"
	count $((all - skipped - bad)) "$bad"
	return $status
}

# attribute NAME FILE : a number that pytest wrote at the head of its results.
attribute() {
	grep -o "<testsuite [^>]*" "$2" | head -n 1 | sed "s/.* $1=\"\([0-9]*\)\".*/\1/"
}
