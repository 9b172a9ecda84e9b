# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Builds out of the tree, in ./build or where BUILD says.

# build [CONFIGURE-OPTION]... : brings BUILD up to date.
build() {
	case $TOP in
	*[!A-Za-z0-9_./+,@=-]*) fail "autotools cannot build in '$TOP': move the tree to a path without blanks and the like" ;;
	esac
	mkdir -p "$LOG_DIR" "$BUILD" || fail "cannot make $LOG_DIR"
	# Held by make as well, so that one run never builds into the other, not even after a kill.
	exec 9>"$BUILD/lock"
	if ! flock -n 9; then
		say "waiting for another build in $BUILD"
		ended_with_us flock 9
	fi
	configure_build "$@"
	say "builds in $BUILD"
	ended_with_us make -C "$BUILD" -j"$(nproc)" >"$LOG_DIR/make.log" 2>&1 ||
		fail_log 'the build failed' "$LOG_DIR/make.log"
	exec 9>&-
}

# The last thing that happens to a configured build is the note of its options: no note, no build.
# Later changes of configure.ac and the like are make's business.
configure_build() {
	local note=$BUILD/configured
	if [[ -e $note && -e $BUILD/Makefile && -x $TOP/configure ]]; then
		# A build with more warnings than asked for is as good; one with less is made anew.
		[[ $(<"$note") == "$*" || $# == 0 ]] && return
		ended_with_us make -C "$BUILD" clean >"$LOG_DIR/make.log" 2>&1
	fi
	rm -f "$note"
	# Made anew, it would make other builds configure themselves anew.
	if [[ $BUILD == "$TOP/build" || ! -x $TOP/configure ]]; then
		say 'makes the configure script'
		ended_with_us env -C "$TOP" autoreconf -fi >"$LOG_DIR/autoreconf.log" 2>&1 ||
			fail_log 'autoreconf failed' "$LOG_DIR/autoreconf.log"
	fi
	say "configures${*:+ with $*}"
	ended_with_us env -C "$BUILD" "$(realpath --relative-to="$BUILD" "$TOP")/configure" "$@" >"$LOG_DIR/configure.log" 2>&1 ||
		fail_log 'configure failed' "$LOG_DIR/configure.log"
	echo "$*" >"$note"
}

# Runs a command that gets SIGTERM when this script is killed.  No subshell may stand between.
ended_with_us() {
	setpriv --pdeathsig TERM "$@"
}
