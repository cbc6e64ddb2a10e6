/* SPDX-License-Identifier: Apache-2.0
 *
 * chaos+SCHEME://...: a filter under which everything that may happen to a stream does happen, as a seed decides. It
 * changes no byte and loses none, unless it is told to reset or end the stream. docs/transport-chaos.md describes the
 * parameters. It is also the sample of a filter; begin here, then lane.c.
 *
 * It copies nothing: what it gives below is the memory that it was given itself. So it cannot promise
 * HWS_CAP_REVOKE, and cancels may answer late.
 */
#include <stddef.h>
#include <string.h>

#include "plugins/chaos/lane.h"
#include "plugins/hawser_plugin.h"

/* By chance, where no offset was given. Drawn whether it is or not, so that the dice go on alike. */
static uint64_t place_of(struct dice *dice, const struct settings *settings, uint64_t percent, uint64_t given) {
  bool chosen = dice_chance(dice, (uint32_t)percent);
  uint64_t offset = dice_roll(dice, settings->span);
  return given != NEVER ? given : chosen ? offset : NEVER;
}

static int32_t chaos_wrap(void *self, struct hws_host_endpoint *endpoint, uint32_t role, void **ep) {
  const struct hws_host *host = self;
  struct settings settings;
  int32_t status = settings_read(host, endpoint, &settings);
  if (status != HWS_IO_OK) return status;
  struct chaos *chaos = host->alloc(sizeof *chaos);
  if (chaos == NULL) return HWS_IO_NOMEM;
  chaos->host = host;
  chaos->self = endpoint;
  chaos->settings = settings;
  struct dice dice = dice_new(settings.seed, 4 + (uint64_t)role);
  uint64_t reset_at = place_of(&dice, &settings, settings.reset, settings.reset_at);
  uint64_t end_at = place_of(&dice, &settings, settings.end, settings.end_at);
  for (uint32_t direction = HWS_READ; direction <= HWS_WRITE; direction++) {
    struct lane *lane = &chaos->lanes[direction];
    lane->chaos = chaos;
    lane->direction = direction;
    lane->dice = dice_new(settings.seed, 2 * (uint64_t)role + direction);
    lane->reset_at = reset_at;
    lane->end_at = end_at;
  }
  *ep = chaos;
  return HWS_IO_OK;
}

static struct lane *lane_of(struct chaos *chaos, const struct hws_io *io) {
  return &chaos->lanes[io->kind == HWS_IO_READ ? HWS_READ : HWS_WRITE];
}

static int32_t chaos_submit(void *ep, struct hws_io *io) {
  return lane_submit(lane_of(ep, io), io);
}

static int32_t chaos_cancel(void *ep, struct hws_io *io) {
  return lane_cancel(lane_of(ep, io), io);
}

static void chaos_on_post(void *ep) {
  struct chaos *chaos = ep;
  for (int i = 0; i < 2; i++) lane_posted(&chaos->lanes[i]);
}

static void chaos_on_timer(void *ep) {
  struct chaos *chaos = ep;
  uint64_t now = chaos->host->now();
  for (int i = 0; i < 2; i++) lane_timed(&chaos->lanes[i], now);
  lanes_arm(chaos);
}

static void chaos_on_done(void *ep, struct hws_io *io) {
  lane_done(lane_of(ep, io));
}

static void chaos_destroy(void *ep, uint32_t abort) {
  struct chaos *chaos = ep;
  (void)abort; /* nothing waits here */
  chaos->host->release(chaos);
}

static int32_t chaos_open(const struct hws_host *host, struct hws_vtable *vtable) {
  struct hws_vtable ours = {
      .size = vtable->size < sizeof ours ? vtable->size : (uint32_t)sizeof ours,
      .self = (void *)(uintptr_t)host,
      .wrap = chaos_wrap,
      .submit = chaos_submit,
      .cancel = chaos_cancel,
      .on_timer = chaos_on_timer,
      .on_post = chaos_on_post,
      .on_done = chaos_on_done,
      .destroy = chaos_destroy,
  };
  memcpy(vtable, &ours, ours.size);
  return HWS_IO_OK;
}

static const char *const schemes[] = {"chaos", NULL};

static const struct hws_plugin manifest = {
    .magic = HWS_PLUGIN_MAGIC,
    .size = sizeof manifest,
    .major = HWS_PLUGIN_MAJOR,
    .minor_low = 0,
    .minor_high = HWS_PLUGIN_MINOR,
    .pointer_bits = 8 * sizeof(void *),
    .capabilities = HWS_CAP_FILTER | HWS_CAP_HALF_CLOSE,
    .host_needs = HWS_HOST_UNDER,
    .name = "chaos",
    .version = "1.0.0",
    .schemes = schemes,
    .open = chaos_open,
};

const struct hws_plugin *hws_plugin_v1(void) {
  return &manifest;
}
