/* SPDX-License-Identifier: Apache-2.0
 *
 * The plugin ABI: all that a transport or a filter needs. A plugin is one shared library, built against this one
 * header, linked to nothing of hawser, exporting one symbol: hws_plugin_v1.
 *
 * How it works
 *   The host loads the library, calls hws_plugin_v1, and checks the manifest; no other code of the plugin runs until
 * the manifest was accepted. It then calls manifest->open once per process, which fills a vtable. The host asks for
 * work by *ios* (struct hws_io): submit may finish an io at once, or leave it pending and complete it later. The host
 * tells of readiness by on_ready, which the plugin asked for by host->watch.
 *
 * Directions
 *   An endpoint has two directions, HWS_READ (read, accept, listen, dial) and HWS_WRITE (write, shutdown). At most
 *   one io is outstanding in each. The host never runs two functions of the plugin at once for the same direction of
 *   the same endpoint: submit, cancel, on_ready and on_packet are serialised per direction (on_packet: the packet's
 *   own); on_timer, on_post, retire and destroy are called with both directions taken. The two directions do run in
 *   parallel.
 *
 * Threads
 *   submit and cancel come from any thread; on_* from the thread that drives the loop. Nothing a plugin does may block,
 *   with one exception: the reading of a file. So submit of HWS_IO_SENDFILE, and on_ready of the write direction while
 *   one is outstanding, come from threads that are kept for that, which block all signals; what else concerns the
 *   endpoint may be late by as long as that takes. Let no call take more than 256 KiB, so that a cancel is heard.
 * Without HWS_CAP_REVOKE no more than that is asked for at once, and counts as sent once submit has left it pending.
 *   Host services may be called from any thread and inside any function of the plugin; they only enqueue and never call
 *   back before they return.
 *
 * Memory
 *   An io, its vectors and what they point to belong to the plugin from submit until it is completed. Under
 *   HWS_CAP_REVOKE, cancel ends that at once, and the memory may be a user's; else it is always the host's own.
 *
 * Filters
 *   A filter (HWS_CAP_FILTER) stands on a stream and is one. In "a+b://..." the leftmost is outermost: a stands on
 *   b. The host listens, dials and accepts below; on each connection it then calls wrap. A filter gets HWS_IO_READ,
 *   HWS_IO_WRITE and HWS_IO_SHUTDOWN, as every connection does, with and without vectors, and asks the stream below for
 *   the same three by under_submit. It knows that stream by nothing else: neither what it is, nor what it can do.
 *   - Directions and threads are those of every endpoint. At most one io of the filter is below in each direction. Its
 *     result comes to on_done, always and exactly once, from the thread that drives the loop, with both directions
 *     taken; so never inside another function of the filter.
 *   - An io that is below, its vectors and what they point to belong to the host until on_done. They may be those that
 *     the filter was given itself, if it does not end that io earlier: so not under HWS_CAP_REVOKE, where a cancel must
 *     end it at once; a filter that promises it moves bytes through memory of its own.
 *   - under_cancel asks for an early end; on_done comes soon, with HWS_IO_CANCELED and what was moved until then, or
 *     with an end that was decided before. Nothing is lost by it: the next io goes on there. HWS_IO_CANCELED comes to
 *     nobody who did not ask, save when the endpoint ends. A cancel of the filter's own io is its own to answer: at
 *     once, or when what it has below came back.
 *   - The end of the stream below is a read of 0 bytes with HWS_IO_OK. A shutdown given below ends its send direction
 *     behind all that was written; the other goes on (HWS_CAP_HALF_CLOSE).
 *   - What a filter says was written has been taken below: it ends no write before the on_done that took what became of
 *     its bytes. Nobody asks it to flush.
 *   - At the end the host cancels all that is out, above and below. on_done still comes, while under_submit answers
 *     HWS_IO_CLOSED from some moment on. When nothing is out, destroy is called, and the stream below is closed or
 *     aborted after that; so destroy can send nothing.
 *   - The host asks the transport, not filters, for HWS_QUERY_LOCAL, _REMOTE and _PEER.
 *
 * Versions
 *   A slot of a vtable or a field of a struct exists if it lies inside the sizes that both sides state; a slot that
 * lies outside counts as absent. Reserved fields are zero, and are checked when the plugin's minor is not above the
 * host's.
 */
