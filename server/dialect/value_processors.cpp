// Processors that move, make and turn values: set, append, remove, rename, copy, convert, sort, json, and those that
// steer: fail, drop, pipeline, foreach.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "server/dialect/failure.hpp"
#include "server/dialect/processor_kinds.hpp"
#include "server/dialect/setting_table.hpp"

namespace gyre::dialect {

namespace {

std::string bracketed(std::string_view text) { return "[" + std::string(text) + "]"; }

Result<ProcessorPtr> makeSet(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.templateText("field"));
  GYRE_TRY_ASSIGN(const bool overrides, config.flag("override", true));
  GYRE_TRY_ASSIGN(const bool ignores_empty, config.flag("ignore_empty_value", false));
  GYRE_TRY_ASSIGN(const JsonTree* const given, config.required("value"));
  if (given->isText() && !isPlainTemplate(given->text()))
    return config.fault("value", "sections and partials of templates are not served");
  return makeProcessor([=, value = *given](IngestDocument& document, IngestRun&) -> Status {
    const std::string path = document.render(std::string_view(field));
    if (!overrides)
      if (const auto held = document.get(path); held.isOk() && !held.value()->isNull()) return {};
    JsonTree rendered = document.render(value);
    if (ignores_empty && (rendered.isNull() || (rendered.isText() && rendered.text().empty()))) return {};
    return document.set(path, std::move(rendered));
  });
}

Result<ProcessorPtr> makeAppend(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.templateText("field"));
  GYRE_TRY_ASSIGN(const bool allows_duplicates, config.flag("allow_duplicates", true));
  GYRE_TRY_ASSIGN(const JsonTree* const given, config.required("value"));
  return makeProcessor([=, value = *given](IngestDocument& document, IngestRun&) {
    return document.append(document.render(std::string_view(field)), document.render(value), allows_duplicates);
  });
}

Status checkRemovable(std::string_view path) {
  if (path == "_index" || path == "_version" || path == "_version_type")
    return illegalArgument("cannot remove metadata field " + bracketed(path));
  return {};
}

Result<ProcessorPtr> makeRemove(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const auto fields, config.optionalTexts("field"));
  GYRE_TRY_ASSIGN(const auto excluded, config.optionalTexts("exclude_field"));
  GYRE_TRY_ASSIGN(const bool ignores_missing, config.flag("ignore_missing", false));
  if (fields.empty() == excluded.empty()) return config.fault("field", "either field or exclude_field must be set");
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    if (!excluded.empty()) {
      const JsonTree source = document.source();
      for (const auto& [name, value] : source.members())
        if (std::find(excluded.begin(), excluded.end(), name) == excluded.end()) GYRE_TRY(document.remove(name));
      return {};
    }
    for (const std::string& field : fields) {
      const std::string path = document.render(std::string_view(field));
      GYRE_TRY(checkRemovable(path));
      if (!document.has(path)) {
        if (ignores_missing) continue;
        return illegalArgument("field " + bracketed(path) + " doesn't exist");
      }
      GYRE_TRY(document.remove(path));
    }
    return {};
  });
}

Result<ProcessorPtr> makeRename(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.templateText("field"));
  GYRE_TRY_ASSIGN(const std::string target, config.templateText("target_field"));
  GYRE_TRY_ASSIGN(const bool ignores_missing, config.flag("ignore_missing", false));
  GYRE_TRY_ASSIGN(const bool overrides, config.flag("override_target", false));
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    const std::string from = document.render(std::string_view(field)), to = document.render(std::string_view(target));
    const auto held = document.get(from);
    if (!held.isOk()) {
      if (ignores_missing) return {};
      return illegalArgument("field " + bracketed(from) + " doesn't exist");
    }
    if (document.has(to) && !overrides) return illegalArgument("field " + bracketed(to) + " already exists");
    JsonTree value = *held.value();
    GYRE_TRY(document.remove(from));
    return document.set(to, std::move(value));
  });
}

