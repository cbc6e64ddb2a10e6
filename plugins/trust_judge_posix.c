/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is trusted at this moment, for a file or folder.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "plugins/own_file_posix.h"
#include "plugins/shortage_posix.h"
#include "plugins/trust_posix.h"

static enum own_tree where(const char *place, struct trust_owners *owners) {
  char *real = realpath(place, NULL);
  if (real == NULL) return shortage_is(errno) ? OWN_TREE_SHORT : OWN_TREE_OUTSIDE;
  enum own_tree found = own_tree_find(real, &owners->library, &owners->doubt);
  free(real);
  return found;
}

bool trust_judge(const struct stat *facts, const char *place, const char *path, const char *folder,
                 struct plugin_error *error) {
  struct trust_owners owners = {.caller = geteuid()};
  owners.library = owners.caller;
  bool strange = facts->st_uid != 0 && facts->st_uid != owners.caller;
  if (strange && where(place, &owners) == OWN_TREE_SHORT)
    return shortage_say(error, errno, path, "whether it lies beside the library cannot be found out");
  return trust_check(facts, &owners, path, folder, error);
}
