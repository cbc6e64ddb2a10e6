/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs.
 */
#include "tests/matrix/urls.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/matrix/play.h"

void url_new(const char *scheme, unsigned number, char url[STAGE_URL]) {
  if (strncmp(scheme, "tcp", 3) == 0)
    (void)snprintf(url, STAGE_URL, "tcp://127.0.0.1:0");
  else if (strcmp(scheme, "unix") == 0)
    (void)snprintf(url, STAGE_URL, "unix:@hawser-matrix-%u-%u", (unsigned)getpid(), number);
  else if (strcmp(scheme, "npipe") == 0)
    (void)snprintf(url, STAGE_URL, "npipe:////./pipe/hawser-matrix-%u-%u", (unsigned)getpid(), number);
  else
    (void)snprintf(url, STAGE_URL, "%s://matrix%u", scheme, number);
}

/* Few bytes at a time and late cancels; but what can go goes at once, so that a stream is seen to be full. */
#define CHAOS "&chaos.pend=0&chaos.storm=0&chaos.delay=0&chaos.swap=0"

const char *url_filtered(const char *filter, const char *url, unsigned number) {
  static _Thread_local char filtered[STAGE_URL + 128];
  char mark = strchr(url, '?') ? '&' : '?';
  if (!filter[0]) (void)snprintf(filtered, sizeof filtered, "%s", url);
  if (strcmp(filter, "chaos") == 0)
    (void)snprintf(filtered, sizeof filtered, "chaos+%s%cchaos.seed=%u" CHAOS, url, mark, number % 1000);
  if (strcmp(filter, "matrix") == 0)
    (void)snprintf(filtered, sizeof filtered, "matrix+%s%cmatrix.order=%llu", url, mark,
                   (unsigned long long)(uintptr_t)play_failure());
  return filtered;
}
