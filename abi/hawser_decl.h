/* SPDX-License-Identifier: Apache-2.0
 *
 * The C ABI, declarations only. Parsed as it stands by cffi, cgo and pycparser: no preprocessor line, no inline or
 * variadic function, no bit-field, no union, fixed-width integers throughout.
 *
 * Reading a contract
 *   Thread-safety  Every function may be called from any thread at any time unless it says otherwise.
 *   Blocking       A function blocks only where it says so. With HWS_BLOCK in hws_how.flags, an op's function blocks
 *                  until the op has ended. A call may do work of the library's own in its thread, as much as one turn
 *                  of the loop does: a write or a read that does not wait.
 *   Ownership      Strings and structs passed in are read during the call and may be freed after it. Memory named by
 *                  a hws_vec belongs to the library from the call until the op's event (OP-5). Strings that are
 *                  returned live as long as the process. A handle that is returned is the caller's to close.
 *   Errors         Negative hws_status values. HWS_E_HANDLE, HWS_E_FORKED, HWS_E_INVAL and HWS_E_NOMEM can come from
 *                  any function, HWS_E_LIMIT from any that makes an object or op once 2^24 are in use, and HWS_E_CLOSED
 *                  from any that makes an object of a runtime that is ending; they are not repeated, save where they
 *                  mean more. An error returned by the call itself has had no effect, and no event follows it.
 *   Sizes          Every struct that can grow begins with its size: the caller sets it to sizeof. A caller built
 *                  against an older, shorter struct works; reserved fields must be zero.
 *
 * The ops: hws_listen, hws_dial, hws_accept, hws_open, hws_send, hws_sendfile, hws_recv, hws_acquire, hws_shutdown,
 * hws_watch, hws_close. Each takes (..., how, out, op) and returns < 0  refused: nothing happened and no event will
 * come 0    pending: one event will come to how->queue with how->tag 1    done at once: the event is in *out and none
 * is queued. Only where out is given, and only when no earlier op of that direction is pending. `op` (may be NULL)
 * receives the op's handle for hws_cancel, before the event can be harvested; it is stale from the moment the event was
 * harvested. An op that nobody would hear of (no queue, and neither HWS_BLOCK nor HWS_TRY with an out) is refused,
 * except hws_close. With HWS_TRY no op is left pending, whatever it is: what cannot end at once is HWS_E_AGAIN, and has
 * had no effect, so that an object which it was to make is none, and one that it was to close is open. 0 then says that
 * no out was given and the event stands in the queue. A send may take a part: `bytes` says how much.
 *
 * Any op may be refused with HWS_E_AGAIN (HWS_TRY), and end with HWS_E_CANCELED or HWS_E_DEADLINE (its scope, deadline,
 * cancel or, with HWS_INTERRUPTIBLE, a signal); one that makes an object and had ended so before it began has made
 * none: the event's object is 0, and hws_detail of the scope has the words. An object's end can be of both statuses
 * too: with HWS_EVENT_OP in the event's flags it was the op alone, and its object can be used further, unless the op
 * was to make or to close it. The errors below are those of the event, save where they are said to be the call's.
 */

typedef uint64_t hws_handle; /* an object or op: type, slot, generation; never a pointer; 0 is none */
typedef int32_t hws_result;  /* a hws_status, or a non-negative answer */

enum hws_status {
  HWS_OK = 0,
  HWS_E_HANDLE = -1,       /* the handle is stale, of another type, or none */
  HWS_E_INVAL = -2,        /* an argument is wrong; hws_refusal names it */
  HWS_E_NOMEM = -3,        /* out of memory */
  HWS_E_CANCELED = -4,     /* a cancel ended it; on an acceptor's stream also: the caller is gone */
  HWS_E_DEADLINE = -5,     /* its deadline passed */
  HWS_E_CLOSED = -6,       /* the object was closed here, or the service that it led to went away */
  HWS_E_EOF = -7,          /* the peer ended its direction; everything it sent was delivered */
  HWS_E_RESET = -8,        /* a reset ended the stream; code and reason are in the event and the detail */
  HWS_E_BUSY = -9,         /* ops are pending on it, or a lease is out */
  HWS_E_AGAIN = -10,       /* HWS_TRY, and it could not end at once */
  HWS_E_UNSUPPORTED = -11, /* this transport, mode or build cannot do it */
  HWS_E_PLUGIN = -12,      /* a plugin could not be loaded, or broke its contract */
  HWS_E_PROTOCOL = -13,    /* the peer broke the protocol */
  HWS_E_REFUSED = -14,     /* nobody listens there, or the peer refused */
  HWS_E_INTERRUPTED = -15, /* a signal ended the wait */
  HWS_E_LIMIT = -16,       /* a limit was reached */
  HWS_E_FORKED = -17,      /* the object was made before a fork, in the parent */
  HWS_E_ADDRESS = -18,     /* the URL or address is malformed, or its scheme is unknown */
  HWS_E_IN_USE = -19,      /* somebody else listens there */
  HWS_E_ACCESS = -20,      /* the system or an allow-list denies it */
  HWS_E_IO = -21,          /* the transport failed; the detail has errno */
  HWS_E_TIMEOUT = -22,     /* the peer was silent, or did not read, for longer than a limit */
  HWS_E_INTERNAL = -23     /* a bug in this library */
};