Result<ProcessorPtr> makeCopy(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string source, config.templateText("source_field"));
  GYRE_TRY_ASSIGN(const std::string target, config.templateText("target_field"));
  GYRE_TRY_ASSIGN(const bool ignores_missing, config.flag("ignore_missing", false));
  GYRE_TRY_ASSIGN(const bool overrides, config.flag("override_target", false));
  GYRE_TRY_ASSIGN(const bool removes, config.flag("remove_source", false));
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    const std::string from = document.render(std::string_view(source)), to = document.render(std::string_view(target));
    const auto held = document.get(from);
    if (!held.isOk()) {
      if (ignores_missing) return {};
      return illegalArgument("source field " + bracketed(from) + " doesn't exist");
    }
    if (document.has(to) && !overrides) return illegalArgument("target field " + bracketed(to) + " already exists");
    JsonTree value = *held.value();
    if (removes) GYRE_TRY(document.remove(from));
    return document.set(to, std::move(value));
  });
}

// ---- convert
// ---------------------------------------------------------------------------------------------------------

Status cannotConvert(std::string_view text, std::string_view type) {
  Status status = illegalArgument("unable to convert " + bracketed(text) + " to " + std::string(type));
  status.addFault("caused_by", "number_format_exception: For input string: \"" + std::string(text) + "\"");
  return status;
}

template <class Whole>
Result<JsonTree> toWhole(const std::string& text, std::string_view type) {
  std::string_view digits = text;
  const bool is_negative = digits.starts_with('-');
  if (is_negative || digits.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    digits.remove_prefix(2);
    base = 16;
  }
  const std::string plain = (is_negative ? "-" : "") + std::string(digits);
  Whole number = 0;
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), number, base);
  if (digits.empty() || error != std::errc() || end != plain.data() + plain.size()) return cannotConvert(text, type);
  return JsonTree::whole(number);
}

Result<JsonTree> toReal(const std::string& text, std::string_view type) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
    return cannotConvert(text, type);
  if (type == "float") number = static_cast<double>(static_cast<float>(number));
  return JsonTree::real(number);
}

Result<JsonTree> convertOne(const JsonTree& value, const std::string& type) {
  if (value.isObject() || value.isArray())
    return illegalArgument("unable to convert " + bracketed(value.json()) + " to " + type);
  const std::string text = plainText(value);
  if (type == "integer") return toWhole<std::int32_t>(text, type);
  if (type == "long") return toWhole<std::int64_t>(text, type);
  if (type == "float" || type == "double") return toReal(text, type);
  if (type == "string") return JsonTree::text(text);
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (type == "boolean") {
    if (lower == "true" || lower == "false") return JsonTree::boolean(lower == "true");
    return illegalArgument(bracketed(text) + " is not a boolean value, cannot convert to boolean");
  }
  // auto: the first that fits, and the value itself when none does.
  if (!value.isText()) return value;
  if (lower == "true" || lower == "false") return JsonTree::boolean(lower == "true");
  if (auto whole = toWhole<std::int64_t>(text, type); whole.isOk()) return whole;
  if (auto real = toReal(text, type); real.isOk()) return real;
  return value;
}

Result<ProcessorPtr> makeConvert(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const std::string type, config.text("type"));
  GYRE_TRY_ASSIGN(const std::string target, config.textOr("target_field", field));
  GYRE_TRY_ASSIGN(const bool ignores_missing, config.flag("ignore_missing", false));
  static constexpr std::string_view kTypes[] = {"integer", "long", "float", "double", "boolean", "string", "auto"};
  if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes))
    return config.fault("type", "type " + bracketed(type) + " not supported, cannot convert field.");
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    const auto held = document.get(field);
    if (!held.isOk()) return ignores_missing ? Status() : held.status();
    if (held.value()->isNull()) {
      if (ignores_missing) return {};
      return illegalArgument("Field " + bracketed(field) + " is null, cannot be converted to type " + bracketed(type));
    }
    JsonTree value = *held.value();
    if (value.isArray()) {
      for (JsonTree& element : value.elements()) {
        GYRE_TRY_ASSIGN(element, convertOne(element, type));
      }
    } else {
      GYRE_TRY_ASSIGN(value, convertOne(value, type));
    }
    return document.set(target, std::move(value));
  });
}

// ---- the rest
// --------------------------------------------------------------------------------------------------------

bool isBelow(const JsonTree& a, const JsonTree& b) {
  if (a.isNumber() && b.isNumber()) {
    double left = 0, right = 0;
    std::from_chars(a.text().data(), a.text().data() + a.text().size(), left);
    std::from_chars(b.text().data(), b.text().data() + b.text().size(), right);
    return left < right;
  }
  return a.text() < b.text();
}

