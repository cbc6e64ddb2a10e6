/* SPDX-License-Identifier: Apache-2.0
 *
 * The file that this library's code lies in, and whom it makes trusted (PLG-4): whoever owns it runs code here already.
 */
#ifndef HAWSER_PLUGINS_OWN_FILE_POSIX_H
#define HAWSER_PLUGINS_OWN_FILE_POSIX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct own_file {
  char *path;     /* absolute, without links; allocated */
  uint64_t inode; /* of what was mapped; another file may stand at the path by now */
};

/* 0, or as registry_default_dir. */
int own_file_find(const void *symbol, struct own_file *file);

enum own_tree {
  OWN_TREE_INSIDE,  /* it lies beside the library, or below that */
  OWN_TREE_OUTSIDE, /* it does not */
  OWN_TREE_DOUBTED, /* it does, but somebody else could have put the library there */
  OWN_TREE_SHORT    /* not to be found out for want of descriptors or memory; errno says of which */
};

/* Where a place, absolute and without links, lies; inside, *owner is the library's; doubted, *doubt says why. */
enum own_tree own_tree_find(const char *place, uid_t *owner, const char **doubt);

#endif
