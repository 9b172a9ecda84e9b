// SPDX-License-Identifier: GPL-3.0-or-later
// The types that can be served and the shape of their rdata.
#include <stdbool.h>
#include <string.h>

#include "sql/client/rdata.h"
#include "sql/client/rr.h"

/*
 * One letter per field; the field functions are in rdata.c:
 *   4 6  address            n  absolute name         b w    number of 8, 16 bits
 *   s    string, at most 255 octets                  S      one or more of them
 *   u v  text of any length, u not empty             g      CAA's tag
 *   x y  hexadecimal, base64 to the end              d      digest of the type before it
 *   e f  EUI-48, EUI-64     L  LOC                   P      service parameters
 *   r    rewrite rule
 */
static const struct type {
	const char *name;
	uint16_t number;
	const char *shape;
} types[] = {
	[RR_A] = {"A", 1, "4"},
	[RR_AAAA] = {"AAAA", 28, "6"},
	[RR_CNAME] = {"CNAME", 5, "n"},
	[RR_DNAME] = {"DNAME", 39, "n"},
	[RR_NS] = {"NS", 2, "n"},
	{"MX", 15, "wn"},
	{"TXT", 16, "S"},
	{"PTR", 12, "n"},
	{"SRV", 33, "wwwn"},
	{"CAA", 257, "bgv"},
	{"HTTPS", 65, "wnP"},
	{"SVCB", 64, "wnP"},
	{"TLSA", 52, "bbbx"},
	{"SSHFP", 44, "bbd"},
	{"DS", 43, "wbbd"},
	{"NAPTR", 35, "wwssrn"},
	{"LOC", 29, "L"},
	{"URI", 256, "wwu"},
	{"HINFO", 13, "ss"},
	{"RP", 17, "nn"},
	{"DHCID", 49, "y"},
	{"OPENPGPKEY", 61, "y"},
	{"SMIMEA", 53, "bbbx"},
	{"CERT", 37, "wwby"},
	{"AFSDB", 18, "wn"},
	{"KX", 36, "wn"},
	{"SPF", 99, "S"},
	{"EUI48", 108, "e"},
	{"EUI64", 109, "f"},
	{"CDS", 59, "wbbd"},
	{"CDNSKEY", 60, "wbby"},
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };
_Static_assert((int)TYPES <= (int)RR_GENERIC, "a type's number must fit into six bits");

/* Numbers that TYPE123 must not name: those of the table, and what is no data. */
static bool
is_generic_number(unsigned number)
{
	static const uint8_t excluded[] = {
		0,  // reserved
		3,  // MD and
		4,  // MF: obsolete, RFC 1035
		6,  // SOA
		7,  // MB,
		8,  // MG,
		9,  // MR: experiments that failed
		10, // NULL: not allowed in zones
		24, // SIG,
		25, // KEY and
		30, // NXT: RFC 3755
		38, // A6: historic
		41, // OPT
		46, // RRSIG,
		47, // NSEC,
		48, // DNSKEY,
		50, // NSEC3 and
		51, // NSEC3PARAM: named does not serve signed zones from a module
	};
	// RFC 6895 section 3.1: 128-255 are for queries and meta types
	if ((number >= 128 && number <= 255) || number >= 65535 ||
	    (number < 128 && memchr(excluded, (int)number, sizeof(excluded)) != NULL))
		return false;
	for (unsigned i = 0; i < TYPES; i++)
		if (types[i].number == number)
			return false;
	return true;
}

int
ddns_rr_type(const char *name)
{
	for (unsigned i = 0; i < TYPES; i++)
		if (types[i].name[0] == name[0] && strcmp(types[i].name, name) == 0)
			return (int)i;

	if (strncmp(name, "TYPE", 4) != 0)
		return -1;
	unsigned number = 0;
	size_t length = strspn(name + 4, "0123456789");
	if (length == 0 || length > 5 || name[4] == '0' || name[4 + length] != '\0')
		return -1;
	for (size_t i = 0; i < length; i++)
		number = number * 10 + (unsigned)(name[4 + i] - '0');
	return is_generic_number(number) ? RR_GENERIC : -1;
}

const char *
ddns_rr_type_name(unsigned type)
{
	return type < TYPES ? types[type].name : NULL;
}

const char *
ddns_rr_check(unsigned type, const char *rdata)
{
	const char *shape = type < TYPES ? types[type].shape : "";
	// RFC 3597: for types without domain names it is as good as their own form
	bool may_be_generic = strchr(shape, 'n') == NULL;
	if (strncmp(rdata, "\\#", 2) == 0)
		return may_be_generic ? ddns_rdata_check_generic(rdata)
				      : "the \\# form is not taken for a type with names in it";
	return *shape != '\0' ? ddns_rdata_check(rdata, shape) : "only the \\# form is known";
}
