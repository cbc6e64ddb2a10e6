/* SPDX-License-Identifier: Apache-2.0
 *
 * The files of a folder that could be plugins, in the order of their names, so that which of two rivals is loaded first
 * does not depend on the file system. The list is read through the handle that was judged.
 */
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "plugins/load.h"
#include "plugins/open_win32.h"
#include "plugins/refusal.h"
#include "plugins/text_win32.h"
#include "plugins/trust_win32.h"

enum { ENTRIES_BYTES = 16384 };

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The system does not care for the case of a name. */
static bool has_suffix(const char *name) {
  size_t length = strlen(name);
  size_t suffix = strlen(load_suffix);
  return name[0] != '.' && length > suffix && _stricmp(name + length - suffix, load_suffix) == 0;
}

/* Takes the name over. */
static bool list_add(struct load_list *list, char *name) {
  char **names = realloc(list->names, (list->count + 1) * sizeof *names);
  if (names == NULL) {
    free(name);
    return false;
  }
  list->names = names;
  names[list->count++] = name;
  return true;
}

static bool add_entry(struct load_list *list, const FILE_FULL_DIR_INFO *entry) {
  size_t length = entry->FileNameLength / sizeof(wchar_t);
  if ((entry->FileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return true;
  wchar_t *wide = calloc(length + 1, sizeof *wide);
  if (wide == NULL) return false;
  memcpy(wide, entry->FileName, entry->FileNameLength);
  char *name = text_from_wide(wide);
  free(wide);
  /* A name that is no UTF-16 could not be opened by its UTF-8 either. */
  if (name != NULL && has_suffix(name)) return list_add(list, name);
  free(name);
  return true;
}

static bool read_entries(HANDLE folder, struct load_list *list, void *room) {
  while (GetFileInformationByHandleEx(folder, FileFullDirectoryInfo, room, ENTRIES_BYTES)) {
    const char *at = room;
    for (;;) {
      const FILE_FULL_DIR_INFO *entry = (const void *)at;
      if (!add_entry(list, entry)) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return false;
      }
      if (entry->NextEntryOffset == 0) break;
      at += entry->NextEntryOffset;
    }
  }
  return GetLastError() == ERROR_NO_MORE_FILES;
}

static enum load_result read_list(HANDLE folder, const char *directory, struct load_list *list,
                                  struct plugin_error *error) {
  void *room = malloc(ENTRIES_BYTES);
  bool good = room != NULL && trust_check_handle(folder, directory, directory, error);
  if (room == NULL) refusal_say(error, NULL, "plugin directory %s: out of memory", directory);
  if (good && !read_entries(folder, list, room)) {
    refusal_say(error, NULL, "plugin directory %s: %s", directory, text_of_error(GetLastError()).text);
    good = false;
  }
  free(room);
  return good ? LOAD_OK : LOAD_REFUSED;
}

enum load_result load_list_open(const char *directory, struct load_list *list, struct plugin_error *error) {
  *list = (struct load_list){NULL, 0};
  HANDLE folder = open_folder(directory);
  if (folder == INVALID_HANDLE_VALUE) {
    DWORD reason = GetLastError();
    refusal_say(error, NULL, "plugin directory %s: %s", directory, text_of_error(reason).text);
    return reason == ERROR_FILE_NOT_FOUND || reason == ERROR_PATH_NOT_FOUND ? LOAD_ABSENT : LOAD_REFUSED;
  }
  enum load_result result = read_list(folder, directory, list, error);
  (void)CloseHandle(folder);
  if (result != LOAD_OK)
    load_list_free(list);
  else if (list->count > 0)
    qsort(list->names, list->count, sizeof *list->names, compare_names);
  return result;
}

void load_list_free(struct load_list *list) {
  for (size_t i = 0; i < list->count; i++) free(list->names[i]);
  free(list->names);
  *list = (struct load_list){NULL, 0};
}
