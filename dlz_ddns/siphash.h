// SPDX-License-Identifier: GPL-3.0-or-later
// SipHash-1-3, a keyed hash for tables whose keys strangers may choose.
#ifndef DLZ_DDNS_SIPHASH_H
#define DLZ_DDNS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* After Aumasson and Bernstein, "SipHash: a fast short-input PRF", with 1 and 3 rounds. */
static inline void
siphash_round(uint64_t v[4])
{
#define SIPHASH_ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))
	v[0] += v[1];
	v[1] = SIPHASH_ROTATE(v[1], 13) ^ v[0];
	v[0] = SIPHASH_ROTATE(v[0], 32);
	v[2] += v[3];
	v[3] = SIPHASH_ROTATE(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = SIPHASH_ROTATE(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = SIPHASH_ROTATE(v[1], 17) ^ v[2];
	v[2] = SIPHASH_ROTATE(v[2], 32);
#undef SIPHASH_ROTATE
}

/* Words are read in the machine's order: the value never leaves the process. */
static inline uint64_t
siphash(uint64_t key0, uint64_t key1, const char *data, size_t length)
{
	uint64_t v[4] = {key0 ^ 0x736f6d6570736575U, key1 ^ 0x646f72616e646f6dU,
			 key0 ^ 0x6c7967656e657261U, key1 ^ 0x7465646279746573U};
	uint64_t word;
	size_t left = length;

	for (; left >= sizeof(word); left -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		v[3] ^= word;
		siphash_round(v);
		v[0] ^= word;
	}
	word = 0;
	memcpy(&word, data, left);
	word ^= (uint64_t)length << 56;
	v[3] ^= word;
	siphash_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	siphash_round(v);
	siphash_round(v);
	siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
