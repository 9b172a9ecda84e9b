// SPDX-License-Identifier: GPL-3.0-or-later
// What ddnsctl says about itself.
#ifndef GATEWAY_CTL_HELP_H
#define GATEWAY_CTL_HELP_H

#include <stdio.h>

#include "gateway/ctl/command.h"

/* The overview (noun NULL), one noun's commands (command NULL), or one command. */
void help_print(FILE *stream, const struct noun *noun, const struct command *command);

#endif