/* What an event answers. Numbers from 32 to 47 are reserved for ops to come: export and import of connections, file
 * sends, lending of shared memory, datagrams, files and standard streams. */
enum hws_kind {
  HWS_KIND_NONE = 0,
  HWS_KIND_WAKE = 1,     /* hws_queue_wake; data is how many wakes were folded into this event */
  HWS_KIND_LISTEN = 2,   /* object: the listener */
  HWS_KIND_DIAL = 3,     /* object: the stream */
  HWS_KIND_ACCEPT = 4,   /* object: the accepted stream */
  HWS_KIND_OPEN = 5,     /* object: the stream; bytes of the first payload that were taken */
  HWS_KIND_SEND = 6,     /* bytes: how many were taken, also when it failed */
  HWS_KIND_RECV = 7,     /* bytes: how many were received */
  HWS_KIND_ACQUIRE = 8,  /* data: address of the bytes, bytes: how many, code: the lease */
  HWS_KIND_SHUTDOWN = 9, /* the end of the send direction is on its way; a session: its last stream is over */
  HWS_KIND_WATCH = 10,   /* status and code: why the object ended */
  HWS_KIND_CLOSE = 11,   /* nothing of the object is touched any more; data: bytes that were taken, and dropped */
  HWS_KIND_EXPORT = 32,
  HWS_KIND_IMPORT = 33,
  HWS_KIND_SENDFILE = 34, /* bytes: how many were sent, also when it failed */
  HWS_KIND_LEND = 35,
  HWS_KIND_SEND_DATAGRAM = 36,
  HWS_KIND_RECV_DATAGRAM = 37
};

/* Reset codes with a meaning of their own (CAN-11); an application's own start at HWS_CODE_APPLICATION. */
enum hws_code {
  HWS_CODE_NONE = 0,
  HWS_CODE_CANCELED = 1,
  HWS_CODE_DEADLINE = 2,
  HWS_CODE_REFUSED = 3,
  HWS_CODE_SHUTTING_DOWN = 4,
  HWS_CODE_PROTOCOL = 5,
  HWS_CODE_INTERNAL = 6,
  HWS_CODE_APPLICATION = 65536
};

enum hws_how_flag {
  HWS_BLOCK = 1,          /* submit and wait in one call; out must be given; no queue is needed */
  HWS_TRY = 2,            /* HWS_E_AGAIN instead of pending; hws_close: unless the object has ended already */
  HWS_MORE = 4,           /* a send: more follows. Leaves at the first send without it, at hws_flush, at this thread's
                             next wait, or after 64 KiB; else within a millisecond, or as soon after it as the system's
                             timers allow, of a runtime with an I/O thread, and of one without at the next call that
                             drives it */
  HWS_EOM = 8,            /* a send, or an open's first payload: its last byte ends a message; without a byte, what was
                             sent before it does. Streams of native sessions, and connections that keep messages, as
                             npipe's can. On these every send ends one, unless it has HWS_MORE without HWS_EOM */
  HWS_INTERRUPTIBLE = 16, /* with HWS_BLOCK: a signal that meets the call asleep cancels the op, whose event is then
                             returned; one that meets it at work for others (caller-driven) does not */
  HWS_RELATIVE = 32,      /* deadline_ns counts from this call */
  HWS_ABORT = 64          /* hws_close: discard what was not sent, reset the peer */
};

