/* SPDX-License-Identifier: Apache-2.0
 *
 * Both public headers, compiled with -Wpadded -Werror: a struct that would need padding does not build.
 */
#include "abi/hawser.h"
#include "plugins/hawser_plugin.h"
