/* The smallest plugin in C, and every way to get it wrong: each GYRE_BREAK_… changes one thing. */
#include <gyre/abi.h>
#include <stddef.h>
#include <string.h>

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

static gyre_bytes text(const char* from) {
  gyre_bytes bytes = {from, strlen(from)};
  return bytes;
}

/* What a call does is chosen by the text it is given, so that one plugin serves every test of the adapter. */
static int32_t misbehave(gyre_bytes how, const gyre_reply* reply) {
  gyre_bytes none = {NULL, 0};
  const char broken_utf8[] = {(char)0xff, 0};
#define IS(name) (how.size == sizeof(name) - 1 && memcmp(how.data, name, how.size) == 0)
  if (IS("silent")) return 5;
  if (IS("contradiction")) {
    reply->refuse(reply->context, 5, text("x"), text("refused and not"));
    return 0;
  }
  if (IS("unknown code")) {
    reply->refuse(reply->context, 99, none, text("x"));
    return 99;
  }
  if (IS("negative code")) {
    reply->refuse(reply->context, -1, none, text("x"));
    return -1;
  }
  if (IS("refusal")) {
    reply->refuse(reply->context, 5, text("already_there"), text("it is there"));
    reply->fault(reply->context, text("/a"), text("is wrong"));
    reply->fault(reply->context, text("/b"), text("is wrong too"));
    return 5;
  }
  if (IS("bad reason")) {
    reply->refuse(reply->context, 4, text("Not Snake!"), text("gone"));
    return 4;
  }
  if (IS("bad message")) {
    reply->refuse(reply->context, 4, none, text(broken_utf8));
    return 4;
  }
  if (IS("bad text")) {
    reply->text(reply->context, text("{\""));
    reply->text(reply->context, text(broken_utf8));
    reply->text(reply->context, text("\"}"));
    return 0;
  }
  if (IS("nothing")) return 0;
  if (IS("null bytes")) {
    gyre_bytes liar = {NULL, 1000};
    reply->text(reply->context, liar);
    return 0;
  }
  if (IS("array")) {
    reply->text(reply->context, text("[]"));
    return 0;
  }
  if (IS("undeclared")) {
    reply->event(reply->context, text("SomethingElse"), text("{}"));
    return 0;
  }
  if (IS("no object")) {
    reply->event(reply->context, text("SmallMade"), text("5"));
    return 0;
  }
  return -1;
#undef IS
}

static int is_order(gyre_bytes how) { return how.size > 0 && how.data[0] != '{'; }

static int32_t decide(void* handler, const gyre_decide_call* call, const gyre_reply* reply) {
  char copy[64];
  size_t size = call->body.size < sizeof copy ? call->body.size : sizeof copy;
  if (is_order(call->body)) return misbehave(call->body, reply);
  /* Wiped before returning: what the host did not copy is gone. */
  memcpy(copy, call->body.data, size);
  gyre_bytes data = {copy, size};
  reply->event(reply->context, text("SmallMade"), data);
  if (call->is_event) reply->event(reply->context, text("SmallSeen"), text("{\"outside\":true}"));
  if (handler != NULL) memset(copy, 'x', sizeof copy);
  return 0;
}

static int32_t configure(void* plugin, gyre_bytes options, const gyre_reply* reply) {
  (void)plugin;
  return is_order(options) ? misbehave(options, reply) : 0;
}

static int32_t evolve(void* plugin, const gyre_evolve_call* call, const gyre_reply* reply) {
  (void)plugin;
  if (is_order(call->data)) return misbehave(call->data, reply);
  reply->text(reply->context, text("{\"last\":"));
  reply->text(reply->context, call->data);
  reply->text(reply->context, text("}"));
  reply->attribute(reply->context, text("organizationId"), call->entity_id);
  return 0;
}

static int32_t project(void* plugin, const gyre_project_call* call, const gyre_reply* reply) {
  (void)plugin;
  if (is_order(call->state)) return misbehave(call->state, reply);
  reply->text(reply->context, call->state);
  return 0;
}

