/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of TCP as they stand in URLs.
 *
 * The system's resolver also takes numbers in forms that look like names ("127.1", "0x7f000001", "2130706433"). What a
 * filter of addresses somewhere above lets pass as a name must not turn into an address here, so a host whose last
 * label is a number is an IPv4 address in its one usual form, or an error.
 */
#include "transports/tcp/address.h"

#include <stdio.h>
#include <string.h>

#include "plugins/hawser_plugin.h"

enum { LABEL_MAX = 63, QUOTE_MAX = 40 };

struct quote {
  char text[QUOTE_MAX + 4];
};

/* What came from outside is shown short and printable. */
static struct quote quote_of(const char *text, size_t bytes) {
  struct quote quote = {{0}};
  size_t shown = bytes <= QUOTE_MAX ? bytes : QUOTE_MAX;
  for (size_t i = 0; i < shown; i++) {
    bool printable = text[i] >= 0x20 && text[i] <= 0x7e;
    quote.text[i] = '?';
    if (printable) quote.text[i] = text[i];
  }
  if (shown < bytes) memcpy(quote.text + shown, "...", 3);
  return quote;
}

struct sink {
  char *text;
  size_t size;
};

#define REFUSE(why, ...) ((void)snprintf((why).text, (why).size, __VA_ARGS__), HWS_IO_ADDRESS)

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}

/* ---- host -------------------------------------------------------------------------------------------------------- */

static bool has_odd_label(const char *text, size_t bytes) {
  size_t label = 0;
  for (size_t i = 0; i < bytes; i++) {
    if (text[i] == '.' && label == 0) return true;
    label = text[i] == '.' ? 0 : label + 1;
    if (label > LABEL_MAX) return true;
  }
  return false;
}

static bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool ends_in_number(const char *text, size_t bytes) {
  if (bytes > 0 && text[bytes - 1] == '.') bytes--;
  size_t begin = bytes;
  while (begin > 0 && text[begin - 1] != '.') begin--;
  if (begin == bytes) return false;
  bool marked = bytes - begin >= 2 && text[begin] == '0' && (text[begin + 1] == 'x' || text[begin + 1] == 'X');
  size_t at = marked ? begin + 2 : begin;
  while (at < bytes && (marked ? is_hex(text[at]) : is_digit(text[at]))) at++;
  return at == bytes;
}

static int32_t parse_host(const char *text, size_t bytes, struct tcp_address *address, struct sink why) {
  if (bytes == 0)
    return REFUSE(why, "the host before ':' is empty; 0.0.0.0 or [::] stand for every address of this machine");
  struct quote quote = quote_of(text, bytes);
  if (memchr(text, ':', bytes))
    return REFUSE(why, "the host '%s' has a ':'; an IPv6 address stands in brackets, as in [::1]:80", quote.text);
  if (bytes > TCP_HOST_MAX) return REFUSE(why, "the host '%s' has %zu characters; it may have 253", quote.text, bytes);
  for (size_t i = 0; i < bytes; i++)
    if (!is_name_char(text[i]) && text[i] != '.')
      return REFUSE(why, "the host '%s' has a character that no name has, at offset %zu", quote.text, i);
  if (!ip_parse_4(text, bytes, &address->ip)) {
    if (ends_in_number(text, bytes)) return REFUSE(why, "the host '%s' is no IPv4 address", quote.text);
    if (has_odd_label(text, bytes))
      return REFUSE(why, "the host '%s' has a part that is empty or longer than 63 characters", quote.text);
    address->is_name = true;
  }
  memcpy(address->host, text, bytes);
  return HWS_IO_OK;
}

static int32_t parse_scope(const char *text, size_t bytes, struct tcp_address *address, struct sink why) {
  struct quote quote = quote_of(text, bytes);
  if (bytes == 0 || bytes > TCP_SCOPE_MAX)
    return REFUSE(why, "the interface behind '%%' has %zu characters; it has 1 to 15", bytes);
  for (size_t i = 0; i < bytes; i++)
    if (!is_name_char(text[i]) && text[i] != '.')
      return REFUSE(why, "the interface '%s' has a character that no interface has", quote.text);
  memcpy(address->scope, text, bytes);
  return HWS_IO_OK;
}