enum hws_event_flag {
  HWS_EVENT_EOM = 1,    /* a recv or acquire: the last byte ends a message; without a byte, what came before it does */
  HWS_EVENT_REMOTE = 2, /* the peer brought the end about (docs/ends.md); in a hws_detail too */
  HWS_EVENT_OP = 4      /* the op's own cancel, deadline, scope or signal ended it, not its object */
};

/* How an op is to be done. NULL is the same as a zeroed one. */
struct hws_how {
  uint32_t size;
  uint32_t flags;       /* hws_how_flag */
  hws_handle scope;     /* cancels the op when it ends; 0: none */
  hws_handle queue;     /* where the event goes */
  uint64_t tag;         /* comes back in the event */
  uint64_t deadline_ns; /* on the clock of hws_now; 0: none */
};

/* The answer to one op. 64 bytes, for ever. */
struct hws_event {
  uint64_t tag;
  hws_handle op; /* stale by now: for comparing only */
  hws_handle object;
  int32_t status;
  uint16_t kind;
  uint16_t flags;
  uint64_t bytes;
  uint64_t data;
  uint64_t code; /* the code of a reset, or of the cause */
  uint64_t reserved;
};

/* A piece of memory to send from or receive into. */
struct hws_vec {
  void *ptr;
  uint64_t len;   /* bytes; all together at most 2^40 */
  uint32_t flags; /* zero */
  uint32_t reserved;
};

enum hws_runtime_flag {
  HWS_RUNTIME_CALLER_DRIVEN = 1 /* no I/O thread: work is done by those who wait; nothing moves while nobody does */
};

struct hws_runtime_config {
  uint32_t size;
  uint32_t flags;         /* hws_runtime_flag */
  const char *plugin_dir; /* absolute; searched before hawser/plugins beside the library; NULL: only there */
  const char *settings;   /* "key=value&key=value" (docs/settings.md); NULL: defaults */
};

/* What a session speaks (docs/wire.md). Names, metadata, messages, reasons and codes beyond 32 bits need native. */
enum hws_mode {
  HWS_MODE_DEFAULT = 0, /* auto */
  HWS_MODE_YAMUX = 1,   /* plain yamux, nothing extra */
  HWS_MODE_AUTO = 2,    /* native if the peer knows it, else plain yamux; streams open once the peer has answered */
  HWS_MODE_NATIVE = 3   /* native from the first byte on; the peer must be native too */
};

enum hws_stop {
  HWS_STOP_RECV = 1, /* nothing more is read here, and the peer is asked to stop sending */
  HWS_STOP_SEND = 2  /* nothing more is sent, and the peer drops what it has not read */
};

enum hws_role {
  HWS_ROLE_DEFAULT = 0, /* who dialled or opened is the client */
  HWS_ROLE_CLIENT = 1,
  HWS_ROLE_SERVER = 2
};

struct hws_session_config {
  uint32_t size;
  uint32_t flags;       /* zero */
  uint32_t mode;        /* hws_mode */
  uint32_t role;        /* hws_role */
  hws_handle life;      /* when this scope ends, the session is aborted; 0: none */
  const char *settings; /* "key=value&key=value" (docs/settings.md); NULL: defaults */
};

struct hws_pair {
  const char *key;
  const char *value;
  uint32_t key_len;
  uint32_t value_len;
};

struct hws_open_config {
  uint32_t size;
  uint32_t flags;   /* zero */
  hws_handle life;  /* when this scope ends, the stream is reset; 0: none */
  const char *name; /* native sessions only, like metadata; UTF-8 without control characters; NULL: none */
  const struct hws_pair *metadata;
  uint32_t metadata_count;
  uint32_t payload_count;
  const struct hws_vec *payload; /* first bytes, which leave with the open */
};

/* Why an object ended, or what was wrong with its last failed op. */
struct hws_detail {
  uint32_t size;
  int32_t status;
  int32_t os_error; /* errno or GetLastError; 0: none */
  uint32_t flags;   /* hws_event_flag */
  uint64_t code;
  char text[488]; /* one line, zero-terminated, UTF-8; what could not be shown of a reason is `?` */
};

struct hws_peer {
  uint32_t size;
  uint32_t flags; /* which fields are known: hws_peer_flag */
  uint64_t uid;
  uint64_t gid;
  uint64_t pid;
  uint64_t session; /* of a user at a Windows machine, by the system's number; 0 is that of services */
};

enum hws_peer_flag { HWS_PEER_UID = 1, HWS_PEER_GID = 2, HWS_PEER_PID = 4, HWS_PEER_SESSION = 8 };