static int32_t plan(void* handler, const gyre_plan_call* call, const gyre_reply* reply) {
  (void)handler;
  if (call->parameters.size == 3 && memcmp(call->parameters.data, "get", 3) == 0) {
    reply->attribute(reply->context, text("get"), call->organization_id);
    reply->attribute(reply->context, text("uncacheable"), text("true"));
    return 0;
  }
  if (call->parameters.size == 4 && memcmp(call->parameters.data, "both", 4) == 0) {
    reply->attribute(reply->context, text("get"), text("x"));
    reply->text(reply->context, text("{}"));
    return 0;
  }
  if (is_order(call->parameters)) return misbehave(call->parameters, reply);
  reply->text(reply->context, call->is_lenient ? text("{\"lenient\":1}") : text("{\"strict\":1}"));
  return 0;
}

static int32_t present(void* handler, const gyre_present_call* call, const gyre_reply* reply) {
  (void)handler;
  if (is_order(call->answer)) return misbehave(call->answer, reply);
  reply->text(reply->context, call->answer);
  return 0;
}

static int32_t react(void* handler, const gyre_react_call* call, const gyre_reply* reply) {
  (void)handler;
  if (is_order(call->data)) return misbehave(call->data, reply);
  reply->attribute(reply->context, text("organizationId"), call->entity_id);
  reply->event(reply->context, text("MakeSmall"), call->data);
  return 0;
}

static int32_t present_activity(void* handler, const gyre_activity_call* call, const gyre_reply* reply) {
  (void)handler;
  if (is_order(call->document)) return misbehave(call->document, reply);
  reply->text(reply->context, call->document);
  reply->attribute(reply->context, text("summary"), text("something small"));
  return 0;
}

#ifdef GYRE_BREAK_BAD_COMMAND_NAME
#define COMMAND_NAME "make small"
#else
#define COMMAND_NAME "MakeSmall"
#endif
#ifdef GYRE_BREAK_BAD_EVENT_NAME
#define EVENT_NAME ""
#else
#define EVENT_NAME "SmallMade"
#endif
#ifdef GYRE_BREAK_BAD_SCHEMA
#define SCHEMA "{"
#else
#define SCHEMA "{\"type\":\"object\"}"
#endif

static int marker;

static gyre_command command = {
    sizeof(gyre_command), 0, TEXT(COMMAND_NAME), TEXT("makes"), TEXT(SCHEMA), TEXT("smallId"), &marker, decide};
static gyre_event made = {sizeof(gyre_event), 0, TEXT(EVENT_NAME), TEXT("was made"), TEXT("{}"), &marker, decide};
static gyre_event seen = {sizeof(gyre_event), 0, TEXT("SmallSeen"), TEXT("was seen"), TEXT("{}"), NULL, NULL};
static gyre_query query = {sizeof(gyre_query), 0, TEXT("FindSmall"), TEXT("finds"), TEXT("{}"), NULL, plan, present};

static gyre_subscription subscription = {
    sizeof(gyre_subscription), 0, TEXT("large"), TEXT("LargeMade"), TEXT("a small one follows"), NULL, react};
static gyre_activity activity = {sizeof(gyre_activity), 0,    TEXT("SmallMade"),      TEXT("was made"), TEXT("madeAt"),
                                 TEXT("smallId"),       TEXT("organizationId"), TEXT("{\"match_all\":{}}"), NULL,
                                 present_activity};

static const gyre_subscription* subscriptions[] = {&subscription, &subscription};
static const gyre_activity* activities[] = {&activity};
static const gyre_command* commands[] = {&command, &command};
static const gyre_event* events[] = {&made, &seen};
static const gyre_query* queries[] = {&query, NULL};

static gyre_plugin table = {sizeof(gyre_plugin),
                            GYRE_ABI_MAJOR,
                            GYRE_ABI_MINOR,
                            TEXT("small"),
                            TEXT("1.0.0"),
                            TEXT("a test"),
                            TEXT("{\"settings\":{},\"mappings\":{}}"),
                            TEXT("[]"),
                            commands,
                            1,
                            events,
                            2,
                            queries,
                            1,
                            NULL,
                            configure,
                            evolve,
                            project,
                            subscriptions,
                            1,
                            activities,
                            1};

