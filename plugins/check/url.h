/* SPDX-License-Identifier: Apache-2.0
 *
 * A URL as the host hands it to a plugin: address and parameters, decoded, and which parameters were asked for.
 */
#ifndef HAWSER_CHECK_URL_H
#define HAWSER_CHECK_URL_H

#include <stdbool.h>

enum { CHECK_URL_MAX = 512, CHECK_PARAMETERS_MAX = 8 };

struct check_parameter {
  const char *key; /* into text */
  const char *value;
  bool asked;
};

struct check_url {
  char text[CHECK_URL_MAX]; /* cut at its separators and decoded */
  const char *scheme;
  const char *address;
  struct check_parameter parameters[CHECK_PARAMETERS_MAX];
  unsigned count;
};

/* Fails the case if it is no URL. */
void check_url_read(struct check_url *url, const char *text);

/* A parameter's value, which counts as asked for from now on, or NULL. */
const char *check_url_ask(struct check_url *url, const char *key);

#endif