Result<ProcessorPtr> makeSort(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const std::string order, config.textOr("order", "asc"));
  GYRE_TRY_ASSIGN(const std::string target, config.textOr("target_field", field));
  if (order != "asc" && order != "desc")
    return config.fault("order",
                        "Sort direction " + bracketed(order) + " not recognized. Valid values are: [asc, desc]");
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    GYRE_TRY_ASSIGN(const JsonTree* const held, document.get(field));
    if (held->isNull()) return illegalArgument("field " + bracketed(field) + " is null, cannot sort.");
    if (!held->isArray())
      return illegalArgument("field " + bracketed(field) + " of type " + bracketed(typeNameOf(*held)) +
                             " cannot be cast to [java.util.List]");
    JsonTree sorted = *held;
    std::stable_sort(sorted.elements().begin(), sorted.elements().end(), [&](const JsonTree& a, const JsonTree& b) {
      return order == "asc" ? isBelow(a, b) : isBelow(b, a);
    });
    return document.set(target, std::move(sorted));
  });
}

Result<ProcessorPtr> makeJson(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const auto target, config.optionalText("target_field"));
  GYRE_TRY_ASSIGN(const bool adds_to_root, config.flag("add_to_root", false));
  if (adds_to_root && target)
    return config.fault("target_field", "Cannot set a target field while also setting `add_to_root` to true");
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    GYRE_TRY_ASSIGN(const JsonTree* const held, document.get(field));
    const std::string text = held->isText() ? held->text() : held->json();
    auto parsed = JsonTree::parse(text);
    if (!parsed.isOk()) {
      Status status =
          illegalArgument("field " + bracketed(field) + " is no JSON: " + std::string(parsed.status().message()));
      status.addFault("caused_by", "json_parse_exception: " + std::string(parsed.status().message()));
      return status;
    }
    if (!adds_to_root) return document.set(target.value_or(field), std::move(parsed).value());
    if (!parsed.value().isObject()) return illegalArgument("cannot add non-map fields to root of document");
    for (auto& [name, value] : parsed.value().members()) GYRE_TRY(document.set(name, value));
    return {};
  });
}

Result<ProcessorPtr> makeBytes(ProcessorConfig& config) {
  return makeTextProcessor(config, [](const std::string& text) -> Result<JsonTree> {
    const auto bytes = parseBytes(text, "setting [Ingest Field]");
    if (!bytes.isOk()) return Status(Code::kInvalidArgument, "parse_exception", std::string(bytes.status().message()));
    return JsonTree::whole(bytes.value());
  });
}

Result<ProcessorPtr> makeDotExpander(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const std::string path, config.textOr("path", ""));
  if (field.find('.') == std::string::npos) return config.fault("field", "field does not contain a dot");
  if (field.starts_with('.') || field.ends_with('.') || field.find("..") != std::string::npos)
    return config.fault("field", "Invalid dot placement");
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    JsonTree parent = document.source();
    if (!path.empty()) {
      GYRE_TRY_ASSIGN(const JsonTree* const inner, document.get(path));
      parent = *inner;
    }
    if (!parent.isObject()) return {};
    const JsonTree* const dotted = parent.find(field);
    if (dotted == nullptr) return {};
    JsonTree value = *dotted;
    parent.erase(field);
    // What stands there already becomes a list with the new one; below a scalar nothing can be put.
    JsonTree* at = &parent;
    for (std::string_view rest = field; !rest.empty();) {
      const std::size_t dot = std::min(rest.find('.'), rest.size());
      const std::string_view part = rest.substr(0, dot);
      rest.remove_prefix(std::min(dot + 1, rest.size()));
      if (!at->isObject())
        return illegalArgument("cannot expend " + bracketed(field) + ", because " + bracketed(part) +
                               " is not an object field, but a value field");
      JsonTree& next = (*at)[part];
      if (!rest.empty() && next.isNull()) next = JsonTree::object();
      at = &next;
    }
    if (at->isNull()) {
      *at = std::move(value);
    } else {
      JsonTree list = JsonTree::array();
      if (at->isArray())
        list = *at;
      else
        list.elements().push_back(*at);
      list.elements().push_back(std::move(value));
      *at = std::move(list);
    }
    if (!path.empty()) return document.set(path, std::move(parent));
    document.replaceSource(std::move(parent));
    return {};
  });
}

