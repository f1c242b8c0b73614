// What is under way: shown, waited for, cancelled.
#include <charconv>
#include <string>

#include "server/dialect/answered.hpp"
#include "server/dialect/cluster_view.hpp"
#include "server/dialect/duration.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/task_registry.hpp"

namespace gyre::dialect {

namespace {

Status taskMissing(std::string_view name) {
  return {Code::kNotFound, "resource_not_found_exception",
          "task [" + std::string(name) + "] isn't running and hasn't stored its results"};
}

Result<TaskPtr> findTask(Service& service, std::string_view name) {
  const std::size_t colon = name.rfind(':');
  std::uint64_t id = 0;
  if (colon == std::string_view::npos) return illegalArgument("malformed task id " + std::string(name));
  const std::string_view digits = name.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return illegalArgument("malformed task id " + std::string(name));
  if (name.substr(0, colon) != service.nodeId())
    return Status(Code::kNotFound, "resource_not_found_exception",
                  "task [" + std::string(name) + "] belongs to the node [" + std::string(name.substr(0, colon)) +
                      "] which isn't part of the cluster and there is no record of the task");
  TaskPtr task = service.tasks().find(id);
  if (!task) return taskMissing(name);
  return task;
}

Result<Response> getTask(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const TaskPtr task, findTask(service, call.variable("task")));
  GYRE_TRY_ASSIGN(const bool waits, call.flag("wait_for_completion"));
  GYRE_TRY_ASSIGN(const std::int64_t millis, parseDuration(call.text("timeout", "30s")));
  if (waits && !service.tasks().await(*task, millis))
    return Status(Code::kInternal, "timeout_exception",
                  "Timed out waiting for completion of task [" + std::string(call.variable("task")) + "]");
  Response response;
  JsonWriter writer(response.body);
  service.tasks().writeResult(*task, writer);
  return response;
}

// "node:7": who has a task, and its number.
Status checkTaskName(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  const std::string_view digits = colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
  if (!digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos) return {};
  return illegalArgument("malformed task id " + std::string(name));
}

bool isAsked(const Service&, const Call& call, const Task& task) {
  const std::string_view actions = call.text("actions");
  // None has one above it.
  if (!call.text("parent_task_id").empty()) return false;
  return actions.empty() || matchesList(actions, task.action);
}

void writeTasks(Service& service, const std::vector<TaskPtr>& tasks, std::string_view group, JsonWriter& writer) {
  const auto write_all = [&] {
    for (const TaskPtr& task : tasks) {
      writer.key(service.tasks().nameOf(task->id));
      service.tasks().writeTask(*task, writer);
    }
  };
  writer.beginObject();
  if (group == "none") {
    writer.key("tasks").beginArray();
    for (const TaskPtr& task : tasks) service.tasks().writeTask(*task, writer);
    writer.endArray();
  } else if (group == "parents") {
    writer.key("tasks").beginObject();
    write_all();
    writer.endObject();
  } else {
    writer.key("nodes").beginObject();
    if (!tasks.empty()) {
      writer.key(service.nodeId()).beginObject();
      writeNodeIdentity(service, writer);
      writer.key("roles").beginArray().string("cluster_manager").string("data").string("ingest").endArray();
      writer.key("tasks").beginObject();
      write_all();
      writer.endObject().endObject();
    }
    writer.endObject();
  }
  writer.endObject();
}

Result<Response> answerTasks(Service& service, const Call& call, const std::vector<TaskPtr>& tasks) {
  const std::string_view group = call.text("group_by", "nodes");
  if (group != "nodes" && group != "parents" && group != "none")
    return illegalArgument("[group_by] must be one of [nodes], [parents] or [none] but was [" + std::string(group) +
                           "]");
  Response response;
  JsonWriter writer(response.body);
  writeTasks(service, tasks, group, writer);
  return response;
}

Result<Response> listTasks(Service& service, Call& call) {
  if (const std::string_view parent = call.text("parent_task_id"); !parent.empty()) GYRE_TRY(checkTaskName(parent));
  GYRE_TRY(call.flag("detailed").status());
  std::vector<TaskPtr> tasks;
  if (namesNode(service, call.text("nodes")))
    for (const TaskPtr& task : service.tasks().running())
      if (isAsked(service, call, *task)) tasks.push_back(task);
  return answerTasks(service, call, tasks);
}

Result<Response> cancelTasks(Service& service, Call& call) {
  for (const TaskPtr& task : service.tasks().running())
    if (task->is_cancellable && isAsked(service, call, *task)) task->cancel();
  return listTasks(service, call);
}

Result<Response> cancelTask(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const TaskPtr task, findTask(service, call.variable("task")));
  if (!task->is_cancellable)
    return illegalArgument("task [" + std::string(call.variable("task")) + "] doesn't support this operation");
  task->cancel();
  return answerTasks(service, call, {task});
}

Result<Response> rethrottle(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const TaskPtr task, findTask(service, call.variable("task")));
  double rate = 0;
  const std::string_view text = call.text("requests_per_second");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (text.empty()) return illegalArgument("requests_per_second is a required parameter");
  if (error != std::errc() || end != text.data() + text.size() || (rate <= 0 && rate != -1))
    return illegalArgument("[requests_per_second] must be a float greater than 0. Use -1 to disable throttling.");
  task->requests_per_second = rate == -1 ? 0 : rate;
  return answerTasks(service, call, {task});
}

constexpr Route kRoutes[] = {
    {"GET", "/_tasks", answered<listTasks>,
     "actions nodes detailed group_by parent_task_id wait_for_completion timeout"},
    {"GET", "/_tasks/{task}", answered<getTask>, "wait_for_completion timeout"},
    {"POST", "/_tasks/_cancel", answered<cancelTasks>, "actions nodes parent_task_id group_by wait_for_completion"},
    {"POST", "/_tasks/{task}/_cancel", answered<cancelTask>,
     "actions nodes parent_task_id group_by wait_for_completion"},
    {"POST", "/_reindex/{task}/_rethrottle", answered<rethrottle>, "requests_per_second group_by"},
    {"POST", "/_update_by_query/{task}/_rethrottle", answered<rethrottle>, "requests_per_second group_by"},
    {"POST", "/_delete_by_query/{task}/_rethrottle", answered<rethrottle>, "requests_per_second group_by"},
};

}  // namespace

std::span<const Route> taskRoutes() { return kRoutes; }

}  // namespace gyre::dialect