#ifndef HAWSER_PLUGIN_H
#define HAWSER_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  HWS_PLUGIN_MAGIC = 0x31535748, /* "HWS1" in memory on a little-endian machine */
  HWS_PLUGIN_MAJOR = 1,
  HWS_PLUGIN_MINOR = 0
};

/* What a plugin can do. The host sends no io that the bits do not announce. */
enum hws_cap {
  HWS_CAP_LISTEN = 1,
  HWS_CAP_DIAL = 2,
  HWS_CAP_HALF_CLOSE = 4, /* connections that cannot, by their URL, end a shutdown with HWS_IO_UNSUPPORTED */
  HWS_CAP_REVOKE = 8,     /* a cancelled read or write stops at an exact byte count before cancel returns, with no harm
                             to the connection; without it, user memory is never handed down */
  HWS_CAP_PEER = 16,      /* query answers HWS_QUERY_PEER */
  HWS_CAP_FILTER = 32,    /* implements wrap, and neither listens nor dials */
  HWS_CAP_MESSAGES = 64,  /* keeps message boundaries, on those connections that say so (HWS_QUERY_MESSAGES) */
  HWS_CAP_DESCRIPTORS = 128, /* carries descriptors beside bytes */
  HWS_CAP_EXPORT = 256,      /* reserved, like IMPORT, LEND and DATAGRAM */
  HWS_CAP_IMPORT = 512,
  HWS_CAP_SENDFILE = 1024, /* takes the bytes of a file by itself: HWS_IO_SENDFILE */
  HWS_CAP_LEND = 2048,
  HWS_CAP_DATAGRAM = 4096
};

/* What a plugin needs of its host; one that needs a bit the host lacks is refused. */
enum hws_host_cap {
  HWS_HOST_WATCH = 1,   /* watch and rearm: readiness of descriptors */
  HWS_HOST_PORT = 2,    /* bind_port and on_packet: a completion port */
  HWS_HOST_RESOLVE = 4, /* resolve, resolved and unresolve: asynchronous names */
  HWS_HOST_UNDER = 8,   /* under_submit and under_cancel: filters */
  HWS_HOST_HANGUP = 16, /* on_ready tells hang-ups apart (HWS_READY_HANGUP) */
  HWS_HOST_UNWATCH = 32 /* unwatch: an endpoint can change its descriptor */
};

enum hws_direction { HWS_READ = 0, HWS_WRITE = 1 };

/* Or-ed into the direction that on_ready is given, by hosts with HWS_HOST_HANGUP: the end of the stream, or an error,
 * is among what became ready. Without it, a short read proves that there is no more to read before the next on_ready.
 */
enum hws_ready_flag { HWS_READY_HANGUP = 256 };

/* Kinds of io, with the direction each takes. Numbers above 31 are reserved. */
enum hws_io_kind {
  HWS_IO_NONE = 0,
  HWS_IO_LISTEN = 1,   /* read: become a listener at the endpoint's address */
  HWS_IO_DIAL = 2,     /* read: become connected to the endpoint's address; no other io comes before it ended */
  HWS_IO_ACCEPT = 3,   /* read: the next connection, in `accepted` */
  HWS_IO_READ = 4,     /* read: at least one byte; 0 with HWS_OK is the end. No room: ends when readable */
  HWS_IO_WRITE = 5,    /* write: at least one byte of the vectors. No bytes: ends when writable */
  HWS_IO_SHUTDOWN = 6, /* write: end the send direction */
  HWS_IO_EXPORT = 16,
  HWS_IO_IMPORT = 17,
  HWS_IO_SENDFILE = 18, /* write: at least one of `length` bytes of `file`, from `offset` on; 0 with HWS_OK: the file
                           ended. HWS_IO_UNSUPPORTED: this file cannot be sent so, or reading it failed; the connection
                           is whole, and the host sends the bytes in another way */
  HWS_IO_LEND = 19,
  HWS_IO_SEND_DATAGRAM = 20,
  HWS_IO_RECV_DATAGRAM = 21
};

