/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings: "key=value&key=value" read against a table of what there is, into one array of numbers. A table is the
 * single place that names a setting, its limits and its default; docs/settings.md says what each is for.
 */
#ifndef HAWSER_CORE_SETTINGS_H
#define HAWSER_CORE_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

enum { SETTINGS_MAX = 64, SETTINGS_MAX_BYTES = 4096 };

enum setting_unit {
  SETTING_COUNT, /* a plain number */
  SETTING_BYTES, /* a plain number, or one with k, m or g: times 1024, 1024^2, 1024^3 */
  SETTING_TIME   /* a number with ms or s, or a bare 0; kept in nanoseconds, as are min, max and initial */
};

struct setting {
  const char *name;
  uint64_t min;
  uint64_t max;
  uint64_t initial;
  enum setting_unit unit;
  const char *text; /* what it is for, in one line */
};

/* values[i] belongs to table[i]; a table has at most SETTINGS_MAX rows. */
void settings_defaults(const struct setting *table, size_t count, uint64_t *values);

/* Changes the values that `text` names (NULL or empty: none) and leaves the others as they are. HWS_OK; or HWS_E_INVAL
 * with no value changed and one line in `error` that names key, value and what is allowed. */
int settings_parse(const struct setting *table, size_t count, const char *text, uint64_t *values, char *error,
                   size_t error_size);

/* A value as a setting's text would have it ("64k", "30s", "256"). */
void settings_format(enum setting_unit unit, uint64_t value, char *text, size_t size);

#endif