/* The strings live as long as the process: plugins are never unloaded. */
struct hws_plugin_info {
  uint32_t size;
  uint32_t flags;        /* zero */
  uint64_t capabilities; /* hws_cap of hawser_plugin.h */
  uint32_t abi_major;
  uint32_t abi_minor_low;
  uint32_t abi_minor_high;
  uint32_t reserved;
  const char *name;
  const char *version;
  const char *schemes; /* separated by spaces */
  const char *path;
};

enum hws_text {
  HWS_TEXT_LOCAL = 1,     /* a listener's bound URL, a stream's own end */
  HWS_TEXT_REMOTE = 2,    /* URL of the far end, as far as it has one */
  HWS_TEXT_TRANSPORT = 3, /* name of the transport's plugin */
  HWS_TEXT_NAME = 4,      /* the name that a stream was opened with; empty: none */
  HWS_TEXT_MODE = 5       /* what a session speaks: "native" or "yamux"; empty until it is decided */
};

/* ---- library ---------------------------------------------------------------------------------------------------- */

/* The version of this ABI: major << 16 | minor. */
uint32_t hws_abi_version(void);

/* The version of this library, as "1.2.3". The string lives for ever. */
const char *hws_version(void);

/* The name ("HWS_E_RESET") and a short text of a status. Never NULL; unknown numbers have a name too. */
const char *hws_status_name(int32_t status);
const char *hws_status_text(int32_t status);

/* The clock of every deadline: monotonic, in nanoseconds (CLOCK_MONOTONIC on Linux). */
uint64_t hws_now(void);

/* ---- runtime ---------------------------------------------------------------------------------------------------- */

/* Make a runtime: a loop, and an I/O thread unless the caller drives it. config may be NULL.
 * The thread blocks all signals. Errors: HWS_E_LIMIT (descriptors, threads, or a path too long for the library's own
 * folder), HWS_E_UNSUPPORTED (a system on which a fork cannot be noticed). */
hws_result hws_runtime_open(const struct hws_runtime_config *config, hws_handle *runtime);

/* End a runtime: close every object of it, give every pending op its event, join the I/O thread, free what is left.
 * What the user has closed before goes on for as long as timeout_ns allows: a session sends what was taken and parts
 * from its peer, within its setting `drain`; a connection sends what was copied, for ten seconds at most. So a program
 * that closes everything and joins with enough time loses nothing. What it has not closed ends at once, with
 * HWS_E_CLOSED and as if by HWS_ABORT: a session with all its streams, also those that were closed and had something
 * left. When the time is over the closes that still go on are cut short, and their events say so (hws_close).
 * Queues can be harvested until this has ended the runtime, so after HWS_E_DEADLINE too: it waits, within timeout_ns,
 * for as long as a queue holds events and other threads harvest them, so those get them all. A thread harvests that
 * stands in hws_queue_wait, or comes back to it: within 10 ms, or, once one has come or where one stood when the end
 * began, within a second of the last event taken. Where the time is over, at once if it is 0, before it is known that
 * nobody does, the answer is HWS_E_DEADLINE and nothing is dropped. What nobody harvests is dropped. Leases stay
 * readable until released, also after it.
 * Blocks for at most timeout_ns (negative: for ever; 0 cuts every close short), and for at most five seconds on a
 * plugin that never completes, or on the system where it does not finish a call of the library's own (the look-up of a
 * name, the reading of a file). Errors: HWS_E_DEADLINE (the end, or the harvest, goes on: call again), HWS_E_BUSY
 * (called on a thread of the runtime, or another thread waits in it), HWS_E_PLUGIN (it ended, but abandoned ops that a
 * plugin never completed; the detail of the library log names it), HWS_E_TIMEOUT (it ended, but left threads of its own
 * behind in such a call of the system). */
hws_result hws_runtime_join(hws_handle runtime, int64_t timeout_ns);

/* Why the calling thread's last refused call was refused, in words that name what was wrong with it; status HWS_OK:
 * none has been. Every call that returns a negative status is a refused one, but hws_scope_status, whose statuses are
 * answers. Calls that go well leave it as it is, and no other thread's calls touch it. Never blocks. What it holds goes
 * with the thread. A thread that the system has no memory for has the status alone. Errors: HWS_E_INVAL (detail is NULL
 * or too short), which is a refused call too. */
hws_result hws_refusal(struct hws_detail *detail);

