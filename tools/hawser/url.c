/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs of the command line. A target is dialled long after the command line was read; so that a misspelt one is found
 * at once, its form and its schemes are looked at here. The rest of it is the transport's to judge.
 */
#include "tools/hawser/url.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/hawser/log.h"
#include "tools/hawser/loop.h"

static bool scheme_is_listed(const char *schemes, const char *scheme, size_t length) {
  while (*schemes) {
    size_t listed = strcspn(schemes, " ");
    if (listed == length && memcmp(schemes, scheme, length) == 0) return true;
    schemes += listed;
    schemes += strspn(schemes, " ");
  }
  return false;
}

static bool scheme_is_known(hws_handle runtime, const char *scheme, size_t length) {
  struct hws_plugin_info info = {.size = sizeof info};
  for (uint32_t i = 0; hws_plugin_at(runtime, i, &info) >= 0; i++) {
    if (scheme_is_listed(info.schemes, scheme, length)) return true;
  }
  return false;
}

int url_check(hws_handle runtime, const char *option, const char *url) {
  size_t length = strcspn(url, ":");
  if (length == 0 || (strncmp(url + length, "://", 3) != 0 && strncmp(url + length, ":@", 2) != 0)) {
    log_line("%s \"%s\": not a URL (SCHEME://ADDRESS or SCHEME:@NAME)", option, url);
    return EXIT_BAD_INPUT;
  }
  hws_result result = hws_plugin_scan(runtime);
  if (result < 0) {
    log_line("cannot look for transports: %s", hws_status_text(result));
    return EXIT_RUN_TIME;
  }
  for (const char *scheme = url; scheme < url + length;) {
    size_t part = strcspn(scheme, "+:");
    if (!scheme_is_known(runtime, scheme, part)) {
      log_line("%s \"%s\": no transport for \"%.*s\" was found", option, url, (int)(part < 32 ? part : 32), scheme);
      return EXIT_BAD_INPUT;
    }
    scheme += part + 1;
  }
  return 0;
}

/* Parameters may follow, as in any URL. */
char *url_expand(const char *text, size_t length) {
  const char *end = memchr(text, '?', length);
  const char *port = end ? end : text + length;
  const char *number_end = port;
  while (port > text && port[-1] >= '0' && port[-1] <= '9') port--;
  bool number = port < number_end;
  const char *prefix = "";
  if (number && port == text) prefix = "tcp://127.0.0.1:";
  if (number && port > text && port[-1] == ':' && !strstr(text, "://")) prefix = "tcp://";
  size_t size = strlen(prefix) + length + 1;
  char *url = malloc(size);
  if (url) snprintf(url, size, "%s%.*s", prefix, (int)length, text);
  return url;
}

int url_unusable(const char *option, const char *url, hws_handle object, int32_t status) {
  struct hws_detail detail;
  explain(object, status, &detail);
  log_line("%s \"%s\": %s", option, url, detail.text);
  bool bad_input = status == HWS_E_ADDRESS || status == HWS_E_INVAL || status == HWS_E_UNSUPPORTED;
  return bad_input ? EXIT_BAD_INPUT : EXIT_RUN_TIME;
}

void url_announce(hws_handle listener) {
  char url[1024] = "";
  hws_text(listener, HWS_TEXT_LOCAL, url, sizeof url);
  printf("listening %s\n", url);
  fflush(stdout);
}
