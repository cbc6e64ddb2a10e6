/* SPDX-License-Identifier: Apache-2.0
 *
 * Names to addresses, calls and offsets. Whatever is asked for and does not exist ends the process: it is a mistake of
 * the test, or a break of the ABI.
 */
#include "tests/abi/foreign.h"

#include <dlfcn.h>
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct foreign_function {
  const char *name;
  char result;
  const char *arguments; /* a letter each, see signatures.py */
};

struct foreign_field {
  const char *record;
  const char *name;
  char type;
  size_t count;
};

struct foreign_constant {
  const char *name;
  int64_t value;
};

/* Made by signatures.py, in the build folder. */
#include "signatures.inc"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
enum { MOST_ARGUMENTS = 8, MOST_ELEMENTS = 1024, MOST_RECORDS = 1024 };

static struct {
  ffi_cif cif;
  ffi_type *arguments[MOST_ARGUMENTS];
  void (*address)(void);
  unsigned calls;
} prepared[COUNT(functions)];

static void *records[MOST_RECORDS];
static size_t record_count;

static _Noreturn void fail(const char *what, const char *name) {
  (void)fprintf(stderr, "%s: %s\n", name, what);
  exit(1);
}

static ffi_type *type_of(char letter) {
  switch (letter) {
  case 'i':
    return &ffi_type_sint32;
  case 'I':
    return &ffi_type_uint32;
  case 'l':
    return &ffi_type_sint64;
  case 'L':
    return &ffi_type_uint64;
  case 'h':
    return &ffi_type_sint16;
  case 'H':
    return &ffi_type_uint16;
  case 'c':
    return &ffi_type_sint8;
  case 'p':
    return &ffi_type_pointer;
  case 'v':
    return &ffi_type_void;
  default:
    fail("unknown type", (char[]){letter, 0});
  }
}

void foreign_open(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fail(dlerror(), path);
  for (size_t i = 0; i < COUNT(functions); i++) {
    unsigned count = (unsigned)strlen(functions[i].arguments);
    void *symbol = dlsym(library, functions[i].name);
    if (symbol == NULL) fail("declared, but not exported", functions[i].name);
    memcpy(&prepared[i].address, &symbol, sizeof symbol);
    if (count > MOST_ARGUMENTS) fail("too many arguments", functions[i].name);
    for (unsigned k = 0; k < count; k++) prepared[i].arguments[k] = type_of(functions[i].arguments[k]);
    if (ffi_prep_cif(&prepared[i].cif, FFI_DEFAULT_ABI, count, type_of(functions[i].result), prepared[i].arguments) !=
        FFI_OK)
      fail("libffi cannot call it", functions[i].name);
  }
}

static size_t function_index(const char *name) {
  for (size_t i = 0; i < COUNT(functions); i++)
    if (strcmp(functions[i].name, name) == 0) return i;
  fail("no such function", name);
}

