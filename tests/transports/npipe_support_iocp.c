/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests of named pipes share.
 */
#include "tests/transports/npipe_support_iocp.h"

#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winternl.h>

#include "plugins/check/cases.h"
#include "plugins/check/memory.h"

struct npipe_record npipe_records[NPIPE_RECORDS_MAX];
unsigned npipe_recorded;
unsigned npipe_refuse_creates;
bool npipe_refuse_asks;
void (*npipe_before_connect)(HANDLE pipe);

/* Plain clients and servers call the system too, and are not recorded. */
static __thread bool plain;

/* ---- the test ---------------------------------------------------------------------------------------------------- */

int npipe_test_begin(void **state) {
  struct npipe_test *test = calloc(1, sizeof *test);
  assert_non_null(test);
  npipe_refuse_creates = 0;
  npipe_refuse_asks = false;
  npipe_before_connect = NULL;
  test->config = (struct check_config){.listen_url = NPIPE_TEST_URL, .patience_ms = 20000};
  test->fixture.config = &test->config;
  test->fixture.host = check_host_start(hws_plugin_v1(), CHECK_ARM_AT_ONCE, true, test->config.patience_ms);
  check_host_settle(test->fixture.host);
  test->handles = check_descriptors_open();
  test->memory = check_memory_live();
  npipe_recorded = 0;
  *state = test;
  return 0;
}

int npipe_test_end(void **state) {
  struct npipe_test *test = *state;
  check_host_settle(test->fixture.host);
  assert_int_equal(check_memory_live(), test->memory);
  assert_int_equal(check_descriptors_open(), test->handles);
  check_host_stop(test->fixture.host);
  free(test);
  return 0;
}

struct hws_host_endpoint *npipe_listen(struct npipe_test *test, const char *parameters) {
  (void)snprintf(test->url, sizeof test->url, NPIPE_TEST_URL "?%s", parameters);
  test->config.listen_url = test->url;
  return fixture_listen(&test->fixture);
}

int32_t npipe_make(struct npipe_test *test, enum hws_io_kind kind, const char *url,
                   struct hws_host_endpoint **endpoint) {
  bool listens = kind == HWS_IO_LISTEN;
  *endpoint = NULL;
  int32_t status = (listens ? check_endpoint_listen : check_endpoint_dial)(test->fixture.host, url, endpoint);
  if (status != HWS_IO_OK) return status;
  struct check_io *io = check_io_submit(*endpoint, kind, NULL, 0);
  fixture_wait(io);
  if (io->io.status == HWS_IO_OK) return HWS_IO_OK;
  check_endpoint_destroy(*endpoint, false);
  *endpoint = NULL;
  return io->io.status;
}

const char *npipe_explained(const struct npipe_test *test) {
  return test->fixture.host->endpoints->explained;
}

/* ---- other programs ---------------------------------------------------------------------------------------------- */

HANDLE npipe_plain_open(DWORD *error) {
  plain = true;
  HANDLE pipe = CreateFileW(NPIPE_TEST_PATH, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  *error = pipe == INVALID_HANDLE_VALUE ? GetLastError() : 0;
  plain = false;
  return pipe;
}

HANDLE npipe_plain_connect(void) {
  DWORD error;
  HANDLE pipe = npipe_plain_open(&error);
  assert_int_equal(error, 0);
  return pipe;
}

void npipe_plain_write(HANDLE pipe, const char *text) {
  DWORD bytes = 0;
  assert_true(WriteFile(pipe, text, (DWORD)strlen(text), &bytes, NULL));
  assert_int_equal(bytes, strlen(text));
}

void npipe_plain_read(HANDLE pipe, char *text, DWORD bytes) {
  DWORD got = 0;
  for (DWORD all = 0; all < bytes; all += got) {
    assert_true(ReadFile(pipe, text + all, bytes - all, &got, NULL));
    assert_true(got > 0);
  }
  if (bytes > 0) return;
  assert_false(ReadFile(pipe, text, 1, &got, NULL));
  assert_int_equal(GetLastError(), ERROR_BROKEN_PIPE);
}

HANDLE npipe_plain_serve(DWORD mode) {
  plain = true;
  HANDLE pipe = CreateNamedPipeW(NPIPE_TEST_PATH, PIPE_ACCESS_DUPLEX, mode, 1, 65536, 65536, 0, NULL);
  plain = false;
  assert_true(pipe != INVALID_HANDLE_VALUE);
  return pipe;
}

/* ---- recording --------------------------------------------------------------------------------------------------- */

static FARPROC real(const char *library, const char *name) {
  FARPROC found = GetProcAddress(GetModuleHandleA(library), name);
  assert_non_null(found);
  return found;
}

#define REAL(library, name) ((__typeof__(&(name)))(void *)real(library, #name))

static struct npipe_record *record(enum npipe_call call, HANDLE handle) {
  assert_true(npipe_recorded < NPIPE_RECORDS_MAX);
  struct npipe_record *made = &npipe_records[npipe_recorded++];
  memset(made, 0, sizeof *made);
  made->call = call;
  made->handle = handle;
  return made;
}

unsigned npipe_count(enum npipe_call call) {
  unsigned count = 0;
  for (unsigned i = 0; i < npipe_recorded; i++) count += npipe_records[i].call == call;
  return count;
}

static void tell_security(const SECURITY_ATTRIBUTES *attributes, char *text, size_t size) {
  char *sddl = NULL;
  if (!attributes || !attributes->lpSecurityDescriptor) return;
  assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorA(attributes->lpSecurityDescriptor, SDDL_REVISION_1,
                                                                   DACL_SECURITY_INFORMATION, &sddl, NULL));
  (void)snprintf(text, size, "%s", sddl);
  (void)LocalFree(sddl);
}