/* ---- queues ----------------------------------------------------------------------------------------------------- */

/* A completion queue. Unbounded, because an op brings its event with it: posting cannot fail. When it is closed, events
 * that nobody took are dropped, and so are those that still come; a lease among them goes back to its stream. */
hws_result hws_queue_open(hws_handle runtime, hws_handle *queue);

/* Harvest up to max events (1 to 65536), oldest first. Blocks up to timeout_ns (0: not at all; negative: for ever).
 * Any number of threads may wait on one queue. Returns how many events were stored; 0 is a normal answer:
 * the time is over, or a caller-driven loop has been busy for so long that a signal may have gone unnoticed.
 * Whoever stands in it when the queue is closed, by hws_close or the join, still gets up to max of the events there.
 * Errors: HWS_E_INTERRUPTED (a signal), HWS_E_CLOSED (the queue or its runtime was closed and no event is left). */
hws_result hws_queue_wait(hws_handle queue, struct hws_event *events, uint32_t max, int64_t timeout_ns);

/* Post a HWS_KIND_WAKE event. Wakes that were not harvested yet fold into one. Async-signal-unsafe. */
hws_result hws_queue_wake(hws_handle queue, uint64_t tag);

/* A descriptor that is readable exactly while events wait, for poll, epoll and foreign event loops. It belongs to the
 * queue: do not read, write or close it. Errors: HWS_E_UNSUPPORTED in a caller-driven runtime, HWS_E_LIMIT
 * (descriptors). */
hws_result hws_queue_waitable(hws_handle queue, int64_t *descriptor);

/* ---- scopes ----------------------------------------------------------------------------------------------------- */

/* A cancellation scope. parent may be 0. deadline_ns: absolute, 0 for none; never later than the parent's. A scope
 * opened under one that has ended has ended too. Closing a scope cancels nothing and frees it once nothing uses it. */
hws_result hws_scope_open(hws_handle runtime, hws_handle parent, uint64_t deadline_ns, hws_handle *scope);

/* End a scope and its children: their ops end with HWS_E_CANCELED, and objects whose life scope it is are reset with
 * `code` (0: HWS_CODE_CANCELED) and reason (may be NULL, at most 1 KiB UTF-8; what is none is shown as `?`, in
 * hws_detail here and at the peer). Harmless when repeated. */
hws_result hws_scope_cancel(hws_handle scope, uint64_t code, const char *reason);

/* HWS_OK while the scope runs; HWS_E_CANCELED or HWS_E_DEADLINE once it ended: an answer, not a refusal. */
hws_result hws_scope_status(hws_handle scope);

/* End one op with HWS_E_CANCELED. Harmless when it has ended already (HWS_E_HANDLE once it was harvested): exactly one
 * event comes in any case. */
hws_result hws_cancel(hws_handle op);

/* ---- listeners and connections ------------------------------------------------------------------------------------
 */

/* Listen at a URL ("unix:///run/x.sock?mode=0660"). *listener is valid at once and usable from the op's event on. The
 * first listen or dial of a scheme that no loaded plugin serves may block: it reads the plugin directories.
 * Errors of the call, which nothing but the URL and the plugins decide: HWS_E_ADDRESS (malformed, an unknown scheme or
 * parameter), HWS_E_PLUGIN (its plugin is refused, or fails at once), HWS_E_UNSUPPORTED (its transport cannot listen),
 * HWS_E_LIMIT (descriptors, to load the plugin). Errors of the event, which the system decides: HWS_E_ADDRESS (the
 * system will not have it), HWS_E_IN_USE, HWS_E_ACCESS, HWS_E_UNSUPPORTED, HWS_E_IO, HWS_E_LIMIT (descriptors),
 * HWS_E_CLOSED (the listener was closed meanwhile). A transport may find any of these at the call. */
hws_result hws_listen(hws_handle runtime, const char *url, hws_handle life, const struct hws_how *how,
                      struct hws_event *out, hws_handle *op, hws_handle *listener);

/* Dial a URL. Blocks where hws_listen does; names are looked up by threads of the library's own. *stream is valid at
 * once and usable from the op's event on: until then its ops are refused with HWS_E_BUSY. Errors as hws_listen, and of
 * the event HWS_E_REFUSED (nobody listens) and HWS_E_RESET (cut off at once). A failed stream still answers hws_detail
 * until it is closed. */
