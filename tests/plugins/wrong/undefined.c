/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that calls what nobody defines: it must be refused when it is loaded, not end the process when it is used.
 */
#include "plugins/hawser_plugin.h"

const struct hws_plugin *hawser_defines_no_such_function(void);

const struct hws_plugin *hws_plugin_v1(void) {
  return hawser_defines_no_such_function();
}
