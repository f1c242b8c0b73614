/* How do host and plugin meet? The C ABI: the only thing that crosses between them.
 *
 * A plugin is a shared library that exports exactly one symbol, gyre_plugin_entry_v1. The host calls it once with its own
 * table and gets the plugin's table back. After that the host calls the plugin's functions; each answers through the
 * gyre_reply it is given.
 *
 * Rules. The structs only grow at their ends and each begins with struct_size, so that either side may be older: test
 * struct_size before a member that did not exist in 1.0. Arrays hold pointers, never structs, so growth breaks no stride.
 * Only integers, pointers with lengths and opaque handles cross. No exception crosses. Whoever allocates frees: replies
 * copy at once what they are given. sdk/abi_v1.golden records the layout; a test compares.
 *
 * Threads: the host may call any function from any thread and any number of them at once, so all must be pure: no shared
 * mutable state. configure is called once, before all others.
 *
 * Ownership: everything the plugin's tables point to lives as long as the library is loaded, which is until the program ends.
 *
 * Strings are UTF-8 with a length, not terminated. Times are milliseconds since 1970-01-01T00:00:00Z.
 */
#ifndef GYRE_ABI_H
#define GYRE_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GYRE_ABI_MAJOR 1 /* another major is another entry symbol */
#define GYRE_ABI_MINOR 2 /* grows with every append */

typedef struct gyre_bytes {
  const char* data;
  uint64_t size;
} gyre_bytes;

/* Where a plugin's function puts its answer. Owned by the host, valid during the call. Every function returns 0 or the
 * code it refused with (gyre::Code, status.hpp), after calling refuse(). */
typedef struct gyre_reply {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  /* The answer's bytes; several calls append. */
  void (*text)(void* context, gyre_bytes bytes);
  /* decide: an event that happened, in order. data is a JSON object. A stream's decide and take: a record. */
  void (*event)(void* context, gyre_bytes type, gyre_bytes data);
  /* A named extra. evolve: "organizationId"; "uniqueKey" followed by a JSON pointer ("uniqueKey/number"), a value of that
   * member which no other entity of the organisation may have. plan: "get" (the id to read instead of a search),
   * "uncacheable". react: "organizationId". activity: "summary". take: "rejected", "contentType", "status". */
  void (*attribute)(void* context, gyre_bytes name, gyre_bytes value);
  /* A refusal: a code, a stable snake_case reason ("" for the code's own), a message. */
  void (*refuse)(void* context, int32_t code, gyre_bytes reason, gyre_bytes message);
  /* A fault within the refusal: JSON pointer and what is wrong there. After refuse(), any number of times. */
  void (*fault)(void* context, gyre_bytes pointer, gyre_bytes detail);
} gyre_reply;

/* What a decision is made on. */
typedef struct gyre_decide_call {
  uint32_t struct_size;
  uint32_t is_event;            /* 1: a domain event from outside; body is its data */
  gyre_bytes entity_id;
  gyre_bytes body;              /* JSON object, checked: grammar, UTF-8, no duplicate names, at most 64 levels */
  gyre_bytes state;             /* the entity's state as evolve wrote it; size 0 when there is no entity */
  uint64_t version;             /* of the state; 0 when there is no entity */
  int64_t time_ms;              /* now; for an event from outside its own time */
  gyre_bytes organization_id;   /* the caller's, when its key binds one; else size 0 */
} gyre_decide_call;

typedef int32_t (*gyre_decide_fn)(void* handler, const gyre_decide_call* call, const gyre_reply* reply);

/* decide(command, state) -> events or refusal. */
typedef struct gyre_command {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes name;              /* "CreatePayment" */
  gyre_bytes help;
  gyre_bytes schema;            /* JSON Schema of the body, for documentation */
  gyre_bytes id_member;         /* the member of the body that names the entity: "paymentId" */
  void* handler;                /* handed back to decide */
  gyre_decide_fn decide;
} gyre_command;