/* What stands in brackets. */
static int32_t parse_ip_6(const char *text, size_t bytes, struct tcp_address *address, struct sink why) {
  const char *percent = memchr(text, '%', bytes);
  size_t ip_bytes = percent ? (size_t)(percent - text) : bytes;
  if (ip_bytes >= IP_TEXT_MAX || !ip_parse_6(text, ip_bytes, &address->ip)) {
    struct quote quote = quote_of(text, bytes);
    return REFUSE(why, "'%s' in brackets is no IPv6 address", quote.text);
  }
  memcpy(address->host, text, ip_bytes);
  return percent ? parse_scope(percent + 1, bytes - ip_bytes - 1, address, why) : HWS_IO_OK;
}

/* ---- port -------------------------------------------------------------------------------------------------------- */

static int32_t parse_service(const char *text, size_t bytes, struct tcp_address *address, struct sink why) {
  struct quote quote = quote_of(text, bytes);
  bool letters = false;
  for (size_t i = 0; i < bytes; i++) {
    if (!is_letter(text[i]) && !is_digit(text[i]) && (text[i] != '-' || i == 0))
      return REFUSE(why, "the port '%s' is neither a number nor the name of a service", quote.text);
    letters = letters || is_letter(text[i]);
  }
  if (!letters || bytes > TCP_SERVICE_MAX)
    return REFUSE(why, "the port '%s' is neither a number nor the name of a service", quote.text);
  address->is_service = true;
  return HWS_IO_OK;
}

static int32_t parse_port(const char *text, size_t bytes, struct tcp_address *address, struct sink why) {
  unsigned number = 0;
  size_t digits = 0;
  while (digits < bytes && is_digit(text[digits])) digits++;
  if (bytes == 0) return REFUSE(why, "the port behind ':' is empty");
  if (digits == bytes) {
    for (size_t i = 0; i < digits && number <= UINT16_MAX; i++) number = number * 10 + (unsigned)(text[i] - '0');
    if (number > UINT16_MAX || digits > 5) {
      struct quote quote = quote_of(text, bytes);
      return REFUSE(why, "the port '%s' is above 65535", quote.text);
    }
    address->port = (uint16_t)number;
  } else {
    int32_t status = parse_service(text, bytes, address, why);
    if (status != HWS_IO_OK) return status;
  }
  memcpy(address->service, text, bytes);
  return HWS_IO_OK;
}

/* ---- both -------------------------------------------------------------------------------------------------------- */

static const char *last_colon(const char *text, size_t bytes) {
  for (size_t i = bytes; i > 0; i--)
    if (text[i - 1] == ':') return text + i - 1;
  return NULL;
}

int32_t tcp_address_parse(const char *text, size_t bytes, struct tcp_address *address, char *why, size_t why_size) {
  struct sink sink = {why, why_size};
  struct quote quote = quote_of(text, bytes);
  bool bracketed = bytes > 0 && text[0] == '[';
  const char *end = bracketed ? memchr(text, ']', bytes) : last_colon(text, bytes);
  memset(address, 0, sizeof *address);
  if (bracketed && !end) return REFUSE(sink, "the address '%s' has a '[' without a ']'", quote.text);
  if (bracketed) end++;
  if (!end || end == text + bytes || *end != ':')
    return REFUSE(sink, "the address '%s' is not of the form HOST:PORT", quote.text);
  size_t host_bytes = (size_t)(end - text);
  int32_t status =
      bracketed ? parse_ip_6(text + 1, host_bytes - 2, address, sink) : parse_host(text, host_bytes, address, sink);
  return status == HWS_IO_OK ? parse_port(end + 1, bytes - host_bytes - 1, address, sink) : status;
}

size_t tcp_address_url(const struct ip *ip, uint16_t port, char url[TCP_URL_MAX]) {
  char text[IP_TEXT_MAX];
  char scope[16] = "";
  (void)ip_format(ip, text);
  if (ip->version == 4) return (size_t)snprintf(url, TCP_URL_MAX, "tcp://%s:%u", text, port);
  if (ip->scope) (void)snprintf(scope, sizeof scope, "%%25%u", (unsigned)ip->scope);
  return (size_t)snprintf(url, TCP_URL_MAX, "tcp://[%s%s]:%u", text, scope, port);
}
