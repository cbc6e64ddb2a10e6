/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs of listeners and connections, taken apart: "unix:///run/x.sock?mode=0660", "unix:@name", "chaos+unix:///p".
 * Pure: what a scheme, an address or a key means is for others to say.
 *
 *   url    = scheme *( "+" scheme ) ( "://" / ":" before "@" ) address [ "?" param *( "&" param ) ]
 *   scheme = [a-z][a-z0-9.-]{0,15}, at most 4 of them
 *   param  = key "=" value, at most 32 of them; key = [a-z][a-z0-9_.-]{0,63}
 *
 * Address and values are percent-decoded; "+" and "#" stand for themselves. The first "?" ends the address. Control
 * characters must be percent-encoded, and a zero byte cannot be had at all.
 */
#ifndef HAWSER_CORE_URL_H
#define HAWSER_CORE_URL_H

#include <stdbool.h>
#include <stddef.h>

enum { URL_MAX_BYTES = 4096, URL_MAX_SCHEMES = 4, URL_MAX_SCHEME = 16, URL_MAX_PARAMS = 32, URL_MAX_KEY = 64 };

struct url_param {
  const char *key;
  const char *value;
  bool used;
};

/* All strings lie in `text`, which url_free frees. */
struct url {
  const char *schemes[URL_MAX_SCHEMES]; /* filters, outermost first, then the transport */
  size_t scheme_count;
  const char *address;
  struct url_param params[URL_MAX_PARAMS];
  size_t param_count;
  char *text;
};

/* HWS_OK; HWS_E_ADDRESS with one line in `error` that says what is wrong and at which offset; or HWS_E_NOMEM. After a
 * failure *url is empty and url_free has nothing to do. */
int url_parse(const char *text, struct url *url, char *error, size_t error_size);

void url_free(struct url *url);

/* The value of a parameter, which counts as used from now on; NULL: absent. */
const char *url_param(struct url *url, const char *key);

/* The same, without counting as use. */
const char *url_peek(const struct url *url, const char *key);

/* The key of the first parameter that was never asked for, or NULL. */
const char *url_unused(const struct url *url);

#endif