/* An event type. decide is null when the event is not accepted from outside. */
typedef struct gyre_event {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes name;              /* "PaymentProcessed" */
  gyre_bytes help;
  gyre_bytes schema;            /* of its data */
  void* handler;
  gyre_decide_fn decide;
} gyre_event;

/* evolve(state, event) -> state. Must accept every event its domain ever wrote. */
typedef struct gyre_evolve_call {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes entity_id;
  gyre_bytes state;             /* size 0 before the first event */
  gyre_bytes type;
  gyre_bytes data;
  int64_t time_ms;              /* of the event */
} gyre_evolve_call;

/* project(state) -> document. */
typedef struct gyre_project_call {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes entity_id;
  gyre_bytes state;
  uint64_t version;
} gyre_project_call;

/* plan(query) -> a search request for the domain's index (text), or attribute "get" with an id. */
typedef struct gyre_plan_call {
  uint32_t struct_size;
  uint32_t is_lenient;          /* 1: parameters came from a query string, so every value is a string or list of strings */
  gyre_bytes parameters;        /* JSON object */
  gyre_bytes organization_id;   /* the caller's, when its key binds one */
  int64_t time_ms;
} gyre_plan_call;

/* present(answer) -> what the client sees. */
typedef struct gyre_present_call {
  uint32_t struct_size;
  uint32_t is_lenient;
  gyre_bytes parameters;
  gyre_bytes organization_id;
  gyre_bytes answer;            /* of a search: the response; of a get: the entity's state */
  uint64_t version;             /* of a get */
} gyre_present_call;

typedef struct gyre_query {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes name;              /* "SearchPayments" */
  gyre_bytes help;
  gyre_bytes schema;            /* JSON Schema of the parameters */
  void* handler;                /* handed back to plan and present */
  int32_t (*plan)(void* handler, const gyre_plan_call* call, const gyre_reply* reply);
  int32_t (*present)(void* handler, const gyre_present_call* call, const gyre_reply* reply);
} gyre_query;

/* Since 1.1: an event of another domain, as its log holds it. */
typedef struct gyre_react_call {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes domain;            /* "payments" */
  gyre_bytes type;              /* "PaymentProcessed" */
  gyre_bytes entity_id;         /* in that domain */
  gyre_bytes data;              /* JSON object */
  uint64_t version;             /* of that entity, after the event */
  uint64_t sequence;            /* in that domain's log */
  int64_t time_ms;              /* of the event */
} gyre_react_call;

/* Since 1.1. react(event of another domain) -> commands of this one: each reply->event() names a command and gives its body.
 * None is fine. Attribute "organizationId": the commands are decided as if a key bound to it had sent them.
 *
 * The host hands over every event of this type once it is durable, in the order of its domain's log, beginning with the
 * first. The commands of one event and the place in the log become durable together, so each event counts once however
 * often either side stops. They carry the event's time. A refused command takes back the others of its event and is kept as
 * a dead letter; the events behind it go on. */
typedef struct gyre_subscription {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes domain;            /* "payments"; it need not be there */
  gyre_bytes type;              /* "PaymentProcessed" */
  gyre_bytes help;
  void* handler;                /* handed back to react */
  int32_t (*react)(void* handler, const gyre_react_call* call, const gyre_reply* reply);
} gyre_subscription;

/* Since 1.1. */
typedef struct gyre_activity_call {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes document;          /* as project made it */
} gyre_activity_call;

/* Since 1.1: something that happened, found in the domain's index, for the history of an organisation over all domains. The
 * host asks for documents of one organisation that match `filter` and have a time in the range wanted, latest first. */
typedef struct gyre_activity {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes name;              /* what happened: "PaymentProcessed" */
  gyre_bytes help;
  gyre_bytes time_field;        /* a date: when. A document without one is none of these */
  gyre_bytes id_field;          /* a keyword: the entity; no two documents have the same */
  gyre_bytes organization_field;/* a keyword */
  gyre_bytes filter;            /* a query clause, JSON object; size 0 for none */
  void* handler;                /* handed back to present */
  /* document -> text: a JSON object with what a client sees of it; attribute "summary": a line for people. */
  int32_t (*present)(void* handler, const gyre_activity_call* call, const gyre_reply* reply);
} gyre_activity;