hws_result hws_dial(hws_handle runtime, const char *url, hws_handle life, const struct hws_how *how,
                    struct hws_event *out, hws_handle *op, hws_handle *stream);

/* Accept the next stream of a listener or a session. The event's object is the stream; *stream holds it already, and is
 * the caller's to close also when the accept fails. Where the event's object is 0 nothing was made. Until the event the
 * ops of *stream are refused with HWS_E_BUSY.
 * Errors: HWS_E_CLOSED (the listener or session was closed, or the session goes away), what ended the session, and on a
 * listener HWS_E_LIMIT, HWS_E_IO (that accept failed; the listener goes on). */
hws_result hws_accept(hws_handle source, hws_handle life, const struct hws_how *how, struct hws_event *out,
                      hws_handle *op, hws_handle *stream);

/* ---- sessions --------------------------------------------------------------------------------------------------- */

/* Turn a stream into a session of many. Consumes the stream: its handle is stale after success.
 * Errors: HWS_E_BUSY (ops pend on the stream, a lease is out, or it is not connected yet), HWS_E_LIMIT (nested more
 * than 4 deep), HWS_E_CLOSED (a direction of it has ended properly), what ended it, HWS_E_CANCELED or HWS_E_DEADLINE
 * (the life scope has ended). */
hws_result hws_session(hws_handle stream, const struct hws_session_config *config, hws_handle *session);

/* Open a stream of a session. Ends when its frame is queued; a refusal comes later, as a reset. config may be NULL.
 * Name, metadata (both within 16 KiB, at most 64 pairs) and first payload leave together: the peer sees all of the open
 * or nothing. With HWS_EOM the payload ends a message. Of the payload is sent what the event's bytes say, all of it if
 * there is room (unsent_max, and 256 KiB a stream); the rest, and then the end of the message, are the caller's to
 * send. Errors of the call: HWS_E_UNSUPPORTED (name, metadata or HWS_EOM in plain yamux), HWS_E_INVAL (also more name
 * and metadata than that, or a pair without a key). Of the event: HWS_E_UNSUPPORTED (the same, where the wire was not
 * decided at the call), HWS_E_CLOSED (the session, or the peer, goes away), HWS_E_REFUSED (the peer's settings say that
 * it takes no streams), HWS_E_LIMIT (ids used up), what ended the session. */
hws_result hws_open(hws_handle session, const struct hws_open_config *config, const struct hws_how *how,
                    struct hws_event *out, hws_handle *op, hws_handle *stream);

/* ---- streams ---------------------------------------------------------------------------------------------------- */

/* Send count pieces (at most 1024), in order. The op ends when the bytes are copied or written; a cancelled or failed
 * one says in `bytes` how many were taken, and the stream stays usable after a cancel. Ops of one direction end in
 * order. Zero bytes, be it no piece or only empty ones: ends when the stream is writable, which is when a send of one
 * byte with HWS_TRY would take it and the peer lets it come; a shutdown behind it ends it with HWS_E_CLOSED.
 * Errors of the call: HWS_E_BUSY (not connected or accepted yet), HWS_E_UNSUPPORTED (HWS_EOM where ends of messages are
 * not kept). Of the event: HWS_E_CLOSED (after shutdown or close), HWS_E_RESET, HWS_E_CANCELED (also: it was reset or
 * stopped here), what ended the session or connection. */
hws_result hws_send(hws_handle stream, const struct hws_vec *vec, uint32_t count, const struct hws_how *how,
                    struct hws_event *out, hws_handle *op);

/* Send `length` bytes of a regular file, from `offset` on, in order with other sends of the stream; wherever the system
 * can, they are never copied into this process. Neither this call nor an I/O thread waits for a disk: the file is read
 * by threads of the library's own. The descriptor must be open for reading and stays the caller's; its own place in the
 * file does not matter. The op has a duplicate of it, so the caller's may be closed once the call has returned. length
 * is at least 1: an empty file needs no call.
 * bytes says how many were sent, exactly, whatever the end; the stream stays usable unless it is the stream that ended.
 * A cancel waits for the call that is in the system, which takes at most 256 KiB of the file, and for nothing else.
 * HWS_TRY is answered by HWS_E_AGAIN, as the end is never at once; HWS_EOM as for a send. With a session the bytes are
 * read 64 KiB at a time, at most twice that for each op.
 * Errors of the call, besides those of a send: HWS_E_INVAL (no descriptor, no bytes, or bytes past the largest offset),
 * HWS_E_ACCESS (it is not open for reading), HWS_E_LIMIT (no descriptor or thread is left). In the event, as for a
 * send, and: HWS_E_INVAL (it is no regular file, or the file ended before `length`: never silently), HWS_E_IO (reading
 * it failed); hws_detail of the runtime then has the words and errno. */