/* About messages, on connections that keep them. */
enum hws_io_flag {
  HWS_IO_MORE = 1, /* write: the message goes on in the next one. Without it the last byte ends a message, if the write
                      takes them all; an unfinished one may be kept back, and is dropped at the end */
  HWS_IO_EOM = 2   /* write of no bytes: what was written with HWS_IO_MORE is the message. A read's result, in
                      flags_done: the last byte ended one */
};

/* Results of an io: numbers of hws_status. */
enum hws_io_status {
  HWS_IO_OK = 0,
  HWS_IO_NOMEM = -3,
  HWS_IO_CANCELED = -4,
  HWS_IO_CLOSED = -6,
  HWS_IO_RESET = -8,
  HWS_IO_UNSUPPORTED = -11,
  HWS_IO_FAULT = -12,
  HWS_IO_REFUSED = -14,
  HWS_IO_LIMIT = -16,
  HWS_IO_ADDRESS = -18,
  HWS_IO_IN_USE = -19,
  HWS_IO_ACCESS = -20,
  HWS_IO_FAILED = -21
};

/* Same layout as struct iovec on POSIX. */
struct hws_iov {
  void *ptr;
  uint64_t len; /* bytes */
};

/* One request of the host to a plugin. The host fills the upper half, the plugin the results. Any of its vectors may be
 * empty, with whatever pointer. A read or write of which all are, or that has none, moves nothing: it asks for
 * readiness, and ends with HWS_OK and 0 bytes once its direction is ready. */
struct hws_io {
  uint32_t size;
  uint16_t kind;  /* hws_io_kind */
  uint16_t flags; /* hws_io_flag */
  uint32_t vec_count;
  uint32_t descriptor_room; /* read: how many descriptors fit; write: how many to send */
  const struct hws_iov *vec;
  int64_t *descriptors; /* with HWS_CAP_DESCRIPTORS */
  void *scratch;        /* manifest->io_scratch bytes for the plugin's use while the io is pending */
  uint64_t offset;      /* sendfile: where in the file */
  /* results */
  uint64_t bytes;            /* moved; also when status is HWS_IO_CANCELED or an error */
  void *accepted;            /* accept: what adopt or discard is given; never NULL with HWS_IO_OK */
  int32_t status;            /* hws_io_status */
  int32_t os_error;          /* errno or GetLastError; 0: none */
  uint32_t descriptors_done; /* how many were received or sent */
  uint32_t flags_done;       /* hws_io_flag; zero when it comes */
  /* the host's again */
  int64_t file;    /* sendfile: a descriptor of a regular file, open for reading; not the plugin's to keep or close */
  uint64_t length; /* sendfile: bytes */
  uint64_t reserved[2];
};

/* The host's side of one endpoint; opaque. */
struct hws_host_endpoint;

/* One address of a name: a struct sockaddr of this system, of a stream socket. */
struct hws_address {
  uint32_t size; /* bytes of storage that it takes */
  uint32_t reserved;
  uint64_t storage[16];
};

enum { HWS_ADDRESSES_MAX = 64 /* of one name */ };

/* One OVERLAPPED of a plugin on a completion port. It and its buffers stay where they are until on_packet was called
 * for it, cancelled or not; a packet that may outlive its io lives in the endpoint. The plugin sets the endpoint and
 * the direction before it hands the packet to the system, and the first four words of the storage are the OVERLAPPED;
 * the other four are the host's from then until on_packet. */
struct hws_packet {
  uint64_t storage[8];
  struct hws_host_endpoint *endpoint;
  uint32_t direction;
  uint32_t reserved;
};

struct hws_peer_id {
  uint32_t size;
  uint32_t flags; /* hws_peer_flag of hawser_decl.h: uid 1, gid 2, pid 4, session 8 */
  uint64_t uid;
  uint64_t gid;
  uint64_t pid;
  uint64_t session;
};

