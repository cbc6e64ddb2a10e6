/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory as the kernel counts it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "bench/memory.h"

uint64_t memory_used(void) {
  static const char path[] = "/proc/self/status", name[] = "RssAnon:";
  FILE *file = fopen(path, "r");
  if (!file) fail(path, strerror(errno));
  char line[256];
  unsigned long long kilobytes = 0;
  while (!kilobytes && fgets(line, sizeof line, file))
    if (strncmp(line, name, sizeof name - 1) == 0) kilobytes = strtoull(line + sizeof name - 1, NULL, 10);
  fclose(file);
  if (!kilobytes) fail(path, "it does not say RssAnon");
  return kilobytes * 1024;
}
