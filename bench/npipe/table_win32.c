/* SPDX-License-Identifier: Apache-2.0
 *
 * One row of the table: a runtime with its I/O thread, an application of one thread that accepts, works, receives and
 * closes, and client threads that open when it is their time, late or not.
 */
#include "bench/npipe/table_win32.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "abi/hawser.h"

#define NS_PER_MS 1000000ULL
#define JOIN_NS INT64_C(10000000000)

enum { ACCEPTS_MAX = 64, CLIENTS_MAX = 64, EVENTS = 16 };

static const wchar_t path[] = L"\\\\.\\pipe\\hawser\\table";

/* ---- clients ----------------------------------------------------------------------------------------------------- */

struct client {
  const struct table_offer *offer;
  const struct table_row *row;
  uint64_t begin_ns;
  unsigned index;
  unsigned connects;
  unsigned busy;
  unsigned other;
};

static void wait_until(uint64_t ns) {
  uint64_t now = hws_now();
  if (now < ns) Sleep((DWORD)((ns - now + NS_PER_MS - 1) / NS_PER_MS));
}

static void open_once(struct client *client) {
  DWORD bytes = 0;
  HANDLE pipe = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  if (pipe == INVALID_HANDLE_VALUE) {
    if (GetLastError() == ERROR_PIPE_BUSY)
      client->busy++;
    else
      client->other++;
    return;
  }
  client->connects++;
  if (!WriteFile(pipe, "x", 1, &bytes, NULL)) client->other++;
  (void)CloseHandle(pipe);
}

/* Every so many-th of all opens is this client's. */
static DWORD WINAPI client_main(void *argument) {
  struct client *client = argument;
  for (unsigned i = client->index; i < client->offer->opens; i += client->row->clients) {
    wait_until(client->begin_ns + i * (1000 * NS_PER_MS) / client->offer->rate);
    open_once(client);
  }
  return 0;
}

/* ---- the application --------------------------------------------------------------------------------------------- */

struct server {
  hws_handle runtime;
  hws_handle queue;
  hws_handle listener;
  hws_handle accepts[ACCEPTS_MAX];
};

static bool post_accept(struct server *server, uint64_t tag) {
  struct hws_how how = {.size = sizeof how, .queue = server->queue, .tag = tag};
  return hws_accept(server->listener, 0, &how, NULL, NULL, &server->accepts[tag]) >= 0;
}

static bool server_open(struct server *server, const struct table_offer *offer, const struct table_row *row) {
  char url[128];
  struct hws_event event = {.status = 0};
  const struct hws_how block = {.size = sizeof block, .flags = HWS_BLOCK};
  const struct hws_runtime_config config = {.size = sizeof config, .plugin_dir = offer->plugin_dir};
  (void)snprintf(url, sizeof url, "npipe:////./pipe/hawser/table?backlog=%u&rearm=%s&unaccepted=4096", row->queue,
                 row->at_accept ? "accept" : "completion");
  hws_result result = hws_runtime_open(&config, &server->runtime);
  if (result >= 0) result = hws_queue_open(server->runtime, &server->queue);
  if (result >= 0) result = hws_listen(server->runtime, url, 0, &block, &event, NULL, &server->listener);
  if (result >= 0) result = event.status;
  for (unsigned i = 0; i < row->accepts && result >= 0; i++) result = post_accept(server, i) ? 0 : HWS_E_INTERNAL;
  if (result < 0) (void)printf("%s: %s\n", url, hws_status_text(result));
  return result >= 0;
}

static void server_close(struct server *server) {
  (void)hws_runtime_join(server->runtime, JOIN_NS);
}

static void accepted(struct server *server, const struct hws_event *event, const struct table_offer *offer) {
  struct hws_how how = {.size = sizeof how, .queue = server->queue};
  hws_handle stream = server->accepts[event->tag];
  if (event->status == HWS_OK) {
    if (offer->work_ms > 0) Sleep(offer->work_ms);
    (void)hws_acquire(stream, &how, NULL, NULL);
    (void)post_accept(server, event->tag);
  } else {
    (void)hws_close(stream, NULL, NULL, NULL);
  }
}