Result<ProcessorPtr> makeFail(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(const std::string message, config.templateText("message"));
  return makeProcessor([=](IngestDocument& document, IngestRun&) {
    return Status(Code::kInternal, "fail_processor_exception", document.render(std::string_view(message)));
  });
}

class DropProcessor final : public Processor {
 public:
  Result<IngestFlow> run(IngestDocument&, IngestRun&) const override { return IngestFlow::kDropped; }
};
Result<ProcessorPtr> makeDrop(ProcessorConfig&) { return ProcessorPtr(std::make_unique<DropProcessor>()); }

class PipelineProcessor final : public Processor {
 public:
  PipelineProcessor(std::string name, bool ignores_missing)
      : name_(std::move(name)), ignores_missing_(ignores_missing) {}
  bool isTransparent() const override { return true; }
  Result<IngestFlow> run(IngestDocument& document, IngestRun& run) const override {
    const std::string name = document.render(std::string_view(name_));
    const auto pipeline = run.find(name);
    if (pipeline.isOk()) return run.runPipeline(*pipeline.value(), document);
    if (ignores_missing_) return IngestFlow::kGoesOn;
    return Status(Code::kInternal, "illegal_state_exception",
                  "Pipeline processor configured for non-existent pipeline " + bracketed(name));
  }

 private:
  std::string name_;
  bool ignores_missing_;
};
Result<ProcessorPtr> makePipeline(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(std::string name, config.templateText("name"));
  GYRE_TRY_ASSIGN(const bool ignores_missing, config.flag("ignore_missing_pipeline", false));
  return ProcessorPtr(std::make_unique<PipelineProcessor>(std::move(name), ignores_missing));
}

class ForeachProcessor final : public Processor {
 public:
  ForeachProcessor(std::string field, ProcessorPtr inner, bool ignores_missing)
      : field_(std::move(field)), inner_(std::move(inner)), ignores_missing_(ignores_missing) {}
  Result<IngestFlow> run(IngestDocument& document, IngestRun& run) const override {
    const auto held = document.get(field_);
    if (!held.isOk() || held.value()->isNull()) {
      if (ignores_missing_) return IngestFlow::kGoesOn;
      if (!held.isOk()) return held.status();
      return illegalArgument("field " + bracketed(field_) + " is null, cannot loop over its elements.");
    }
    if (!held.value()->isArray())
      return illegalArgument("field " + bracketed(field_) + " of type " + bracketed(typeNameOf(*held.value())) +
                             " cannot be cast to [java.util.List]");
    JsonTree list = *held.value();
    // One loop may stand in another.
    const JsonTree outer = document.ingest()["_value"];
    for (JsonTree& element : list.elements()) {
      document.ingest()["_value"] = std::move(element);
      const auto flow = inner_->run(document, run);
      element = document.ingest()["_value"];
      if (!flow.isOk() || flow.value() == IngestFlow::kDropped) {
        document.ingest()["_value"] = outer;
        return flow;
      }
    }
    document.ingest()["_value"] = outer;
    GYRE_TRY(document.set(field_, std::move(list)));
    return IngestFlow::kGoesOn;
  }

 private:
  std::string field_;
  ProcessorPtr inner_;
  bool ignores_missing_;
};
Result<ProcessorPtr> makeForeach(ProcessorConfig& config) {
  GYRE_TRY_ASSIGN(std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const bool ignores_missing, config.flag("ignore_missing", false));
  GYRE_TRY_ASSIGN(const JsonTree* const entry, config.required("processor"));
  if (!entry->isObject() || entry->members().size() != 1)
    return config.fault("processor", "Must specify exactly one processor type");
  GYRE_TRY_ASSIGN(ProcessorPtr inner, parseProcessor(*entry));
  return ProcessorPtr(std::make_unique<ForeachProcessor>(std::move(field), std::move(inner), ignores_missing));
}

Result<ProcessorPtr> refuseScript(ProcessorConfig& config) {
  return config.fault("", "processor [script] is not served: there is no scripting language");
}

