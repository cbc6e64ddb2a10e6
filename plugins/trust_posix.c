/* SPDX-License-Identifier: Apache-2.0
 *
 * Owner and mode of a file or folder. Pure, so that every owner can be tested by any user.
 */
#include "plugins/trust_posix.h"

#include "plugins/refusal.h"

bool trust_check(const struct stat *facts, const struct trust_owners *owners, const char *path, const char *folder,
                 struct plugin_error *error) {
  unsigned mode = (unsigned)facts->st_mode & 07777;
  const char *what = folder == NULL ? "file" : "folder ";
  const char *which = folder == NULL ? "" : folder;
  /* A sticky folder is no exception: anyone may put a new file there. */
  if ((mode & S_IWOTH) != 0)
    return refusal_say(error, path, "mode of %s%s: found %04o, wanted no write permission for others", what, which,
                       mode);
  if (facts->st_uid == 0 || facts->st_uid == owners->caller || facts->st_uid == owners->library) return true;
  refusal_say(error, path, "owner of %s%s: found uid %lu, wanted 0 or the caller, %lu", what, which,
              (unsigned long)facts->st_uid, (unsigned long)owners->caller);
  if (owners->library != owners->caller)
    refusal_add(error, ", or the owner of the library, %lu", (unsigned long)owners->library);
  if (owners->doubt != NULL) refusal_add(error, "; the library's owner does not count, as %s", owners->doubt);
  return false;
}