/* Since 1.2: what a stream's protocol sends, one body or one framed message. */
typedef struct gyre_intake_call {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes body;              /* content codings undone, size bounded; any bytes */
  gyre_bytes media_type;        /* lower case, without parameters; size 0 when there was none */
  gyre_bytes parameters;        /* of the query string: JSON object of strings, the last of equal names */
  gyre_bytes organization_id;   /* the caller's, when its key binds one; else size 0 */
  gyre_bytes peer;              /* address of the sender: "127.0.0.1:5140" */
  int64_t time_ms;              /* of arrival */
} gyre_intake_call;

/* Since 1.2: a way in for records. take(body) -> records.
 *
 * reply->event("POSITION TIME", record): a record. POSITION: the input's line or item that it came from, decimal, counted
 * from 0; several records may share one. TIME: the record's own time, milliseconds since 1970, decimal, may be negative;
 * it must be what the record says in the stream's time field. record: for "documents" a JSON object that fits the domain's
 * mapping; for "series" a sample batch (gyre/sample_batch.hpp), whose TIME is 0.
 * attribute("rejected", "POSITION reason"): an item that cannot be taken; the others are kept.
 * text: the answer's body in the protocol's form, sent once all records are durable; attributes "contentType" (default
 * application/json) and "status" (200 to 299, default 200). No text: 204, or the host's own form where it has one.
 * refuse: nothing of this body is kept.
 *
 * The intake named "document" has a fixed form: the body is NDJSON, a document a line, and POSITION is the line. _bulk, _create
 * and _doc of the dialect, POST /v1/{domain}/records and imports reach the stream through it. */
typedef struct gyre_intake {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes name;              /* "otlp": [a-z][a-z0-9_]{0,62}; served at POST /v1/{domain}/ingest/{name} */
  gyre_bytes help;
  gyre_bytes path;              /* served there too: "/loki/api/v1/push"; size 0 for none */
  gyre_bytes framing;           /* size 0: an HTTP body. "syslog": octet counting or newline over TCP, a datagram over UDP, on
                                   the sockets that the domain's option `listen` names; each body then is one message */
  void* handler;                /* handed back to take */
  int32_t (*take)(void* handler, const gyre_intake_call* call, const gyre_reply* reply);
} gyre_intake;

/* Since 1.2: records just appended, about to be shown to one who follows the stream. */
typedef struct gyre_tail_call {
  uint32_t struct_size;
  uint32_t is_lenient;          /* 1: parameters came from a query string */
  gyre_bytes parameters;        /* JSON object */
  gyre_bytes organization_id;   /* the caller's, when its key binds one */
  const gyre_bytes* records;    /* as take gave them */
  uint64_t record_count;        /* 0: only check the parameters, and refuse if they are wrong */
  uint64_t first_sequence;      /* of the first record; the others follow without gap */
} gyre_tail_call;

/* Since 1.2: a query that goes on: GET /v1/{domain}/queries/{name}, server-sent events. match: reply->event(INDEX, text) for each
 * record to show, INDEX its decimal place among `records`, ascending, at most once each; text one JSON value. A match must show
 * records of the caller's organisation only, when it is bound to one. */
typedef struct gyre_tail {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes name;              /* "TailLogs" */
  gyre_bytes help;
  gyre_bytes schema;            /* JSON Schema of the parameters */
  void* handler;                /* handed back to match */
  int32_t (*match)(void* handler, const gyre_tail_call* call, const gyre_reply* reply);
} gyre_tail;

/* Since 1.2: a call of another system's read API. */
typedef struct gyre_endpoint_call {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes parameters;        /* JSON object of lists of strings: from the path, the query string and a form, in this order */
  gyre_bytes organization_id;   /* the caller's, when its key binds one */
  int64_t time_ms;              /* now */
} gyre_endpoint_call;

