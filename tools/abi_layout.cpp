// Prints the layout of every struct that crosses between host and plugin: name, size, and each member with its offset
// and size. sdk/abi_v1.golden holds what it printed when 1.0 was fixed; a test compares. When a struct has grown at its
// end, GYRE_ABI_MINOR has too, and the golden file is written anew with this program.
#include <cstddef>
#include <cstdio>

#include "gyre/abi.h"

namespace {

void structLine(const char* name, std::size_t size) { std::printf("%s %zu\n", name, size); }
void memberLine(const char* name, std::size_t offset, std::size_t size) {
  std::printf("  %s %zu %zu\n", name, offset, size);
}

}  // namespace

#define LAYOUT_STRUCT(type) structLine(#type, sizeof(type))
#define LAYOUT_MEMBER(type, member) memberLine(#member, offsetof(type, member), sizeof(type::member))

int main() {
  std::printf("major %d\n", GYRE_ABI_MAJOR);

  LAYOUT_STRUCT(gyre_bytes);
  LAYOUT_MEMBER(gyre_bytes, data);
  LAYOUT_MEMBER(gyre_bytes, size);

  LAYOUT_STRUCT(gyre_reply);
  LAYOUT_MEMBER(gyre_reply, struct_size);
  LAYOUT_MEMBER(gyre_reply, reserved);
  LAYOUT_MEMBER(gyre_reply, context);
  LAYOUT_MEMBER(gyre_reply, text);
  LAYOUT_MEMBER(gyre_reply, event);
  LAYOUT_MEMBER(gyre_reply, attribute);
  LAYOUT_MEMBER(gyre_reply, refuse);
  LAYOUT_MEMBER(gyre_reply, fault);

  LAYOUT_STRUCT(gyre_decide_call);
  LAYOUT_MEMBER(gyre_decide_call, struct_size);
  LAYOUT_MEMBER(gyre_decide_call, is_event);
  LAYOUT_MEMBER(gyre_decide_call, entity_id);
  LAYOUT_MEMBER(gyre_decide_call, body);
  LAYOUT_MEMBER(gyre_decide_call, state);
  LAYOUT_MEMBER(gyre_decide_call, version);
  LAYOUT_MEMBER(gyre_decide_call, time_ms);
  LAYOUT_MEMBER(gyre_decide_call, organization_id);

  LAYOUT_STRUCT(gyre_command);
  LAYOUT_MEMBER(gyre_command, struct_size);
  LAYOUT_MEMBER(gyre_command, reserved);
  LAYOUT_MEMBER(gyre_command, name);
  LAYOUT_MEMBER(gyre_command, help);
  LAYOUT_MEMBER(gyre_command, schema);
  LAYOUT_MEMBER(gyre_command, id_member);
  LAYOUT_MEMBER(gyre_command, handler);
  LAYOUT_MEMBER(gyre_command, decide);

  LAYOUT_STRUCT(gyre_event);
  LAYOUT_MEMBER(gyre_event, struct_size);
  LAYOUT_MEMBER(gyre_event, reserved);
  LAYOUT_MEMBER(gyre_event, name);
  LAYOUT_MEMBER(gyre_event, help);
  LAYOUT_MEMBER(gyre_event, schema);
  LAYOUT_MEMBER(gyre_event, handler);
  LAYOUT_MEMBER(gyre_event, decide);

  LAYOUT_STRUCT(gyre_evolve_call);
  LAYOUT_MEMBER(gyre_evolve_call, struct_size);
  LAYOUT_MEMBER(gyre_evolve_call, reserved);
  LAYOUT_MEMBER(gyre_evolve_call, entity_id);
  LAYOUT_MEMBER(gyre_evolve_call, state);
  LAYOUT_MEMBER(gyre_evolve_call, type);
  LAYOUT_MEMBER(gyre_evolve_call, data);
  LAYOUT_MEMBER(gyre_evolve_call, time_ms);

  LAYOUT_STRUCT(gyre_project_call);
  LAYOUT_MEMBER(gyre_project_call, struct_size);
  LAYOUT_MEMBER(gyre_project_call, reserved);
  LAYOUT_MEMBER(gyre_project_call, entity_id);
  LAYOUT_MEMBER(gyre_project_call, state);
  LAYOUT_MEMBER(gyre_project_call, version);

  LAYOUT_STRUCT(gyre_plan_call);
  LAYOUT_MEMBER(gyre_plan_call, struct_size);
  LAYOUT_MEMBER(gyre_plan_call, is_lenient);
  LAYOUT_MEMBER(gyre_plan_call, parameters);
  LAYOUT_MEMBER(gyre_plan_call, organization_id);
  LAYOUT_MEMBER(gyre_plan_call, time_ms);

  LAYOUT_STRUCT(gyre_present_call);
  LAYOUT_MEMBER(gyre_present_call, struct_size);
  LAYOUT_MEMBER(gyre_present_call, is_lenient);
  LAYOUT_MEMBER(gyre_present_call, parameters);
  LAYOUT_MEMBER(gyre_present_call, organization_id);
  LAYOUT_MEMBER(gyre_present_call, answer);
  LAYOUT_MEMBER(gyre_present_call, version);

  LAYOUT_STRUCT(gyre_query);
  LAYOUT_MEMBER(gyre_query, struct_size);
  LAYOUT_MEMBER(gyre_query, reserved);
  LAYOUT_MEMBER(gyre_query, name);
  LAYOUT_MEMBER(gyre_query, help);
  LAYOUT_MEMBER(gyre_query, schema);
  LAYOUT_MEMBER(gyre_query, handler);
  LAYOUT_MEMBER(gyre_query, plan);
  LAYOUT_MEMBER(gyre_query, present);

  LAYOUT_STRUCT(gyre_react_call);
  LAYOUT_MEMBER(gyre_react_call, struct_size);
  LAYOUT_MEMBER(gyre_react_call, reserved);
  LAYOUT_MEMBER(gyre_react_call, domain);
  LAYOUT_MEMBER(gyre_react_call, type);
  LAYOUT_MEMBER(gyre_react_call, entity_id);
  LAYOUT_MEMBER(gyre_react_call, data);
  LAYOUT_MEMBER(gyre_react_call, version);
  LAYOUT_MEMBER(gyre_react_call, sequence);
  LAYOUT_MEMBER(gyre_react_call, time_ms);

  LAYOUT_STRUCT(gyre_subscription);
  LAYOUT_MEMBER(gyre_subscription, struct_size);
  LAYOUT_MEMBER(gyre_subscription, reserved);
  LAYOUT_MEMBER(gyre_subscription, domain);
  LAYOUT_MEMBER(gyre_subscription, type);
  LAYOUT_MEMBER(gyre_subscription, help);
  LAYOUT_MEMBER(gyre_subscription, handler);
  LAYOUT_MEMBER(gyre_subscription, react);

  LAYOUT_STRUCT(gyre_activity_call);
  LAYOUT_MEMBER(gyre_activity_call, struct_size);
  LAYOUT_MEMBER(gyre_activity_call, reserved);
  LAYOUT_MEMBER(gyre_activity_call, document);

  LAYOUT_STRUCT(gyre_activity);
  LAYOUT_MEMBER(gyre_activity, struct_size);
  LAYOUT_MEMBER(gyre_activity, reserved);
  LAYOUT_MEMBER(gyre_activity, name);
  LAYOUT_MEMBER(gyre_activity, help);
  LAYOUT_MEMBER(gyre_activity, time_field);
  LAYOUT_MEMBER(gyre_activity, id_field);
  LAYOUT_MEMBER(gyre_activity, organization_field);
  LAYOUT_MEMBER(gyre_activity, filter);
  LAYOUT_MEMBER(gyre_activity, handler);
  LAYOUT_MEMBER(gyre_activity, present);

  LAYOUT_STRUCT(gyre_intake_call);
  LAYOUT_MEMBER(gyre_intake_call, struct_size);
  LAYOUT_MEMBER(gyre_intake_call, reserved);
  LAYOUT_MEMBER(gyre_intake_call, body);
  LAYOUT_MEMBER(gyre_intake_call, media_type);
  LAYOUT_MEMBER(gyre_intake_call, parameters);
  LAYOUT_MEMBER(gyre_intake_call, organization_id);
  LAYOUT_MEMBER(gyre_intake_call, peer);
  LAYOUT_MEMBER(gyre_intake_call, time_ms);

  LAYOUT_STRUCT(gyre_intake);
  LAYOUT_MEMBER(gyre_intake, struct_size);
  LAYOUT_MEMBER(gyre_intake, reserved);
  LAYOUT_MEMBER(gyre_intake, name);
  LAYOUT_MEMBER(gyre_intake, help);
  LAYOUT_MEMBER(gyre_intake, path);
  LAYOUT_MEMBER(gyre_intake, framing);
  LAYOUT_MEMBER(gyre_intake, handler);
  LAYOUT_MEMBER(gyre_intake, take);

  LAYOUT_STRUCT(gyre_tail_call);
  LAYOUT_MEMBER(gyre_tail_call, struct_size);
  LAYOUT_MEMBER(gyre_tail_call, is_lenient);
  LAYOUT_MEMBER(gyre_tail_call, parameters);
  LAYOUT_MEMBER(gyre_tail_call, organization_id);
  LAYOUT_MEMBER(gyre_tail_call, records);
  LAYOUT_MEMBER(gyre_tail_call, record_count);
  LAYOUT_MEMBER(gyre_tail_call, first_sequence);

  LAYOUT_STRUCT(gyre_tail);
  LAYOUT_MEMBER(gyre_tail, struct_size);
  LAYOUT_MEMBER(gyre_tail, reserved);
  LAYOUT_MEMBER(gyre_tail, name);
  LAYOUT_MEMBER(gyre_tail, help);
  LAYOUT_MEMBER(gyre_tail, schema);
  LAYOUT_MEMBER(gyre_tail, handler);
  LAYOUT_MEMBER(gyre_tail, match);

  LAYOUT_STRUCT(gyre_endpoint_call);
  LAYOUT_MEMBER(gyre_endpoint_call, struct_size);
  LAYOUT_MEMBER(gyre_endpoint_call, reserved);
  LAYOUT_MEMBER(gyre_endpoint_call, parameters);
  LAYOUT_MEMBER(gyre_endpoint_call, organization_id);
  LAYOUT_MEMBER(gyre_endpoint_call, time_ms);

  LAYOUT_STRUCT(gyre_endpoint_result);
  LAYOUT_MEMBER(gyre_endpoint_result, struct_size);
  LAYOUT_MEMBER(gyre_endpoint_result, code);
  LAYOUT_MEMBER(gyre_endpoint_result, data);
  LAYOUT_MEMBER(gyre_endpoint_result, reason);
  LAYOUT_MEMBER(gyre_endpoint_result, message);

  LAYOUT_STRUCT(gyre_endpoint);
  LAYOUT_MEMBER(gyre_endpoint, struct_size);
  LAYOUT_MEMBER(gyre_endpoint, reserved);
  LAYOUT_MEMBER(gyre_endpoint, path);
  LAYOUT_MEMBER(gyre_endpoint, help);
  LAYOUT_MEMBER(gyre_endpoint, handler);
  LAYOUT_MEMBER(gyre_endpoint, plan);
  LAYOUT_MEMBER(gyre_endpoint, present);

  LAYOUT_STRUCT(gyre_stream);
  LAYOUT_MEMBER(gyre_stream, struct_size);
  LAYOUT_MEMBER(gyre_stream, reserved);
  LAYOUT_MEMBER(gyre_stream, kind);
  LAYOUT_MEMBER(gyre_stream, time_field);
  LAYOUT_MEMBER(gyre_stream, intakes);
  LAYOUT_MEMBER(gyre_stream, intake_count);
  LAYOUT_MEMBER(gyre_stream, tails);
  LAYOUT_MEMBER(gyre_stream, tail_count);
  LAYOUT_MEMBER(gyre_stream, endpoints);
  LAYOUT_MEMBER(gyre_stream, endpoint_count);

  LAYOUT_STRUCT(gyre_plugin);
  LAYOUT_MEMBER(gyre_plugin, struct_size);
  LAYOUT_MEMBER(gyre_plugin, abi_major);
  LAYOUT_MEMBER(gyre_plugin, abi_minor);
  LAYOUT_MEMBER(gyre_plugin, domain);
  LAYOUT_MEMBER(gyre_plugin, version);
  LAYOUT_MEMBER(gyre_plugin, help);
  LAYOUT_MEMBER(gyre_plugin, index);
  LAYOUT_MEMBER(gyre_plugin, options);
  LAYOUT_MEMBER(gyre_plugin, commands);
  LAYOUT_MEMBER(gyre_plugin, command_count);
  LAYOUT_MEMBER(gyre_plugin, events);
  LAYOUT_MEMBER(gyre_plugin, event_count);
  LAYOUT_MEMBER(gyre_plugin, queries);
  LAYOUT_MEMBER(gyre_plugin, query_count);
  LAYOUT_MEMBER(gyre_plugin, plugin);
  LAYOUT_MEMBER(gyre_plugin, configure);
  LAYOUT_MEMBER(gyre_plugin, evolve);
  LAYOUT_MEMBER(gyre_plugin, project);
  LAYOUT_MEMBER(gyre_plugin, subscriptions);
  LAYOUT_MEMBER(gyre_plugin, subscription_count);
  LAYOUT_MEMBER(gyre_plugin, activities);
  LAYOUT_MEMBER(gyre_plugin, activity_count);
  LAYOUT_MEMBER(gyre_plugin, stream);

  LAYOUT_STRUCT(gyre_host);
  LAYOUT_MEMBER(gyre_host, struct_size);
  LAYOUT_MEMBER(gyre_host, abi_major);
  LAYOUT_MEMBER(gyre_host, abi_minor);
  LAYOUT_MEMBER(gyre_host, context);
  LAYOUT_MEMBER(gyre_host, version);
  LAYOUT_MEMBER(gyre_host, log);
  return 0;
}