hws_result hws_sendfile(hws_handle stream, int64_t file, uint64_t offset, uint64_t length, const struct hws_how *how,
                        struct hws_event *out, hws_handle *op);

/* Receive at least one byte, into count pieces (at most 1024). Zero bytes, be it no piece or only
 * empty ones: ends when the stream is readable, or at its end. Errors of the call: HWS_E_BUSY (not connected or
 * accepted yet). Of the event: HWS_E_EOF, HWS_E_RESET, HWS_E_CLOSED, HWS_E_CANCELED (also: it was reset or stopped
 * here), what ended the session or connection. */
hws_result hws_recv(hws_handle stream, const struct hws_vec *vec, uint32_t count, const struct hws_how *how,
                    struct hws_event *out, hws_handle *op);

/* Lease the next received bytes without a copy: the event has their address, length and lease. They can be read until
 * the lease is released, from any thread; writing to them is not allowed. Errors as hws_recv, and HWS_E_LIMIT (too many
 * leases are out). */
hws_result hws_acquire(hws_handle stream, const struct hws_how *how, struct hws_event *out, hws_handle *op);

/* Give a lease back; the bytes from `consumed` on go back to the head of the stream. Leases outlive their stream,
 * session and runtime, and must be released all the same. Errors: HWS_E_HANDLE (released twice), HWS_E_INVAL (more than
 * the lease has), HWS_E_BUSY (a later recv or lease has already taken bytes, and consumed is not everything; the lease
 * is still the caller's). */
hws_result hws_release(hws_handle lease, uint64_t consumed);

/* Let out what HWS_MORE held back on that stream's session. Does not wait for it to be written; costs a call and a lock
 * where nothing is held back. */
hws_result hws_flush(hws_handle stream);

/* A stream: end the send direction behind what was sent; the other direction goes on. A session: go away in order.
 * Streams that run may finish; new ones are refused, from either side, and a native peer learns which of its opens were
 * not seen. Ends once no stream is left; the session stays until it is closed.
 * how may be NULL: then no event comes, as for a close without a queue.
 * Errors of the call: HWS_E_BUSY (a stream that is not connected or accepted yet). Of the event: HWS_E_UNSUPPORTED (the
 * transport has no half-close; the stream goes on as it was), HWS_E_CLOSED (it was shut down or closed already), what
 * ended the stream, session or connection. */
hws_result hws_shutdown(hws_handle object, const struct hws_how *how, struct hws_event *out, hws_handle *op);

/* Reset a stream at once, in both directions: pending ops end with HWS_E_CANCELED, the peer's with HWS_E_RESET, code
 * and reason (as hws_scope_cancel's), as far as the protocol below carries them. On a session: end it without draining.
 */
hws_result hws_reset(hws_handle object, uint64_t code, const char *reason);

/* End one direction of a stream at once (hws_stop), or both, which is hws_reset: pending ops of it end with
 * HWS_E_CANCELED, the peer's of its other end with HWS_E_RESET, code and reason (as hws_scope_cancel's). Harmless when
 * it has ended. Errors, of one direction: HWS_E_UNSUPPORTED (a stream that is not native), HWS_E_BUSY (not accepted
 * yet). */
hws_result hws_stop(hws_handle stream, uint32_t directions, uint64_t code, const char *reason);

/* The index-th pair of metadata that the stream was opened with. Key and value are copied into `buffer` of `size`
 * bytes, one behind the other, and *pair points to them there. Returns how many bytes they have together; if that is
 * more than size nothing is stored. Errors: HWS_E_INVAL past the last pair. */
hws_result hws_metadata(hws_handle stream, uint32_t index, void *buffer, uint32_t size, struct hws_pair *pair);

/* ---- any object ---------------------------------------------------------------------------------------------------
 */

/* Ends when the object (listener, stream, session, scope) has ended for whatever cause; status and code tell why. Any
 * number may pend; one on what has ended ends at once.
 * A stream ends by a reset, by the end of its session, or once both directions ended. */
hws_result hws_watch(hws_handle object, const struct hws_how *how, struct hws_event *out, hws_handle *op);

