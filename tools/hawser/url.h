/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs of the command line: judged before anything is done with them, and reported on afterwards.
 */
#ifndef HAWSER_TOOL_URL_H
#define HAWSER_TOOL_URL_H

#include <stddef.h>

#include "abi/hawser.h"

/* An exit code: 0 if the URL has the form of one and every scheme of it belongs to a transport; otherwise what is wrong
 * was said, beginning with `option`. */
int url_check(hws_handle runtime, const char *option, const char *url);

/* The URL that the first `length` characters stand for: PORT is tcp://127.0.0.1:PORT, HOST:PORT is tcp://HOST:PORT, and
 * anything else is itself. NULL: no memory; else the caller's to free. */
char *url_expand(const char *text, size_t length);

/* Say why the URL could not be used, as `object` tells. Returns the exit code: bad input, or a failure of the moment.
 */
int url_unusable(const char *option, const char *url, hws_handle object, int32_t status);

/* Print "listening URL", with the bound address: the first line of a command's output. */
void url_announce(hws_handle listener);

#endif
