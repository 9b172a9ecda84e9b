// SPDX-License-Identifier: GPL-3.0-or-later
// What must hold for any input.
#ifndef TESTS_FUZZ_REQUIRE_H
#define TESTS_FUZZ_REQUIRE_H

#include <stdbool.h>
#include <stdlib.h>

/* Ends the target where it does not: the engine, or make check, shows the input. */
static inline void
require(bool is_so)
{
	if (!is_so)
		abort();
}

#endif