enum hws_query {
  HWS_QUERY_LOCAL = 1,    /* char: URL of this end, a listener's with the real port */
  HWS_QUERY_REMOTE = 2,   /* char: URL of the far end, or empty */
  HWS_QUERY_PEER = 3,     /* struct hws_peer_id */
  HWS_QUERY_HANDLE = 4,   /* int64_t: the descriptor, for diagnosis */
  HWS_QUERY_MESSAGES = 5, /* uint32_t: 1, if this connection keeps message boundaries; unknown: it does not */
  HWS_QUERY_UNTAKEN = 6,  /* uint64_t: how much of what was written the peer's side has not taken: what waits in this
                             system, and what is under way. 0 once all is there. It may count more than bytes, as long
                             as it falls whenever the peer's side takes something. Unknown: it cannot be told, and what
                             a write took counts as taken */
  /* uint64_t: how much of what was written, its end with it, the peer's side has not got; HWS_LINGER_UNKNOWN: nobody
   * knows. Answered where a destroy without abort may lose that, because the peer sends meanwhile: a close then waits
   * for the peer's end. Not answered: nothing is lost. May be asked beside everything but destroy. */
  HWS_QUERY_LINGER = 7
};
#define HWS_LINGER_UNKNOWN UINT64_MAX

enum hws_log_level { HWS_LOG_ERROR = 1, HWS_LOG_WARNING = 2, HWS_LOG_INFO = 3 };

/* What the host offers. Lives as long as the process. None of these may be called before open. */
struct hws_host {
  uint32_t size;
  uint16_t major;
  uint16_t minor;
  uint64_t capabilities; /* hws_host_cap */

  /* End a pending io; its results are filled in. From any thread, once. Legal before submit has returned, which then
   * returns 0. */
  void (*complete)(struct hws_host_endpoint *endpoint, struct hws_io *io);

  /* Memory, zeroed; NULL when there is none. release(NULL) does nothing. */
  void *(*alloc)(uint64_t bytes);
  void (*release)(void *memory);

  /* The clock of timer_at: monotonic nanoseconds. */
  uint64_t (*now)(void);

  /* Register a non-blocking descriptor, one at a time: on_ready will name each direction that became ready,
   * edge-triggered, including one that is ready now. The host takes it out of its loop before it calls destroy. 0, or a
   * negative hws_io_status. */
  int32_t (*watch)(struct hws_host_endpoint *endpoint, int64_t descriptor);

  /* Ask for the next on_ready of a direction. To be called each time that an io, or a step towards its end, would block
   * in that direction and is left pending: after the would-block, and before the function of the plugin returns in
   * which it was met; else on_ready may not come. Not needed for what watch or an earlier rearm is still to bring. More
   * often does no harm, and on_ready may come unasked, also when nothing is pending. */
  void (*rearm)(struct hws_host_endpoint *endpoint, uint32_t direction);

  /* Bind a handle to the host's completion port (HWS_HOST_PORT), from any function of the plugin: every packet of the
   * handle from then on leads to on_packet, once. A plugin for which the system skips the packets of calls that end at
   * once does not wait for those. Several handles may be bound for one endpoint, and one that a
   * listener bound may become a connection's: its packets name their endpoint. 0, or a negative hws_io_status. */
  int32_t (*bind_port)(struct hws_host_endpoint *endpoint, int64_t handle);

  /* Call on_timer at that time; a later call replaces an earlier one; 0 takes it back. */
  void (*timer_at)(struct hws_host_endpoint *endpoint, uint64_t ns);

  /* Call on_post soon, from the loop. Posts not delivered yet fold into one. */
  void (*post)(struct hws_host_endpoint *endpoint);

  /* One line for the host's log. endpoint may be NULL: of what is logged so inside of open, by its thread, the last
   * line stands in the host's refusal if open fails. */
  void (*log)(struct hws_host_endpoint *endpoint, uint32_t level, const char *text);

  /* What stands in the way of an address, for the user's detail: one line. */
  void (*explain)(struct hws_host_endpoint *endpoint, const char *text);

  /* A parameter of the endpoint's URL ("mode" of unix:///p?mode=0600), decoded; NULL: absent. Lives as long as the
   * endpoint. A parameter that the plugin never asked for during listen, dial or wrap is an error, named by the host. A
   * filter asks for "seed" and is given what stands in the URL as "chaos.seed", where chaos is its scheme; if the
   * scheme stands there more than once, "chaos.2.seed" is for the second from the left alone and goes before
   * "chaos.seed". */
  const char *(*config)(struct hws_host_endpoint *endpoint, const char *key);