constexpr ProcessorKind kKinds[] = {
    {"append", makeAppend},
    {"bytes", makeBytes},
    {"convert", makeConvert},
    {"copy", makeCopy},
    {"dot_expander", makeDotExpander},
    {"drop", makeDrop},
    {"fail", makeFail},
    {"foreach", makeForeach},
    {"json", makeJson},
    {"pipeline", makePipeline},
    {"remove", makeRemove},
    {"rename", makeRename},
    {"script", refuseScript},
    {"set", makeSet},
    {"sort", makeSort},
};

class WorkProcessor final : public Processor {
 public:
  explicit WorkProcessor(ProcessorWork work) : work_(std::move(work)) {}
  Result<IngestFlow> run(IngestDocument& document, IngestRun& run) const override {
    GYRE_TRY(work_(document, run));
    return IngestFlow::kGoesOn;
  }

 private:
  ProcessorWork work_;
};

}  // namespace

std::span<const ProcessorKind> valueProcessors() { return kKinds; }

ProcessorPtr makeProcessor(ProcessorWork work) { return std::make_unique<WorkProcessor>(std::move(work)); }

Result<ProcessorPtr> makeTextProcessor(ProcessorConfig& config, TextWork work) {
  GYRE_TRY_ASSIGN(const std::string field, config.text("field"));
  GYRE_TRY_ASSIGN(const std::string target, config.textOr("target_field", field));
  GYRE_TRY_ASSIGN(const bool ignores_missing, config.flag("ignore_missing", false));
  return makeProcessor([=](IngestDocument& document, IngestRun&) -> Status {
    const auto held = document.get(field);
    if (!held.isOk()) return ignores_missing ? Status() : held.status();
    if (held.value()->isNull()) {
      if (ignores_missing) return {};
      return illegalArgument("field " + bracketed(field) + " is null, cannot process it.");
    }
    if (held.value()->isArray()) {
      JsonTree list = JsonTree::array();
      for (const JsonTree& element : held.value()->elements()) {
        if (!element.isText())
          return illegalArgument("value " + bracketed(plainText(element)) + " of type " +
                                 bracketed(typeNameOf(element)) + " in list field " + bracketed(field) +
                                 " cannot be cast to [java.lang.String]");
        GYRE_TRY_ASSIGN(JsonTree worked, work(element.text()));
        list.elements().push_back(std::move(worked));
      }
      return document.set(target, std::move(list));
    }
    GYRE_TRY_ASSIGN(const std::string text, document.text(field));
    GYRE_TRY_ASSIGN(JsonTree worked, work(text));
    return document.set(target, std::move(worked));
  });
}

Result<ProcessorPtr> parseProcessor(const JsonTree& entry) {
  if (!entry.isObject() || entry.members().size() != 1)
    return Status(Code::kInvalidArgument, "parse_exception", "a processor is an object of one member, its type");
  const auto& [type, members] = entry.members().front();
  const ProcessorKind* kind = nullptr;
  for (const auto kinds : {valueProcessors(), textProcessors(), patternProcessors(), dateProcessors()})
    for (const ProcessorKind& each : kinds)
      if (each.type == type) kind = &each;
  if (kind == nullptr) {
    Status status(Code::kInvalidArgument, "parse_exception", "No processor type exists with name " + bracketed(type));
    status.addFault("processor_type", type);
    return status;
  }
  ProcessorConfig config(type, members);
  if (!members.isObject()) return config.fault("", "the configuration of a processor must be an object");
  if (config.optional("if") != nullptr)
    return config.fault("if", "conditions are not served: there is no scripting language");
  GYRE_TRY_ASSIGN(ProcessorPtr processor, kind->make(config));
  processor->type = type;
  GYRE_TRY_ASSIGN(processor->tag, config.textOr("tag", ""));
  GYRE_TRY_ASSIGN(processor->description, config.textOr("description", ""));
  GYRE_TRY_ASSIGN(processor->ignores_failure, config.flag("ignore_failure", false));
  if (const JsonTree* const on_failure = config.optional("on_failure")) {
    GYRE_TRY_ASSIGN(processor->on_failure, parseProcessors(*on_failure, "on_failure"));
    if (processor->on_failure.empty()) return config.fault("on_failure", "processors list cannot be empty");
  }
  GYRE_TRY(config.finish());
  return processor;
}

}  // namespace gyre::dialect
