// Legacy, composable and component templates: kept, shown, removed and tried out.
#include <string>
#include <vector>

#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_composition.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/template_definition.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kBodyLimits{.max_depth = 512};

Status templateMissing(std::string_view name) {
  return {Code::kNotFound, "index_template_missing_exception", "index_template [" + std::string(name) + "] missing"};
}

Status notFoundMatching(std::string_view kind, std::string_view name) {
  return {Code::kNotFound, "resource_not_found_exception",
          std::string(kind) + " matching [" + std::string(name) + "] not found"};
}

// Takes out what matches; a name that nothing matches is missing.
Result<Response> removeNamed(Service& service, Call& call, NamedTexts CatalogState::*texts,
                             Status (*check)(const CatalogState&, std::string_view)) {
  GYRE_TRY(checkTimeouts(call));
  const std::string_view pattern = call.variable("name");
  const Status changed = service.catalog().change([&](CatalogState& state) -> Status {
    NamedTexts& held = state.*texts;
    std::vector<std::string> names;
    for (const auto& [name, text] : held)
      if (matchesWildcard(pattern, name)) names.push_back(name);
    if (names.empty() && pattern != "*") return templateMissing(pattern);
    for (const std::string& name : names) {
      if (check != nullptr) GYRE_TRY(check(state, name));
      held.erase(name);
    }
    return {};
  });
  GYRE_TRY(changed);
  return acknowledged();
}

// A definition with its settings as the request wants them shown.
Status writeDefinition(std::string_view text, bool is_flat, JsonWriter& writer) {
  if (!is_flat) {
    writer.raw(text);
    return {};
  }
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text, kBodyLimits));
  writer.beginObject();
  for (const json::Value member : document.root()) {
    writer.key(member.key());
    if (member.key() != "settings") {
      writer.raw(member.raw());
      continue;
    }
    Settings settings;
    GYRE_TRY(settings.merge(member));
    settings.writeFlat(writer);
  }
  writer.endObject();
  return {};
}

// ---- legacy
// ----------------------------------------------------------------------------------------------------------

Result<Response> putLegacy(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY(requireBody(call));
  const std::string_view name = call.variable("name");
  GYRE_TRY_ASSIGN(const bool must_be_new, call.flag("create"));
  std::string body = call.request.body;
  if (call.has("order")) {
    // The URL's order counts when the body has none.
    GYRE_TRY_ASSIGN(const std::int64_t order, call.whole("order", 0));
    GYRE_TRY_ASSIGN(JsonTree tree, JsonTree::parse(body));
    if (tree.isObject() && tree.find("order") == nullptr) tree["order"] = JsonTree::whole(order);
    body = tree.json();
  }
  GYRE_TRY_ASSIGN(const std::string text, readLegacyTemplate(name, body));
  const Status changed = service.catalog().change([&](CatalogState& state) -> Status {
    if (must_be_new && state.templates.contains(name))
      return illegalArgument("index_template [" + std::string(name) + "] already exists");
    state.templates.insert_or_assign(std::string(name), text);
    return {};
  });
  GYRE_TRY(changed);
  return acknowledged();
}

Result<Response> getLegacy(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const bool is_flat, call.flag("flat_settings"));
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  bool has_any = false;
  for (const auto& [name, text] : service.catalog().state()->templates) {
    if (!matchesList(call.variable("name"), name)) continue;
    has_any = true;
    writer.key(name);
    GYRE_TRY(writeDefinition(text, is_flat, writer));
  }
  writer.endObject();
  if (!has_any && call.hasVariable("name")) response.status = 404;
  return response;
}

Result<Response> deleteLegacy(Service& service, Call& call) {
  return removeNamed(service, call, &CatalogState::templates, nullptr);
}

// ---- composable
// ------------------------------------------------------------------------------------------------------

Result<Response> putIndexTemplate(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY(requireBody(call));
  const std::string_view name = call.variable("name");
  GYRE_TRY_ASSIGN(const bool must_be_new, call.flag("create"));
  const Status changed = service.catalog().change([&](CatalogState& state) -> Status {
    if (must_be_new && state.index_templates.contains(name))
      return illegalArgument("index template [" + std::string(name) + "] already exists");
    GYRE_TRY_ASSIGN(std::string text, readIndexTemplate(state, name, call.request.body));
    state.index_templates.insert_or_assign(std::string(name), std::move(text));
    return {};
  });
  GYRE_TRY(changed);
  return acknowledged();
}