/* Since 1.2: what became of the request that plan made, or that plan refused. */
typedef struct gyre_endpoint_result {
  uint32_t struct_size;
  int32_t code;                 /* 0, or why there is no data (gyre::Code) */
  gyre_bytes data;              /* what the index answered */
  gyre_bytes reason;            /* with a code */
  gyre_bytes message;
} gyre_endpoint_result;

/* Since 1.2: a path of another system's read API, as its clients know it; GET, and POST with a form. */
typedef struct gyre_endpoint {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes path;              /* "/api/v1/label/{name}/values": a segment in braces is a parameter */
  gyre_bytes help;
  void* handler;                /* handed back to plan and present */
  /* text: a request to the index, as a query's plan gives it. A refusal goes to present. */
  int32_t (*plan)(void* handler, const gyre_endpoint_call* call, const gyre_reply* reply);
  /* text: the answer's body, of a failure too; attributes "contentType" (default application/json) and "status" (200). */
  int32_t (*present)(void* handler, const gyre_endpoint_call* call, const gyre_endpoint_result* result, const gyre_reply* reply);
} gyre_endpoint;

/* Since 1.2: what makes a domain a stream: it has no entities, records only arrive. Its commands have no id member, their decide
 * gets neither state nor version, and answers with records, as take does. */
typedef struct gyre_stream {
  uint32_t struct_size;
  uint32_t reserved;
  gyre_bytes kind;              /* "documents" or "series" */
  gyre_bytes time_field;        /* "documents": the mapping's date field that says when; the mapping has a long "sequence" too,
                                   which the host fills in */
  const gyre_intake* const* intakes;
  uint64_t intake_count;
  const gyre_tail* const* tails;
  uint64_t tail_count;
  const gyre_endpoint* const* endpoints;
  uint64_t endpoint_count;
} gyre_stream;

typedef struct gyre_plugin {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;           /* the minor it was built with */
  gyre_bytes domain;            /* "payments": [a-z][a-z0-9_]{0,62} */
  gyre_bytes version;           /* of the plugin: "1.2.0" */
  gyre_bytes help;
  gyre_bytes index;             /* JSON: {"settings":{"number_of_shards","number_of_replicas","refresh_interval","bulk_size"},"mappings":{…}} */
  gyre_bytes options;           /* JSON array: {"name","type","default","help","minimum","maximum","choices"} of its configuration */
  const gyre_command* const* commands;
  uint64_t command_count;
  const gyre_event* const* events;
  uint64_t event_count;
  const gyre_query* const* queries;
  uint64_t query_count;
  void* plugin;                 /* handed back in the three calls below */
  /* options: JSON object with every option, defaults filled in. Called once, before anything else. */
  int32_t (*configure)(void* plugin, gyre_bytes options, const gyre_reply* reply);
  int32_t (*evolve)(void* plugin, const gyre_evolve_call* call, const gyre_reply* reply);
  int32_t (*project)(void* plugin, const gyre_project_call* call, const gyre_reply* reply);
  /* Since 1.1. */
  const gyre_subscription* const* subscriptions;
  uint64_t subscription_count;
  const gyre_activity* const* activities;
  uint64_t activity_count;
  /* Since 1.2. */
  const gyre_stream* stream;    /* null: a domain of entities. Else evolve, project, events, subscriptions and activities are not used */
} gyre_plugin;

typedef struct gyre_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  void* context;
  gyre_bytes version;           /* of the host */
  /* level: 0 debug, 1 information, 2 warning, 3 error */
  void (*log)(void* context, int32_t level, gyre_bytes message);
} gyre_host;

/* The one symbol. Null when the plugin cannot serve this host; the reason goes to host->log first. */
typedef const gyre_plugin* (*gyre_plugin_entry_fn)(const gyre_host* host);

#ifdef __cplusplus
}
#endif
#endif