static HANDLE WINAPI my_create(LPCWSTR name, DWORD open, DWORD mode, DWORD instances, DWORD out, DWORD in,
                               DWORD timeout, LPSECURITY_ATTRIBUTES security) {
  if (!plain && npipe_refuse_creates > 0) {
    npipe_refuse_creates--;
    SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    return INVALID_HANDLE_VALUE;
  }
  HANDLE pipe = REAL("kernel32", CreateNamedPipeW)(name, open, mode, instances, out, in, timeout, security);
  DWORD error = GetLastError();
  if (!plain) {
    struct npipe_record *made = record(NPIPE_CREATE, pipe);
    made->flags = open;
    made->mode = mode;
    made->instances = instances;
    tell_security(security, made->security, sizeof made->security);
    SetLastError(error);
  }
  return pipe;
}

static HANDLE WINAPI my_open(LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security, DWORD how,
                             DWORD flags, HANDLE like) {
  HANDLE file = REAL("kernel32", CreateFileW)(name, access, share, security, how, flags, like);
  DWORD error = GetLastError();
  if (!plain) record(NPIPE_OPEN, file)->flags = flags;
  SetLastError(error);
  return file;
}

static BOOL WINAPI my_connect(HANDLE pipe, LPOVERLAPPED overlapped) {
  void (*before)(HANDLE) = npipe_before_connect;
  if (overlapped) record(NPIPE_CONNECT, pipe);
  if (overlapped && before) {
    npipe_before_connect = NULL;
    before(pipe);
  }
  return REAL("kernel32", ConnectNamedPipe)(pipe, overlapped);
}

static BOOL WINAPI my_cancel(HANDLE handle, LPOVERLAPPED overlapped) {
  (void)record(NPIPE_CANCEL, handle);
  return REAL("kernel32", CancelIoEx)(handle, overlapped);
}

static BOOL WINAPI my_close(HANDLE handle) {
  if (!plain && npipe_recorded < NPIPE_RECORDS_MAX) (void)record(NPIPE_CLOSE, handle);
  return REAL("kernel32", CloseHandle)(handle);
}

/* The headers do not import these two, so the linker wraps them. */
__typeof__(NtFsControlFile) __real_NtFsControlFile, __wrap_NtFsControlFile;
__typeof__(NtOpenFile) __real_NtOpenFile, __wrap_NtOpenFile;

NTSTATUS NTAPI __wrap_NtFsControlFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE routine, PVOID context,
                                      PIO_STATUS_BLOCK block, ULONG code, PVOID in, ULONG in_bytes, PVOID out,
                                      ULONG out_bytes) {
  (void)record(NPIPE_ASK, handle);
  return __real_NtFsControlFile(handle, event, routine, context, block, code, in, in_bytes, out, out_bytes);
}

NTSTATUS NTAPI __wrap_NtOpenFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                 PIO_STATUS_BLOCK block, ULONG share, ULONG options) {
  if (npipe_refuse_asks) return (NTSTATUS)0xC0000022L;
  return __real_NtOpenFile(handle, access, attributes, block, share, options);
}

/* The transport calls through these, which the import library would define. */
void *__imp_CreateNamedPipeW = (void *)my_create;
void *__imp_CreateFileW = (void *)my_open;
void *__imp_ConnectNamedPipe = (void *)my_connect;
void *__imp_CancelIoEx = (void *)my_cancel;
void *__imp_CloseHandle = (void *)my_close;
