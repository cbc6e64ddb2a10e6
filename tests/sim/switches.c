/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and writing switches.
 */
#include "tests/sim/switches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sim_switches *switches_new(uint32_t room) {
  struct sim_switches *switches = malloc(sizeof *switches + room * sizeof *switches->list);
  if (!switches) abort();
  *switches = (struct sim_switches){.room = room, .list = (struct sim_switch *)(switches + 1)};
  return switches;
}

struct sim_switches *switches_copy(const struct sim_switches *switches) {
  uint32_t count = switches->count < switches->room ? switches->count : switches->room;
  struct sim_switches *copy = switches_new(count);
  memcpy(copy->list, switches->list, count * sizeof *copy->list);
  copy->count = count;
  return copy;
}

static bool number(const char **text, char before, unsigned long long most, unsigned long long *value) {
  if (before && *(*text)++ != before) return false;
  char *end;
  *value = strtoull(*text, &end, 10);
  bool any = end != *text;
  *text = end;
  return any && *value <= most;
}

struct sim_switches *switches_parse(const char *text) {
  uint32_t room = 1;
  for (const char *at = text; *at; at++) room += *at == ',';
  struct sim_switches *switches = switches_new(room);
  while (*text) {
    unsigned long long thread, own, to;
    if (!number(&text, switches->count ? ',' : 0, 31, &thread) || !number(&text, '@', UINT32_MAX, &own) ||
        !number(&text, ':', 31, &to)) {
      free(switches);
      return NULL;
    }
    switches->list[switches->count++] =
        (struct sim_switch){.own = (uint32_t)own, .thread = (uint8_t)thread, .to = (uint8_t)to};
  }
  return switches;
}

size_t switches_text(const struct sim_switches *switches, char *text, size_t size) {
  size_t at = 0;
  if (size) text[0] = 0;
  for (uint32_t i = 0; i < switches->count && i < switches->room; i++) {
    const struct sim_switch *each = &switches->list[i];
    at += (size_t)snprintf(at < size ? text + at : NULL, at < size ? size - at : 0, "%s%u@%u:%u", i ? "," : "",
                           each->thread, each->own, each->to);
  }
  return at;
}

void switches_explain(const struct sim_switches *switches) {
  enum { MOST = 40 };
  for (uint32_t i = 0; i < switches->count && i < MOST; i++) {
    const struct sim_switch *each = &switches->list[i];
    printf("  %2u %s at %s gives way to %u %s at %s\n", each->thread, each->name, each->where, each->to, each->to_name,
           each->to_where);
  }
  if (switches->count > MOST) printf("  and so on, %u in all\n", switches->count);
}