Result<Response> putComponent(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY(requireBody(call));
  const std::string_view name = call.variable("name");
  GYRE_TRY_ASSIGN(const bool must_be_new, call.flag("create"));
  GYRE_TRY_ASSIGN(const std::string text, readComponentTemplate(name, call.request.body));
  const Status changed = service.catalog().change([&](CatalogState& state) -> Status {
    if (must_be_new && state.component_templates.contains(name))
      return illegalArgument("component template [" + std::string(name) + "] already exists");
    state.component_templates.insert_or_assign(std::string(name), text);
    return checkUsers(state, name);
  });
  GYRE_TRY(changed);
  return acknowledged();
}

struct Listing {
  std::string_view list;    // the member with all of them
  std::string_view member;  // one's definition
  std::string_view kind;    // in messages
};
constexpr Listing kIndexTemplates{"index_templates", "index_template", "index template"};
constexpr Listing kComponents{"component_templates", "component_template", "component template"};

Result<Response> listTemplates(const NamedTexts& texts, const Call& call, const Listing& listing) {
  const std::string_view asked = call.variable("name");
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().key(listing.list).beginArray();
  bool has_any = false;
  for (const auto& [name, text] : texts) {
    // One name or pattern: a list is a name that nothing has.
    if (!asked.empty() && !matchesWildcard(asked, name)) continue;
    has_any = true;
    writer.beginObject().member("name", name).rawMember(listing.member, text).endObject();
  }
  writer.endArray().endObject();
  if (has_any || asked.empty()) return response;
  if (asked.find('*') == std::string_view::npos) return notFoundMatching(listing.kind, asked);
  response.status = 404;
  return response;
}

Result<Response> getIndexTemplate(Service& service, Call& call) {
  return listTemplates(service.catalog().state()->index_templates, call, kIndexTemplates);
}

Result<Response> getComponent(Service& service, Call& call) {
  return listTemplates(service.catalog().state()->component_templates, call, kComponents);
}

Result<Response> deleteIndexTemplate(Service& service, Call& call) {
  return removeNamed(service, call, &CatalogState::index_templates, nullptr);
}

Status checkUnused(const CatalogState& state, std::string_view component) {
  std::string users;
  for (const auto& [name, text] : state.index_templates) {
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text, kBodyLimits));
    for (const std::string& each : textsOf(document.root()["composed_of"]))
      if (each == component) users += (users.empty() ? "" : ", ") + name;
  }
  if (users.empty()) return {};
  return illegalArgument("component templates [" + std::string(component) +
                         "] cannot be removed as they are still in use by index templates [" + users + "]");
}

Result<Response> deleteComponent(Service& service, Call& call) {
  return removeNamed(service, call, &CatalogState::component_templates, checkUnused);
}

// ---- tried out
// -------------------------------------------------------------------------------------------------------

Result<Response> simulated(const CatalogState& state, std::string_view chosen) {
  GYRE_TRY_ASSIGN(const json::Document definition,
                  json::Document::parse(state.index_templates.find(chosen)->second, kBodyLimits));
  const std::vector<std::string> patterns = textsOf(definition.root()["index_patterns"]);
  GYRE_TRY_ASSIGN(IndexRequest composed, composeTemplate(state, state.index_templates.find(chosen)->second));
  GYRE_TRY_ASSIGN(composed.mappings, shownMapping(composed));
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().key("template");
  writeIndexRequest(composed, false, true, writer);
  writer.key("overlapping").beginArray();
  for (const auto& [name, text] : state.templates) {
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text, kBodyLimits));
    const std::vector<std::string> theirs = textsOf(document.root()["index_patterns"]);
    bool is_rival = false;
    for (const std::string& pattern : patterns)
      for (const std::string& other : theirs) is_rival = is_rival || overlap(pattern, other);
    if (!is_rival) continue;
    writer.beginObject().member("name", name).key("index_patterns").beginArray();
    for (const std::string& each : theirs) writer.string(each);
    writer.endArray().endObject();
  }
  for (const Overlap& each : overlapping(state, chosen, patterns)) {
    writer.beginObject().member("name", each.name).key("index_patterns").beginArray();
    for (const std::string& pattern : each.patterns) writer.string(pattern);
    writer.endArray().endObject();
  }
  writer.endArray().endObject();
  return response;
}