/* Close an object of any type except a runtime and a lease; its handle is stale from the call on. Ops pending on it end
 * with HWS_E_CLOSED before the close event, which comes after the events of all ops of the object, whatever queues they
 * go to; so does that of a stream after the accept, dial or open that made it. A stream first sends what was taken and
 * ends its send direction; a connection is closed when its peer has got that, within limits (docs/ends.md). A session
 * first sends what was taken, and its go-away; then it ends the connection's send direction, where the transport can,
 * and waits for the peer's end, so that nothing is thrown away on its way (MUX-26). Its setting `drain` bounds all of
 * that. A listener ends. HWS_ABORT, or the op's cancel or deadline, discards instead: the object is closed all the
 * same; the event of one that was cancelled or late may come before the object has ended. Without a queue no event
 * comes.
 *
 * The event's status is HWS_OK if nothing was dropped that a send had been told was taken, or HWS_ABORT asked for that.
 * Else it is what cut the close short: HWS_E_CANCELED or HWS_E_DEADLINE (the op's own), HWS_E_TIMEOUT (the peer did not
 * take all of it within `drain`, or did not end within that; or a limit of a connection), HWS_E_LIMIT (it only talked),
 * HWS_E_CLOSED (the peer hung up, the runtime was joined), HWS_E_RESET (the peer reset the stream), or the failure of
 * the connection. `data` is how many bytes are known to have been dropped; what had been handed to the system and did
 * not arrive is not among them. One that is given up (HWS_EVENT_OP) counts all that was on its way out: it does not
 * wait for what becomes of that. */
hws_result hws_close(hws_handle object, const struct hws_how *how, struct hws_event *out, hws_handle *op);

/* Why the object ended, or what its last failed op met; status HWS_OK: nothing yet. So an open or an accept that made
 * nothing is told of on its session. On a runtime: the last that came
 * about and that no call was refused for: a breach of contract by a plugin, a plugin passed over by hws_plugin_scan, a
 * file that failed hws_sendfile. Why a call was refused: hws_refusal. */
hws_result hws_detail(hws_handle object, struct hws_detail *detail);

/* Why one direction of a stream ended, as ops of it report: HWS_STOP_RECV or HWS_STOP_SEND. The two can end by causes
 * of their own, of which hws_detail has the first. status HWS_OK: it goes on; HWS_E_EOF: the peer ended it, and what
 * was received before that may be unread; HWS_E_CLOSED without a text: it was shut down here. */
hws_result hws_detail_of(hws_handle stream, uint32_t direction, struct hws_detail *detail);

/* One of the object's texts (hws_text), zero-terminated and cut to size. Returns its whole length, 0 while it is not
 * known. A listener has LOCAL and TRANSPORT, a connection REMOTE too, a session also MODE, and a stream of a session
 * all of them: where it travels, and its NAME. Errors: HWS_E_UNSUPPORTED (the object has no such text). */
hws_result hws_text(hws_handle object, uint32_t which, char *text, uint32_t size);

/* Who is at the other end of a connection, dialled or accepted, as the system said when it came; of a session and of
 * its streams, at the other end of the connection that carries them. Errors: HWS_E_UNSUPPORTED (the transport does not
 * know, or the stream is not connected yet). */
hws_result hws_peer(hws_handle object, struct hws_peer *peer);

/* A counter or gauge by name (docs/stats.md). Errors: HWS_E_UNSUPPORTED (no such name for this type of object). */
hws_result hws_stat(hws_handle object, const char *name, uint64_t *value);

/* The name of the index-th counter of an object, for listing. The string lives for ever; NULL past the last one. */
const char *hws_stat_name(hws_handle object, uint32_t index);

/* ---- plugins ------------------------------------------------------------------------------------------------------
 */

/* Load a transport from an absolute path, or by name ("unix_epoll") from the plugin directories. Loading what is loaded
 * already succeeds. May block (reads a file). Errors: HWS_E_PLUGIN; hws_refusal names file and reason. */
hws_result hws_plugin_load(hws_handle runtime, const char *path_or_name);

/* Load every plugin of the plugin directories. Returns how many plugins are loaded; those that were refused are counted
 * in the runtime's "plugins_refused". May block. */
hws_result hws_plugin_scan(hws_handle runtime);

/* The index-th loaded plugin. Errors: HWS_E_INVAL past the last one. */
hws_result hws_plugin_at(hws_handle runtime, uint32_t index, struct hws_plugin_info *info);
