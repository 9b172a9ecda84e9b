# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The Debian packages that ./quickstart needs: which, what for, and how they come in without
# starting a public name server or database.

# Package, and what for.
# shellcheck disable=SC2034  # the lists are named by ./quickstart and check.sh
BUILD_PACKAGES='
gcc                    the compiler
make                   the build
autoconf               the build
automake               the build
libtool                the build
pkgconf                the build
libc6-dev              headers of the C library
bind9-dev              headers of named, for the module
libpq-dev              PostgreSQL client library
liburcu-dev            the mirror of the module, read without locks
libmicrohttpd-dev      HTTP server of the gateway
libgnutls28-dev        TLS of that server
libssl-dev             HMAC, AES-GCM and random numbers
libknot-dev            DNS messages, and record data from text
libconfuse-dev         configuration file of the gateway
libjansson-dev         JSON
libcrypt-dev           hashes of account passwords
libidn2-dev            names in other scripts
libcmocka-dev          unit tests
'
RUN_PACKAGES='
bind9                  named and rndc
bind9-dnsutils         dig and nsupdate
postgresql-15          the database
curl                   the demo update
python3                starts and ends the servers
util-linux             setpriv, flock
'
CHECK_PACKAGES='
postgresql-15-pgtap    SQL tests
libtap-parser-sourcehandler-pgtap-perl  SQL tests: pg_prove
python3-pytest         system tests
python3-pytest-xdist   system tests, several at once
python3-dnspython      system tests: DNS
python3-psycopg2       system tests: PostgreSQL
dnsperf                system tests: load
chromium               system tests: what a browser makes of redirects
git                    system tests: a sandbox in a fresh clone
iproute2               system tests: network namespaces
knot-dnsutils          clients at the DNS door: knsupdate
ddclient               clients at both doors
libio-socket-ssl-perl  clients at the HTTP door: ddclient with HTTPS
inadyn                 clients at the HTTP door
wget                   clients at the HTTP door
isc-dhcp-server        clients at the DNS door: dhcpd
kea-dhcp-ddns-server   clients at the DNS door: D2
lego                   clients at the DNS door: certificates
certbot                clients at the DNS door: certificates
python3-certbot-dns-rfc2136  clients at the DNS door: the plugin of certbot
python3-cryptography   system tests: certificates
'

# missing_packages LIST... : the packages of these lists that are not installed.
missing_packages() {
	local package
	awk 'NF { print $1 }' <<<"$*" | while read -r package; do
		[[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
	done
}

# install_packages LIST... : installs what is missing of these lists, as root or by sudo.
install_packages() {
	local -a missing as_root=()
	command -v dpkg-query >/dev/null || fail 'this is no Debian system: dpkg-query is not there'
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]})) || return 0
	if ((EUID != 0)); then
		command -v sudo >/dev/null ||
			fail "these packages are missing: ${missing[*]}" \
				'have root run apt-get install with them, and start again'
		as_root=(sudo)
	fi
	say "installs ${#missing[@]} Debian packages: ${missing[*]}"
	say 'meanwhile /usr/sbin/policy-rc.d refuses to start services, and postgresql-common makes no cluster; both are undone afterwards'
	mkdir -p "$LOG_DIR"
	"${as_root[@]}" "$TOP/tests/sandbox/apt-quietly" "${missing[@]}" >"$LOG_DIR/apt.log" 2>&1 ||
		fail_log 'apt-get did not install the packages' "$LOG_DIR/apt.log"
	say "installed; Debian enables named at the next boot: 'systemctl disable --now named' if you do not want that"
}