// The template of a request's body, as if it were kept under the name.
Result<CatalogState> withBody(const CatalogState& state, std::string_view name, const Call& call) {
  CatalogState tried = state;
  GYRE_TRY_ASSIGN(const bool must_be_new, call.flag("create"));
  if (must_be_new && tried.index_templates.contains(name))
    return illegalArgument("index template [" + std::string(name) + "] already exists");
  GYRE_TRY_ASSIGN(std::string text, readIndexTemplate(tried, name, call.request.body));
  tried.index_templates.insert_or_assign(std::string(name), std::move(text));
  return tried;
}

Result<Response> simulateIndex(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  const std::string_view index = call.variable("name");
  CatalogState state = *service.catalog().state();
  std::string chosen;
  if (!call.request.body.empty()) {
    chosen = "simulate_index_template_" + std::string(randomId());
    for (char& c : chosen) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    GYRE_TRY_ASSIGN(state, withBody(state, chosen, call));
  }
  chosen = templateFor(state, index);
  if (chosen.empty()) {
    Response response;
    response.body = "{}";
    return response;
  }
  return simulated(state, chosen);
}

Result<Response> simulateTemplate(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  CatalogState state = *service.catalog().state();
  std::string chosen(call.variable("name"));
  if (!call.request.body.empty()) {
    if (chosen.empty()) chosen = "simulate_template";
    GYRE_TRY_ASSIGN(state, withBody(state, chosen, call));
  } else if (chosen.empty()) {
    return validationFailed("either index name or index template body must be specified for simulation");
  } else if (!state.index_templates.contains(chosen)) {
    return illegalArgument("unable to simulate template [" + chosen + "] that does not exist");
  }
  return simulated(state, chosen);
}

#define GYRE_PUT_PARAMETERS GYRE_TIMEOUT_PARAMETERS " create cause"
#define GYRE_GET_PARAMETERS "master_timeout cluster_manager_timeout local flat_settings"

constexpr Route kRoutes[] = {
    {"PUT POST", "/_template/{name}", answered<putLegacy>, GYRE_PUT_PARAMETERS " order"},
    {"GET HEAD", "/_template/{name}", answered<getLegacy>, GYRE_GET_PARAMETERS},
    {"GET", "/_template", answered<getLegacy>, GYRE_GET_PARAMETERS},
    {"DELETE", "/_template/{name}", answered<deleteLegacy>, GYRE_TIMEOUT_PARAMETERS},
    {"PUT POST", "/_index_template/{name}", answered<putIndexTemplate>, GYRE_PUT_PARAMETERS},
    {"GET HEAD", "/_index_template/{name}", answered<getIndexTemplate>, GYRE_GET_PARAMETERS},
    {"GET", "/_index_template", answered<getIndexTemplate>, GYRE_GET_PARAMETERS},
    {"DELETE", "/_index_template/{name}", answered<deleteIndexTemplate>, GYRE_TIMEOUT_PARAMETERS},
    {"PUT POST", "/_component_template/{name}", answered<putComponent>, GYRE_PUT_PARAMETERS},
    {"GET HEAD", "/_component_template/{name}", answered<getComponent>, GYRE_GET_PARAMETERS},
    {"GET", "/_component_template", answered<getComponent>, GYRE_GET_PARAMETERS},
    {"DELETE", "/_component_template/{name}", answered<deleteComponent>, GYRE_TIMEOUT_PARAMETERS},
    {"POST", "/_index_template/_simulate_index/{name}", answered<simulateIndex>, GYRE_PUT_PARAMETERS},
    {"POST", "/_index_template/_simulate", answered<simulateTemplate>, GYRE_PUT_PARAMETERS},
    {"POST", "/_index_template/_simulate/{name}", answered<simulateTemplate>, GYRE_PUT_PARAMETERS},
};

}  // namespace

std::span<const Route> templateRoutes() { return kRoutes; }

}  // namespace gyre::dialect