static void handle(struct server *server, const struct hws_event *event, const struct table_offer *offer) {
  if (event->kind == HWS_KIND_ACCEPT) {
    accepted(server, event, offer);
  } else if (event->kind == HWS_KIND_ACQUIRE) {
    if (event->status == HWS_OK) (void)hws_release(event->code, event->bytes);
    (void)hws_close(event->object, NULL, NULL, NULL);
  }
}

static void serve(struct server *server, const struct table_offer *offer, int64_t timeout_ns) {
  struct hws_event events[EVENTS];
  hws_result count = hws_queue_wait(server->queue, events, EVENTS, timeout_ns);
  for (hws_result i = 0; i < count; i++) handle(server, &events[i], offer);
}

/* ---- a row ------------------------------------------------------------------------------------------------------- */

static unsigned running(HANDLE *threads, unsigned count) {
  unsigned left = 0;
  for (unsigned i = 0; i < count; i++) left += WaitForSingleObject(threads[i], 0) == WAIT_TIMEOUT;
  return left;
}

static void offer_opens(struct server *server, const struct table_offer *offer, struct table_row *row) {
  struct client clients[CLIENTS_MAX];
  HANDLE threads[CLIENTS_MAX];
  unsigned count = 0;
  uint64_t begin_ns = hws_now();
  for (; count < row->clients && count < CLIENTS_MAX; count++) {
    clients[count] = (struct client){.offer = offer, .row = row, .begin_ns = begin_ns, .index = count};
    threads[count] = CreateThread(NULL, 0, client_main, &clients[count], 0, NULL);
    if (!threads[count]) break;
  }
  while (running(threads, count) > 0) serve(server, offer, 5 * (int64_t)NS_PER_MS);
  row->seconds = (double)(hws_now() - begin_ns) / 1e9;
  row->connects = row->busy = row->other = 0;
  for (unsigned i = 0; i < count; i++) {
    row->connects += clients[i].connects;
    row->busy += clients[i].busy;
    row->other += clients[i].other;
    (void)CloseHandle(threads[i]);
  }
  row->other += row->clients - count; /* threads that could not be had */
}

bool table_run(const struct table_offer *offer, struct table_row *row) {
  struct server server = {.runtime = 0};
  bool open = row->accepts <= ACCEPTS_MAX && row->clients <= CLIENTS_MAX && server_open(&server, offer, row);
  if (open) offer_opens(&server, offer, row);
  server_close(&server);
  return open;
}

/* ---- printing ---------------------------------------------------------------------------------------------------- */

double table_busy_percent(const struct table_row *row) {
  unsigned opens = row->connects + row->busy;
  return opens ? 100.0 * row->busy / opens : 0.0;
}

void table_print_head(FILE *out, const struct table_offer *offer) {
  (void)fprintf(out, "%u opens a second are offered, %u of them a row; the application works %u ms on each accept\n",
                offer->rate, offer->opens, offer->work_ms);
  (void)fprintf(out, "%-13s %5s %7s %7s %8s %6s %6s %5s %7s\n", "re-armed at", "queue", "accepts", "clients",
                "connects", "busy", "busy%", "other", "opens/s");
}

void table_print(FILE *out, const struct table_row *row) {
  double rate = row->seconds > 0 ? (row->connects + row->busy) / row->seconds : 0;
  (void)fprintf(out, "%-13s %5u %7u %7u %8u %6u %6.1f %5u %7.0f\n", row->at_accept ? "accept" : "completion",
                row->queue, row->accepts, row->clients, row->connects, row->busy, table_busy_percent(row), row->other,
                rate);
  (void)fflush(out);
}
