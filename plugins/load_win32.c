/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging and mapping a DLL on Windows.
 *
 * The file is opened so that nobody can write, replace or rename it while it is open, then judged, with the folder in
 * which it stands, and mapped by the path that the open file has. A path is on a local drive: what comes from another
 * machine could not be judged here.
 */
#include "plugins/load.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "plugins/open_win32.h"
#include "plugins/refusal.h"
#include "plugins/text_win32.h"
#include "plugins/trust_win32.h"

const char load_suffix[] = ".dll";

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_slash(char c) {
  return c == '\\' || c == '/';
}

bool load_is_absolute(const char *path) {
  return is_letter(path[0]) && path[1] == ':' && is_slash(path[2]);
}

/* The folder part of an absolute path, allocated; a drive's own folder keeps its slash. */
static char *folder_of(const char *path) {
  size_t length = strlen(path);
  while (!is_slash(path[length])) length--;
  char *folder = strdup(path);
  if (folder != NULL) folder[length == 2 ? 3 : length] = '\0';
  return folder;
}

static bool judge_folder(const char *path, struct plugin_error *error) {
  char *folder = folder_of(path);
  if (folder == NULL) return refusal_say(error, path, "out of memory");
  HANDLE handle = open_folder(folder);
  bool good = false;
  if (handle == INVALID_HANDLE_VALUE)
    refusal_say(error, path, "folder %s: %s", folder, text_of_error(GetLastError()).text);
  else
    good = trust_check_handle(handle, path, folder, error);
  if (handle != INVALID_HANDLE_VALUE) (void)CloseHandle(handle);
  free(folder);
  return good;
}

static bool judge_file(HANDLE handle, const char *path, struct load_id *id, struct plugin_error *error) {
  BY_HANDLE_FILE_INFORMATION facts;
  if (GetFileType(handle) != FILE_TYPE_DISK)
    return refusal_say(error, path, "file type: found a device, wanted a regular file");
  if (!GetFileInformationByHandle(handle, &facts))
    return refusal_say(error, path, "cannot be examined: %s", text_of_error(GetLastError()).text);
  if ((facts.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
    return refusal_say(error, path, "file type: found a folder, wanted a regular file");
  *id = (struct load_id){facts.dwVolumeSerialNumber, (uint64_t)facts.nFileIndexHigh << 32 | facts.nFileIndexLow};
  return trust_check_handle(handle, path, NULL, error);
}

/* Judges what was opened, where it really lies and where its name stands: who can write there chooses what is opened.
 */
static bool judge(struct load_file *file, const char *path, struct plugin_error *error) {
  HANDLE handle = (HANDLE)(intptr_t)file->descriptor;
  file->path = open_path_of(handle);
  if (file->path == NULL || !load_is_absolute(file->path))
    return refusal_say(error, path, "its place on a local drive cannot be found");
  return judge_folder(path, error) && judge_folder(file->path, error) &&
         judge_file(handle, file->path, &file->id, error);
}

enum load_result load_open(const char *path, struct load_file *file, struct plugin_error *error) {
  HANDLE handle = open_file(path);
  *file = (struct load_file){.descriptor = (intptr_t)handle};
  if (handle == INVALID_HANDLE_VALUE) {
    DWORD reason = GetLastError();
    refusal_say(error, path, "cannot be found: %s", text_of_error(reason).text);
    return reason == ERROR_FILE_NOT_FOUND || reason == ERROR_PATH_NOT_FOUND ? LOAD_ABSENT : LOAD_REFUSED;
  }
  if (judge(file, path, error)) return LOAD_OK;
  load_close(file);
  return LOAD_REFUSED;
}

void load_close(struct load_file *file) {
  (void)CloseHandle((HANDLE)(intptr_t)file->descriptor);
  free(file->path);
}

/* What a plugin knows of us must stay as long as it does, which is never unloaded. */
static void stay(void) {
  HMODULE self;
  (void)GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                           (LPCWSTR)(uintptr_t)&load_map, &self);
}

static HMODULE map(const char *path) {
  DWORD mode = 0;
  wchar_t *wide = text_to_wide(path);
  if (wide == NULL) return NULL;
  /* What the plugin needs is looked for beside it and in the system, nowhere else; and no dialogue asks for it. */
  (void)SetThreadErrorMode(SEM_FAILCRITICALERRORS, &mode);
  HMODULE module = LoadLibraryExW(wide, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
  DWORD reason = GetLastError();
  (void)SetThreadErrorMode(mode, NULL);
  free(wide);
  SetLastError(reason);
  return module;
}

bool load_map(const struct load_file *file, struct load_library *library, struct plugin_error *error) {
  HMODULE module = map(file->path);
  if (module == NULL)
    return refusal_say(error, file->path, "cannot be mapped as a shared library: %s",
                       text_of_error(GetLastError()).text);
  library->handle = module;
  stay();
  FARPROC symbol = GetProcAddress(module, "hws_plugin_v1");
  memcpy(&library->entry, &symbol, sizeof symbol);
  if (symbol != NULL) return true;
  load_unmap(library);
  return refusal_say(error, file->path, "symbol: found none, wanted hws_plugin_v1");
}

void load_unmap(struct load_library *library) {
  (void)FreeLibrary(library->handle);
  library->handle = NULL;
}
