/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for a free instance: what WaitNamedPipe does, with a packet in place of a thread.
 */
#include "transports/npipe_iocp/busy.h"

#include <stddef.h>
#include <string.h>
#include <winioctl.h>
#include <winternl.h>

#define ASK_PIPE_WAIT CTL_CODE(FILE_DEVICE_NAMED_PIPE, 6, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define SLICE_MS 100
#define TICKS_PER_MS 10000 /* of 100 ns; negative: from now on */

void busy_init(struct busy *busy, const struct npipe_address *address) {
  uint32_t units = address->length - NPIPE_PREFIX;
  busy->root = INVALID_HANDLE_VALUE;
  busy->question.timeout.QuadPart = -(LONGLONG)SLICE_MS * TICKS_PER_MS;
  busy->question.has_timeout = TRUE;
  busy->question.name_bytes = units * (ULONG)sizeof(WCHAR);
  memcpy(busy->question.name, address->path + NPIPE_PREFIX, busy->question.name_bytes);
}

static HANDLE open_root(void) {
  UNICODE_STRING name;
  OBJECT_ATTRIBUTES attributes;
  IO_STATUS_BLOCK block;
  HANDLE root;
  RtlInitUnicodeString(&name, L"\\??\\PIPE\\");
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
  NTSTATUS status =
      NtOpenFile(&root, FILE_READ_ATTRIBUTES | SYNCHRONIZE, &attributes, &block, FILE_SHARE_READ | FILE_SHARE_WRITE, 0);
  return status == 0 ? root : INVALID_HANDLE_VALUE;
}

/* 0, or why it cannot be. */
static int32_t begin(struct busy *busy, const struct hws_host *host, struct hws_host_endpoint *endpoint) {
  if (busy->root != INVALID_HANDLE_VALUE) return HWS_IO_OK;
  busy->root = open_root();
  if (busy->root == INVALID_HANDLE_VALUE) return HWS_IO_FAILED;
  int32_t status = host->bind_port(endpoint, (int64_t)(intptr_t)busy->root);
  if (status == HWS_IO_OK && !packet_skip(busy->root)) status = HWS_IO_FAILED;
  if (status != HWS_IO_OK) busy_close(busy);
  return status;
}

int busy_wait(struct busy *busy, const struct hws_host *host, struct hws_host_endpoint *endpoint) {
  if (begin(busy, host, endpoint) != HWS_IO_OK) return ERROR_NOT_SUPPORTED;
  OVERLAPPED *overlapped = packet_prepare(&busy->packet, endpoint, HWS_READ);
  ULONG bytes = (ULONG)offsetof(struct busy_question, name) + busy->question.name_bytes;
  NTSTATUS status = NtFsControlFile(busy->root, NULL, NULL, overlapped, (IO_STATUS_BLOCK *)&overlapped->Internal,
                                    ASK_PIPE_WAIT, &busy->question, bytes, NULL, 0);
  busy->out = status == STATUS_PENDING;
  return busy->out ? ERROR_IO_PENDING : 0;
}

void busy_cancel(struct busy *busy) {
  if (busy->out) packet_cancel(busy->root, &busy->packet);
}

void busy_close(struct busy *busy) {
  if (busy->root != INVALID_HANDLE_VALUE) (void)CloseHandle(busy->root);
  busy->root = INVALID_HANDLE_VALUE;
}
