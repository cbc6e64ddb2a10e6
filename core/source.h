/* SPDX-License-Identifier: Apache-2.0
 *
 * The source of a file send: what brings the file's bytes to the op, off the loop.
 *
 * A pool's thread looks at the file first. Then either the stream's transport takes the bytes from the file by itself
 * (direct), or the thread reads them into two pieces of memory in turn, which stand in the op's vector like a send's,
 * and are filled again as they are written. So however large the file, an op holds two pieces.
 *
 * A read of a disk cannot be interrupted. So what a thread works on belongs to nobody: an op that ends lets go of its
 * source at once, and the source frees itself when the read is over. That is why it has a descriptor of its own: the
 * user's may be closed by then, and its number used for something else.
 */
#ifndef HAWSER_CORE_SOURCE_H
#define HAWSER_CORE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

enum { SOURCE_PIECE = 64 * 1024 };

struct op;
struct source;
struct stream;

struct file_part {
  int64_t file;
  uint64_t offset;
  uint64_t length;
};

/* Give the op a source. direct: the transport can take the bytes itself. HWS_OK, HWS_E_NOMEM, HWS_E_LIMIT. */
int source_attach(struct op *op, const struct file_part *part, bool direct);

/* ---- with the stream's lock held ---- */

/* The op stands in the stream's list: begin. */
void source_start(struct op *op);

/* Is there something to hand out right now? */
bool source_is_ready(const struct op *op);

/* The transport is to take what comes next, from `file` and *offset on. */
bool source_is_direct(const struct op *op);
struct file_part source_rest(const struct op *op);

/* The transport could not take it, though the connection is whole: read the rest. */
void source_indirect(struct op *op);

/* Bytes of the op were written: fill again what they stood in. */
void source_written(struct op *op);

/* The file ended here: the op has no more than what was sent of it. Says so to the runtime. */
void source_short(struct op *op);

/* ---- of the op ---- */

void source_detach(struct source *source);        /* the op has ended */
void source_unref(struct source *source);         /* NULL is fine */
struct source *source_ref(struct source *source); /* so that its file outlives the op */

#endif
