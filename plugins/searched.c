/* SPDX-License-Identifier: Apache-2.0
 *
 * A list by path. Directories come from the application's configuration, so there are few.
 */
#include "plugins/searched.h"

#include <stdlib.h>
#include <string.h>

static struct searched *list;

struct searched *searched_find(const char *directory) {
  for (struct searched *searched = list; searched != NULL; searched = searched->next)
    if (strcmp(searched->directory, directory) == 0) return searched;
  return NULL;
}

struct searched *searched_renew(const char *directory) {
  struct searched *searched = searched_find(directory);
  if (searched == NULL) {
    searched = calloc(1, sizeof *searched);
    if (searched == NULL) return NULL;
    searched->directory = strdup(directory);
    if (searched->directory == NULL) {
      free(searched);
      return NULL;
    }
    searched->next = list;
    list = searched;
  }
  searched->refused = 0;
  searched->short_of = false;
  searched->last.text[0] = '\0';
  return searched;
}

void searched_forget(void) {
  while (list != NULL) {
    struct searched *next = list->next;
    free(list->directory);
    free(list);
    list = next;
  }
}
