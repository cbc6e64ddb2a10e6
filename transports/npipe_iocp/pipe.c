/* SPDX-License-Identifier: Apache-2.0
 *
 * Named pipes of the system.
 */
#include "transports/npipe_iocp/pipe.h"

#include <sddl.h>

/* What hawser_decl.h calls HWS_PEER_PID and HWS_PEER_SESSION. */
enum { PEER_PID = 4, PEER_SESSION = 8 };

int pipe_security(const struct npipe_settings *settings, PSECURITY_DESCRIPTOR *security) {
  const wchar_t *text = pipe_text(settings->sddl);
  BOOL good = ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, security, NULL);
  return good ? 0 : (int)GetLastError();
}

/* PIP-5. An instance is inherited by no child. */
HANDLE pipe_create(const struct npipe_address *address, const struct pipe_kind *kind, bool first) {
  SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes, .lpSecurityDescriptor = kind->security};
  DWORD open = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0U);
  DWORD mode = kind->settings->messages ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE : PIPE_TYPE_BYTE;
  if (!kind->settings->remote) mode |= PIPE_REJECT_REMOTE_CLIENTS;
  return CreateNamedPipeW(pipe_text(address->path), open, mode, PIPE_UNLIMITED_INSTANCES, PIPE_BUFFER_BYTES,
                          PIPE_BUFFER_BYTES, 0, &attributes);
}

/* PIP-5: whoever is there learns who we are, and cannot act as us. */
HANDLE pipe_open(const struct npipe_address *address) {
  DWORD flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
  return CreateFileW(pipe_text(address->path), GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, flags, NULL);
}

/* The shortest wait that there is: at most a tick of the system's clock, where all instances are taken. */
bool pipe_exists(const struct npipe_address *address) {
  return WaitNamedPipeW(pipe_text(address->path), 1) || GetLastError() == ERROR_SEM_TIMEOUT;
}

bool pipe_has_bytes(HANDLE pipe) {
  DWORD bytes = 0;
  return PeekNamedPipe(pipe, NULL, 0, NULL, &bytes, NULL) && bytes > 0;
}

void pipe_peer(HANDLE pipe, bool server, struct hws_peer_id *peer) {
  ULONG process = 0;
  ULONG session = 0;
  *peer = (struct hws_peer_id){.size = sizeof *peer};
  if (server ? GetNamedPipeClientProcessId(pipe, &process) : GetNamedPipeServerProcessId(pipe, &process))
    peer->flags |= PEER_PID;
  if (server ? GetNamedPipeClientSessionId(pipe, &session) : GetNamedPipeServerSessionId(pipe, &session))
    peer->flags |= PEER_SESSION;
  peer->pid = process;
  peer->session = session;
}

int32_t pipe_status(int error) {
  switch (error) {
  case 0:
    return HWS_IO_OK;
  case ERROR_NOT_ENOUGH_MEMORY:
  case ERROR_OUTOFMEMORY:
  case ERROR_NO_SYSTEM_RESOURCES:
  case ERROR_NOT_ENOUGH_QUOTA:
    return HWS_IO_NOMEM;
  case ERROR_TOO_MANY_OPEN_FILES:
  case ERROR_PIPE_BUSY:
  case ERROR_FILE_TOO_LARGE: /* so we call a message that is */
    return HWS_IO_LIMIT;
  case ERROR_PIPE_NOT_CONNECTED: /* the server has cut it off */
  case ERROR_CONNECTION_ABORTED:
    return HWS_IO_RESET;
  case ERROR_BROKEN_PIPE:
  case ERROR_NO_DATA: /* so is a write told of a peer that went */
    return HWS_IO_CLOSED;
  case ERROR_FILE_NOT_FOUND:
    return HWS_IO_REFUSED;
  case ERROR_ACCESS_DENIED:
    return HWS_IO_ACCESS;
  case ERROR_NOT_SUPPORTED:
    return HWS_IO_UNSUPPORTED;
  case ERROR_INVALID_NAME:
  case ERROR_BAD_PATHNAME:
    return HWS_IO_ADDRESS;
  case ERROR_OPERATION_ABORTED:
    return HWS_IO_CANCELED;
  default:
    return HWS_IO_FAILED;
  }
}
