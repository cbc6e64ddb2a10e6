/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and folders, opened to be judged: nobody can change them meanwhile.
 */
#ifndef HAWSER_PLUGINS_OPEN_WIN32_H
#define HAWSER_PLUGINS_OPEN_WIN32_H

#include <windows.h>

/* INVALID_HANDLE_VALUE, and GetLastError says why. Links are followed. */
HANDLE open_file(const char *path);
HANDLE open_folder(const char *path);

/* Where it really lies: absolute, without links, with backslashes. Allocated; NULL: no memory, or unknown. */
char *open_path_of(HANDLE handle);

#endif