/* Of the width that its type says, at the beginning of an 8-byte cell. */
static uint64_t narrowed(char type, uint64_t value) {
  uint64_t cell = 0;
  switch (type) {
  case 'c':
    memcpy(&cell, &(uint8_t){(uint8_t)value}, sizeof(uint8_t));
    break;
  case 'h':
  case 'H':
    memcpy(&cell, &(uint16_t){(uint16_t)value}, sizeof(uint16_t));
    break;
  case 'i':
  case 'I':
    memcpy(&cell, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
    break;
  default:
    cell = value;
    break;
  }
  return cell;
}

int64_t foreign_call(const char *function, size_t count, const uint64_t *arguments) {
  size_t i = function_index(function);
  uint64_t cells[MOST_ARGUMENTS];
  void *values[MOST_ARGUMENTS];
  ffi_arg result = 0;
  if (count != strlen(functions[i].arguments)) fail("called with another number of arguments", function);
  for (size_t k = 0; k < count; k++) {
    cells[k] = narrowed(functions[i].arguments[k], arguments[k]);
    values[k] = &cells[k];
  }
  ffi_call(&prepared[i].cif, prepared[i].address, &result, values);
  prepared[i].calls++;
  /* libffi widens what is narrower than a register, but does not promise what stands above it. */
  switch (functions[i].result) {
  case 'i':
    return (int32_t)result;
  case 'I':
    return (uint32_t)result;
  default:
    return (int64_t)result;
  }
}

uint64_t foreign_pointer(const void *pointer) {
  return (uint64_t)(uintptr_t)pointer;
}

void *foreign_address(int64_t result) {
  return (void *)(uintptr_t)result;
}

unsigned foreign_uncalled(void) {
  unsigned uncalled = 0;
  for (size_t i = 0; i < COUNT(functions); i++) {
    if (prepared[i].calls > 0) continue;
    (void)fprintf(stderr, "never called: %s\n", functions[i].name);
    uncalled++;
  }
  return uncalled;
}

/* The offset, type and whole size by libffi's own reckoning of the struct. */
static size_t locate(const char *record, const char *field, const struct foreign_field **found, size_t *size) {
  static ffi_type *elements[MOST_ELEMENTS];
  static size_t offsets[MOST_ELEMENTS];
  ffi_type type = {.type = FFI_TYPE_STRUCT, .elements = elements};
  size_t count = 0;
  size_t index = MOST_ELEMENTS;
  for (size_t i = 0; i < COUNT(fields); i++) {
    if (strcmp(fields[i].record, record) != 0) continue;
    if (strcmp(fields[i].name, field) == 0) {
      index = count;
      *found = &fields[i];
    }
    for (size_t k = 0; k < fields[i].count; k++) {
      if (count == MOST_ELEMENTS - 1) fail("too many fields", record);
      elements[count++] = type_of(fields[i].type);
    }
  }
  elements[count] = NULL;
  if (count == 0) fail("no such struct", record);
  if (ffi_get_struct_offsets(FFI_DEFAULT_ABI, &type, offsets) != FFI_OK) fail("libffi cannot lay it out", record);
  *size = type.size;
  return index < MOST_ELEMENTS ? offsets[index] : SIZE_MAX;
}

size_t foreign_size(const char *record) {
  const struct foreign_field *field = NULL;
  size_t size = 0;
  (void)locate(record, "", &field, &size);
  return size;
}

void *foreign_new(const char *record) {
  const struct foreign_field *field = NULL;
  size_t size = 0;
  (void)locate(record, "size", &field, &size);
  void *memory = calloc(1, size);
  if (memory == NULL || record_count == MOST_RECORDS) fail("no room", record);
  records[record_count++] = memory;
  if (field != NULL) foreign_set(memory, record, "size", size);
  return memory;
}

void foreign_free(void) {
  while (record_count > 0) free(records[--record_count]);
}

static size_t offset_of(const char *record, const char *field, const struct foreign_field **found) {
  size_t size = 0;
  size_t offset = locate(record, field, found, &size);
  if (offset == SIZE_MAX) fail("no such field", field);
  return offset;
}

void foreign_set(void *memory, const char *record, const char *field, uint64_t value) {
  const struct foreign_field *found = NULL;
  size_t offset = offset_of(record, field, &found);
  uint64_t cell = narrowed(found->type, value);
  memcpy((char *)memory + offset, &cell, type_of(found->type)->size);
}

int64_t foreign_get(const void *memory, const char *record, const char *field) {
  const struct foreign_field *found = NULL;
  const char *at = (const char *)memory + offset_of(record, field, &found);
  union {
    int32_t i;
    uint32_t u;
    uint16_t h;
    int64_t l;
  } value = {.l = 0};
  memcpy(&value, at, type_of(found->type)->size);
  switch (found->type) {
  case 'i':
    return value.i;
  case 'I':
    return value.u;
  case 'H':
    return value.h;
  default:
    return value.l;
  }
}

const char *foreign_text(const void *memory, const char *record, const char *field) {
  const struct foreign_field *found = NULL;
  return (const char *)memory + offset_of(record, field, &found);
}

int64_t foreign_constant(const char *name) {
  for (size_t i = 0; i < COUNT(constants); i++)
    if (strcmp(constants[i].name, name) == 0) return constants[i].value;
  fail("no such constant", name);
}

const char *foreign_constant_at(const char *prefix, unsigned index, int64_t *value) {
  for (size_t i = 0; i < COUNT(constants); i++) {
    if (strncmp(constants[i].name, prefix, strlen(prefix)) != 0 || index-- > 0) continue;
    *value = constants[i].value;
    return constants[i].name;
  }
  return NULL;
}