  /* Look a name up off the loop (HWS_HOST_RESOLVE). The answer is kept, and on_post called: that may come for other
   * reasons too, so ask `resolved` whether it is there. An endpoint has one look-up at most, until its answer was taken
   * or it was given up; it goes with the endpoint. A look-up has no time limit of its own. Names have at most 253
   * bytes, services 32. 0, or HWS_IO_NOMEM, HWS_IO_LIMIT (too many wait), HWS_IO_ADDRESS (too long), HWS_IO_FAULT (a
   * second one). */
  int32_t (*resolve)(struct hws_host_endpoint *endpoint, const char *name, const char *service);

  /* For filters (HWS_HOST_UNDER), not inside wrap: hand an io to the stream below. The upper half of the io is the
   * filter's to fill in, with kind, vec and vec_count; descriptors are not carried. 0: on_done will be called for it. A
   * negative hws_io_status: it was not taken. HWS_IO_CLOSED, as the endpoint is ending; HWS_IO_FAULT and
   * HWS_IO_UNSUPPORTED, as the filter is wrong: one of that direction is below already, or the kind is none of read,
   * write and shutdown.
   *
   * And ask for the early end of one that is below. 0, or HWS_IO_CLOSED: it is not there, or no more; that is no
   * fault. */
  int32_t (*under_submit)(struct hws_host_endpoint *endpoint, struct hws_io *io);
  int32_t (*under_cancel)(struct hws_host_endpoint *endpoint, struct hws_io *io);

  /* Take the answer of the look-up (HWS_HOST_RESOLVE). 0: it is not there, or there is no look-up. Else the look-up is
   * over: the number of addresses stored, at most `room` (1 to HWS_ADDRESSES_MAX), in the order in which the system
   * would try them; or a negative hws_io_status, and the reason was explained to the user. */
  int32_t (*resolved)(struct hws_host_endpoint *endpoint, struct hws_address *addresses, uint32_t room);

  /* Give the look-up up (HWS_HOST_RESOLVE); never waits for it. Harmless without one. */
  void (*unresolve)(struct hws_host_endpoint *endpoint);

  /* Take the watched descriptor out of the loop, before it is closed, so that another can be watched
   * (HWS_HOST_UNWATCH). To be called with both directions taken, or before the endpoint is connected or listens.
   * Harmless where none is watched. One on_ready that was on its way may still come. */
  void (*unwatch)(struct hws_host_endpoint *endpoint);
};

/* What a plugin offers. `self` is what open stored in the vtable; `ep` what listen, dial, adopt or wrap stored. A slot
 * that the capabilities do not need may be NULL. */
struct hws_vtable {
  uint32_t size;
  uint32_t reserved;
  void *self;

  /* Make an endpoint that will listen at, or dial, `address`: what follows "scheme://" up to the "?", percent-decoded.
   * Checks and allocates only; the work is done by the io HWS_IO_LISTEN or HWS_IO_DIAL that follows.
   * 0, or a negative hws_io_status, with *ep untouched. */
  int32_t (*listen)(void *self, struct hws_host_endpoint *host, const char *address, void **ep);
  int32_t (*dial)(void *self, struct hws_host_endpoint *host, const char *address, void **ep);

  /* Make an endpoint of what an accept gave, which is owned by it from the call on, also when it fails. `host` NULL:
   * only dispose of it. */
  int32_t (*adopt)(void *self, struct hws_host_endpoint *host, void *accepted, void **ep);

  /* Make an endpoint of a foreign descriptor (HWS_CAP_IMPORT). */
  int32_t (*import_handle)(void *self, struct hws_host_endpoint *host, int64_t handle, void **ep);

  /* Make an endpoint on top of the stream below `host` (HWS_CAP_FILTER). role: 0 dialled, 1 accepted. Checks and
   * allocates only, as listen and dial do; a filter that begins by itself asks for a post. It is also called once for
   * each listen and dial, before these begin, so that a bad parameter is refused there; what it makes then is destroyed
   * at once. */
  int32_t (*wrap)(void *self, struct hws_host_endpoint *host, uint32_t role, void **ep);

