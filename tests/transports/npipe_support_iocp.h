/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests of named pipes share: the kit's host with the transport linked in, plain clients and servers that stand
 * for other programs, and the transport's calls of the system, which are recorded and can be made to fail.
 */
#ifndef HAWSER_TESTS_NPIPE_SUPPORT_H
#define HAWSER_TESTS_NPIPE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <windows.h>

#include "plugins/check/fixture.h"

/* Each program has a name of its own (TEST_PIPE), as they run side by side. */
#define NPIPE_TEST_PATH L"\\\\.\\pipe\\hawser\\" TEST_PIPE
#define NPIPE_TEST_URL "npipe:////./pipe/hawser/" TEST_PIPE

struct npipe_test {
  struct check_config config;
  struct fixture fixture;
  char url[256]; /* of npipe_listen */
  unsigned handles;
  int64_t memory;
};

/* Setup and teardown of a test; the latter sees that no handle and no memory is left. */
int npipe_test_begin(void **state);
int npipe_test_end(void **state);

/* A listener at NPIPE_TEST_URL with those parameters ("backlog=2"). */
struct hws_host_endpoint *npipe_listen(struct npipe_test *test, const char *parameters);

/* Make an endpoint at that URL and submit its first io. Its status once it has ended; *endpoint NULL unless it is
 * HWS_IO_OK. What was explained lies in npipe_explained. */
int32_t npipe_make(struct npipe_test *test, enum hws_io_kind kind, const char *url,
                   struct hws_host_endpoint **endpoint);
const char *npipe_explained(const struct npipe_test *test);

/* A client as other programs have it: one CreateFile, no retry. INVALID_HANDLE_VALUE, and *error. */
HANDLE npipe_plain_open(DWORD *error);
/* One that has to find a free instance. */
HANDLE npipe_plain_connect(void);
void npipe_plain_write(HANDLE pipe, const char *text);
/* Read so many bytes, all of which have to come; 0 expects the end. */
void npipe_plain_read(HANDLE pipe, char *text, DWORD bytes);

/* A server as other programs have it, with one instance; its calls wait. mode: PIPE_TYPE_... */
HANDLE npipe_plain_serve(DWORD mode);

/* ---- the transport's calls ---- */

enum npipe_call { NPIPE_CREATE, NPIPE_OPEN, NPIPE_CONNECT, NPIPE_CANCEL, NPIPE_ASK, NPIPE_CLOSE };

struct npipe_record {
  HANDLE handle;
  enum npipe_call call;
  DWORD flags;        /* create, open */
  DWORD mode;         /* create */
  DWORD instances;    /* create */
  char security[256]; /* create: as SDDL */
};

enum { NPIPE_RECORDS_MAX = 8192 };
extern struct npipe_record npipe_records[NPIPE_RECORDS_MAX];
extern unsigned npipe_recorded;

unsigned npipe_count(enum npipe_call call);

/* Faults; all off after npipe_test_begin. */
extern unsigned npipe_refuse_creates;             /* so many of the next CreateNamedPipe fail */
extern bool npipe_refuse_asks;                    /* the system cannot be asked for a free instance */
extern void (*npipe_before_connect)(HANDLE pipe); /* called once, between CreateNamedPipe and ConnectNamedPipe */

#endif