static void break_table(void) {
#if defined GYRE_BREAK_WRONG_MAJOR
  table.abi_major = 2;
  table.struct_size = 8; /* another major may be of any size: it must be told by its version */
#elif defined GYRE_NEWER_MINOR
  table.abi_minor = 7;
  table.domain = text("newer");
  table.struct_size += 64;
#elif defined GYRE_OLDER_MINOR
  /* What lies behind a 1.0 table is not the plugin's: the host must not look there. */
  table.abi_minor = 0;
  table.domain = text("older");
  table.struct_size = offsetof(gyre_plugin, subscriptions);
  table.subscriptions = (const gyre_subscription* const*)8;
  table.subscription_count = UINT64_MAX;
#elif defined GYRE_BREAK_NULL_REACT
  subscription.react = NULL;
#elif defined GYRE_BREAK_OWN_EVENT
  subscription.domain = text("small");
#elif defined GYRE_BREAK_BAD_SOURCE
  subscription.domain = text("Large!");
#elif defined GYRE_BREAK_SUBSCRIBES_TWICE
  table.subscription_count = 2;
#elif defined GYRE_BREAK_NULL_ACTIVITY
  activity.present = NULL;
#elif defined GYRE_BREAK_NO_TIME_FIELD
  activity.time_field.size = 0;
#elif defined GYRE_BREAK_BAD_FILTER
  activity.filter = text("[]");
#elif defined GYRE_BREAK_NULL_CONFIGURE
  table.configure = NULL;
#elif defined GYRE_BREAK_NULL_EVOLVE
  table.evolve = NULL;
#elif defined GYRE_BREAK_NULL_PROJECT
  table.project = NULL;
#elif defined GYRE_BREAK_NULL_DECIDE
  command.decide = NULL;
#elif defined GYRE_BREAK_NULL_PLAN
  query.plan = NULL;
#elif defined GYRE_BREAK_NULL_PRESENT
  query.present = NULL;
#elif defined GYRE_BREAK_SMALL_TABLE
  table.struct_size = offsetof(gyre_plugin, project);
#elif defined GYRE_BREAK_SMALL_COMMAND
  command.struct_size = offsetof(gyre_command, decide);
#elif defined GYRE_BREAK_BAD_DOMAIN
  table.domain = text("../Small\n");
#elif defined GYRE_BREAK_TWICE
  table.command_count = 2;
#elif defined GYRE_BREAK_BAD_INDEX
  table.index = text("[]");
#elif defined GYRE_BREAK_BAD_OPTIONS
  table.options = text("[1,");
#elif defined GYRE_BREAK_NO_VERSION
  table.version.size = 0;
#elif defined GYRE_BREAK_NULL_ENTRY
  table.query_count = 2;
#elif defined GYRE_BREAK_NULL_LIST
  table.events = NULL;
#elif defined GYRE_BREAK_HUGE_COUNT
  table.command_count = UINT64_MAX;
#elif defined GYRE_BREAK_NULL_TEXT
  table.help.data = NULL;
#elif defined GYRE_BREAK_BAD_UTF8
  table.help = text("\xff");
#endif
}

#ifdef GYRE_BREAK_NO_SYMBOL
#define ENTRY gyre_plugin_entry_v0
#else
#define ENTRY gyre_plugin_entry_v1
#endif

__attribute__((visibility("default"))) const gyre_plugin* ENTRY(const gyre_host* host) {
#if defined GYRE_BREAK_NULL_TABLE
  host->log(host->context, 3, text("needs a host of 9.9"));
  return NULL;
#elif defined GYRE_BREAK_SILENT_NULL
  (void)host;
  return NULL;
#else
  host->log(host->context, 0, host->version);
  break_table();
  return &table;
#endif
}