  /* Begin an io. 1: it ended, the results are in it, and complete is never called for it. 0: pending, or completed
   * already through complete. Anything else is a fault of the plugin. Errors are results, not return values. */
  int32_t (*submit)(void *ep, struct hws_io *io);

  /* End a pending io early. 1: it ended, its results say how far it came, and complete is never called for it.
   * 0: complete will be called. Required to return 1 under HWS_CAP_REVOKE for reads and writes. */
  int32_t (*cancel)(void *ep, struct hws_io *io);

  /* The watched descriptor became ready in that direction (hang-ups and errors make both ready); the low eight bits are
   * the direction, the others hws_ready_flag. */
  void (*on_ready)(void *ep, uint32_t direction);

  /* A packet has come back, and belongs to the plugin again. os_error: 0, or the system's error (of a socket,
   * WSAGetOverlappedResult knows Winsock's own). None comes before an io was submitted. */
  void (*on_packet)(void *ep, struct hws_packet *packet, uint64_t bytes, int32_t os_error);
  void (*on_timer)(void *ep);
  void (*on_post)(void *ep);
  void (*on_done)(void *ep, struct hws_io *io); /* an io given to under_submit ended: it is the filter's again */

  /* Answer a question into `answer` of `size` bytes. Returns the whole length of a text, or 0; negative: unknown.
   * Asked from any thread, once the endpoint's LISTEN or DIAL has ended well or adopt has made it, until destroy is
   * called, and beside any other function of it in either direction: answer from what does not change any more, and
   * HWS_QUERY_UNTAKEN from what the system says at that moment. */
  int32_t (*query)(void *ep, uint32_t what, void *answer, uint32_t size);

  /* A text for an os_error. May be NULL: the system's text is used. */
  const char *(*error_text)(void *self, int32_t os_error);

  /* Close for good and free. No io is outstanding, no function of this endpoint runs or will run. abort 1: discard what
   * the system has not sent yet; 0: deliver it, also when there is unread input, as far as the system can. The host
   * reads to the peer's end before it closes a session in order, where there is a half-close. Connections are shut down
   * before they are closed, so that a copy in a forked child does not keep them open. */
  void (*destroy)(void *ep, uint32_t abort);

  /* The plugin's own end, when open succeeded but the host refused it afterwards. */
  void (*fini)(void *self);

  /* For endpoints whose packets may outlive their ios (a listener's accepts): called once, before destroy, when no io
   * is outstanding. Begins to end what the system still holds, as destroy would: cancels it, or closes the handle.
   * Returns how many packets are still to come; on_packet is called for each of them, and destroy after the last.
   * Without it, no packet may be out once the last io has ended. */
  int32_t (*retire)(void *ep, uint32_t abort);
};

/* The manifest; static, constant. */
struct hws_plugin {
  uint32_t magic;      /* HWS_PLUGIN_MAGIC */
  uint32_t size;       /* of this struct as the plugin was built */
  uint16_t major;      /* HWS_PLUGIN_MAJOR */
  uint16_t minor_low;  /* lowest minor of a host that will do */
  uint16_t minor_high; /* the minor it was built against */
  uint16_t pointer_bits;
  uint64_t capabilities; /* hws_cap */
  uint64_t host_needs;   /* hws_host_cap */
  uint32_t io_scratch;   /* bytes, at most 4096 */
  uint32_t reserved0;
  const char *name;           /* [a-z0-9_]{1,32} */
  const char *version;        /* 1 to 32 printable characters */
  const char *const *schemes; /* [a-z][a-z0-9.-]{0,15}, NULL-terminated, at most 8 */
  /* Fills the vtable, which is zeroed but for its size. vtable->size is in and out: it comes as the size that the host
   * knows, of which no more may be written, and goes as the size that the plugin means; left as it is, every slot
   * counts. 0 or a negative hws_io_status. */
  int32_t (*open)(const struct hws_host *host, struct hws_vtable *vtable);
  uint64_t reserved[4];
};

/* The one symbol of a plugin. */
#if defined(_WIN32)
__declspec(dllexport)
#elif defined(__GNUC__)
__attribute__((visibility("default")))
#endif
    const struct hws_plugin *hws_plugin_v1(void);

#ifdef __cplusplus
}
#endif

#endif
