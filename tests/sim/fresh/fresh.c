/* SPDX-License-Identifier: Apache-2.0
 *
 * The beginning is kept as a copy of all that this program and its plugins may write to: their variables, and what is
 * allocated in runs (arena.h). The C library's own state is not among it; stories do not reach that.
 */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "tests/sim/fresh.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/sim/fresh/arena.h"

enum { RANGES_MAX = 32 };

struct range {
  char *at;
  size_t bytes;
  char *copy;
};

/* Not static, as it must not be turned back itself. */
struct kept {
  unsigned count;
  struct range ranges[RANGES_MAX];
};

static struct kept *kept;

/* A build that counts which lines were reached counts in its variables: these it must keep. */
extern void __gcov_init(void *) __attribute__((weak));

static void add(char *at, size_t bytes) {
  if (kept->count == RANGES_MAX) abort();
  if (bytes) kept->ranges[kept->count++] = (struct range){.at = at, .bytes = bytes};
}

static bool is_of_stories(const struct dl_phdr_info *info) {
  return !info->dlpi_name[0] || strncmp(info->dlpi_name, STORY_PLUGIN_DIR, strlen(STORY_PLUGIN_DIR)) == 0;
}

static int add_object(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  if (!is_of_stories(info)) return 0;
  ElfW(Addr) sealed = 0; /* what lies below is written by the loader alone */
  for (unsigned i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO) sealed = info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
  for (unsigned i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type == PT_TLS) add(info->dlpi_tls_data, segment->p_memsz);
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_W)) continue;
    ElfW(Addr) from = segment->p_vaddr > sealed ? segment->p_vaddr : sealed;
    ElfW(Addr) to = segment->p_vaddr + segment->p_memsz;
    if (from < to) add((char *)(info->dlpi_addr + from), to - from); // NOLINT(performance-no-int-to-ptr)
  }
  return 0;
}

static void *pages(size_t bytes) {
  void *all = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) abort();
  return all;
}

void fresh_keep(void) {
  if (__gcov_init) return;
  kept = pages(sizeof *kept);
  (void)dl_iterate_phdr(add_object, NULL);
  char *from;
  size_t bytes;
  arena_used(&from, &bytes);
  add(from, bytes);
  for (unsigned i = 0; i < kept->count; i++) kept->ranges[i].copy = pages(kept->ranges[i].bytes);
  for (unsigned i = 0; i < kept->count; i++) memcpy(kept->ranges[i].copy, kept->ranges[i].at, kept->ranges[i].bytes);
}

bool fresh_again(void) {
  for (unsigned i = 0; kept && i < kept->count; i++)
    memcpy(kept->ranges[i].at, kept->ranges[i].copy, kept->ranges[i].bytes);
  return true;
}
