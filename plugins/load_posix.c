/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging and mapping a shared object on POSIX.
 *
 * The file is judged through descriptors: the folder is opened first and the file inside it, without following a link,
 * so that what was judged is one file in one folder. The dynamic loader takes a path and not a descriptor; what it
 * mapped is therefore compared with what was judged. Those who can write the folder are trusted by then.
 */
#include "plugins/load.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/refusal.h"
#include "plugins/shortage_posix.h"
#include "plugins/trust_posix.h"

const char load_suffix[] = ".so";

bool load_is_absolute(const char *path) {
  return path[0] == '/';
}

/* The folder part of an absolute path, allocated; "/" for what stands there. */
static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  size_t length = slash == path ? 1 : (size_t)(slash - path);
  return strndup(path, length);
}

static struct load_id id_of(const struct stat *facts) {
  struct load_id id = {(uint64_t)facts->st_dev, (uint64_t)facts->st_ino};
  return id;
}

static bool same_file(struct load_id a, struct load_id b) {
  return a.volume == b.volume && a.file == b.file;
}

/* The folder in which the name stands. It matters beside the target's: who can write it chooses the target. */
static bool judge_folder_of_name(const char *path, struct plugin_error *error) {
  struct stat facts;
  char *folder = folder_of(path);
  if (folder == NULL) return refusal_no_memory(error, path);
  bool good = false;
  if (stat(folder, &facts) != 0)
    shortage_say(error, errno, path, "folder %s", folder);
  else
    good = trust_judge(&facts, folder, path, folder, error);
  free(folder);
  return good;
}

static int open_folder(const char *path, const char *folder, struct plugin_error *error) {
  struct stat facts;
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    shortage_say(error, errno, path, "folder %s", folder);
    return -1;
  }
  if (fstat(descriptor, &facts) == 0 && trust_judge(&facts, folder, path, folder, error)) return descriptor;
  close(descriptor);
  return -1;
}

/* Opens file->path, which has no links, and judges it. */
static bool open_target(struct load_file *file, struct plugin_error *error) {
  struct stat facts;
  const char *path = file->path;
  char *folder = folder_of(path);
  if (folder == NULL) return refusal_no_memory(error, path);
  int inside = open_folder(path, folder, error);
  free(folder);
  if (inside < 0) return false;
  /* O_NONBLOCK: a FIFO would wait for its writer. */
  int descriptor = openat(inside, strrchr(path, '/') + 1, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  int reason = errno;
  close(inside);
  if (descriptor < 0) return shortage_say(error, reason, path, "cannot be opened");
  bool good = false;
  if (fstat(descriptor, &facts) != 0)
    shortage_say(error, errno, path, "cannot be examined");
  else if (!S_ISREG(facts.st_mode))
    refusal_say(error, path, "file type: found 0%o, wanted a regular file", (unsigned)(facts.st_mode & S_IFMT));
  else
    good = trust_judge(&facts, path, path, NULL, error);
  if (!good) {
    close(descriptor);
    return false;
  }
  file->id = id_of(&facts);
  file->descriptor = descriptor;
  return true;
}

enum load_result load_open(const char *path, struct load_file *file, struct plugin_error *error) {
  file->path = realpath(path, NULL);
  if (file->path == NULL) {
    enum load_result result = errno == ENOENT ? LOAD_ABSENT : LOAD_REFUSED;
    shortage_say(error, errno, path, "cannot be found");
    return result;
  }
  if (judge_folder_of_name(path, error) && open_target(file, error)) return LOAD_OK;
  free(file->path);
  return LOAD_REFUSED;
}

void load_close(struct load_file *file) {
  close((int)file->descriptor);
  free(file->path);
}

/* What dlerror says, without the path that stands in front of most of it. */
static const char *loader_reason(const char *path) {
  const char *text = dlerror();
  size_t length = strlen(path);
  if (text == NULL) return "unknown reason";
  if (strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0) return text + length + 2;
  return text;
}

static bool find_entry(const struct load_file *file, struct load_library *library, struct plugin_error *error) {
  struct stat facts;
  if (stat(file->path, &facts) != 0 || !same_file(id_of(&facts), file->id))
    return refusal_say(error, file->path, "the file was replaced while it was being loaded");
  void *symbol = dlsym(library->handle, "hws_plugin_v1");
  if (symbol == NULL) return refusal_say(error, file->path, "symbol: found none, wanted hws_plugin_v1");
  memcpy(&library->entry, &symbol, sizeof symbol);
  return true;
}

bool load_map(const struct load_file *file, struct load_library *library, struct plugin_error *error) {
  errno = 0;
  library->handle = dlopen(file->path, RTLD_NOW | RTLD_LOCAL);
  int reason = errno; /* the loader gives a text alone, but leaves what the system told it */
  if (library->handle == NULL) {
    refusal_say(error, file->path, "cannot be mapped as a shared library: %s", loader_reason(file->path));
    error->short_of = shortage_is(reason);
    return false;
  }
  if (find_entry(file, library, error)) return true;
  load_unmap(library);
  return false;
}

void load_unmap(struct load_library *library) {
  (void)dlclose(library->handle);
  library->handle = NULL;
}
