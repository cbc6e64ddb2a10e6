/* SPDX-License-Identifier: Apache-2.0
 *
 * A module's imports of the C runtime are replaced; the program's own stay, and are what is called. See memory_win32.h.
 */
#include "bench/readiness/memory_win32.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "bench/readiness/must.h"

static atomic_llong held;

/* ---- in their place ---------------------------------------------------------------------------------------------- */

static void *counted(void *memory) {
  if (memory) atomic_fetch_add(&held, (long long)_msize(memory));
  return memory;
}

static void *counted_malloc(size_t bytes) {
  return counted(malloc(bytes));
}

static void *counted_calloc(size_t count, size_t bytes) {
  return counted(calloc(count, bytes));
}

static void *counted_realloc(void *memory, size_t bytes) {
  long long before = memory ? (long long)_msize(memory) : 0;
  void *moved = realloc(memory, bytes);
  if (moved || bytes == 0) atomic_fetch_sub(&held, before);
  return counted(moved);
}

static char *counted_strdup(const char *text) {
  return counted(_strdup(text));
}

static void counted_free(void *memory) {
  if (memory) atomic_fetch_sub(&held, (long long)_msize(memory));
  free(memory);
}

int64_t memory_held(void) {
  return atomic_load(&held);
}

/* ---- the table of imports ---------------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  void *function;
} functions[] = {
    {"malloc", counted_malloc},  {"calloc", counted_calloc}, {"realloc", counted_realloc},
    {"_strdup", counted_strdup}, {"free", counted_free},
};

static unsigned replace(const char *name, IMAGE_THUNK_DATA *entry) {
  DWORD before = 0;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    if (strcmp(functions[i].name, name) != 0) continue;
    if (!VirtualProtect(entry, sizeof *entry, PAGE_READWRITE, &before)) fail(name, "its import cannot be replaced");
    entry->u1.Function = (ULONG_PTR)functions[i].function;
    (void)VirtualProtect(entry, sizeof *entry, before, &before);
    return 1;
  }
  return 0;
}

static unsigned replace_all(uint8_t *base, const IMAGE_IMPORT_DESCRIPTOR *imports) {
  const IMAGE_THUNK_DATA *name = (const IMAGE_THUNK_DATA *)(base + imports->OriginalFirstThunk);
  IMAGE_THUNK_DATA *entry = (IMAGE_THUNK_DATA *)(base + imports->FirstThunk);
  unsigned count = 0;
  for (; name->u1.AddressOfData; name++, entry++)
    if (!IMAGE_SNAP_BY_ORDINAL(name->u1.Ordinal))
      count += replace(((const IMAGE_IMPORT_BY_NAME *)(base + name->u1.AddressOfData))->Name, entry);
  return count;
}

void memory_count(const char *module) {
  uint8_t *base = (uint8_t *)GetModuleHandleA(module);
  unsigned count = 0;
  if (!base) fail(module, "it is not loaded");
  const IMAGE_NT_HEADERS *headers = (const IMAGE_NT_HEADERS *)(base + ((const IMAGE_DOS_HEADER *)base)->e_lfanew);
  const IMAGE_DATA_DIRECTORY *place = &headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
  const IMAGE_IMPORT_DESCRIPTOR *imports = (const IMAGE_IMPORT_DESCRIPTOR *)(base + place->VirtualAddress);
  for (; imports->Name; imports++) count += replace_all(base, imports);
  if (count == 0) fail(module, "it allocates nothing");
}
