/* SPDX-License-Identifier: Apache-2.0
 *
 * What a filter has below: its ios, each carried by one of the kit's at the endpoint that it stands on.
 */
#ifndef HAWSER_CHECK_UNDER_H
#define HAWSER_CHECK_UNDER_H

#include <stdbool.h>

#include "plugins/hawser_plugin.h"

struct check_io;

/* host->under_submit and host->under_cancel. */
int32_t check_under_submit(struct hws_host_endpoint *endpoint, struct hws_io *io);
int32_t check_under_cancel(struct hws_host_endpoint *endpoint, struct hws_io *io);

/* A filter's parameter: what stands in the URL behind its scheme and a dot. */
const char *check_under_config(struct hws_host_endpoint *endpoint, const char *key);

/* A carrier has ended: on_done is due. */
void check_under_ended(const struct check_io *carrier);
bool check_under_came_back(struct hws_host_endpoint *endpoint);

/* Call on_done for what came back; from the loop. */
void check_under_deliver(struct hws_host_endpoint *endpoint);

/* The io is the filter's again; both directions are taken. */
void check_under_forget(struct hws_host_endpoint *endpoint, const struct hws_io *io);

/* Nothing more goes below; bring back what is there. */
void check_under_end(struct hws_host_endpoint *endpoint);

#endif
