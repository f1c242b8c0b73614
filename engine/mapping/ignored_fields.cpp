#include "engine/mapping/ignored_fields.hpp"

#include <algorithm>
#include <memory>
#include <set>

namespace gyre::engine {

namespace {

class IgnoredSink final : public DocumentSink {
 public:
  void term(const Field&, std::string_view, std::uint32_t) override {}
  void keyword(const Field&, std::string_view) override {}
  void number(const Field&, std::int64_t) override {}
  void completion(const Field&, std::string_view, std::string_view, std::uint32_t, std::string_view) override {}
  void ignored(const Field& field) override { paths.insert(field.path); }

  std::set<std::string> paths;
};

}  // namespace

IgnoredFields::IgnoredFields(const Mapping& mapping) : parser_({std::shared_ptr<const void>(), &mapping}) {}

bool IgnoredFields::mayHave(const Mapping& mapping) {
  return std::any_of(mapping.fields().begin(), mapping.fields().end(),
                     [](const Field& field) { return field.ignores_malformed; });
}

std::vector<std::string> IgnoredFields::of(std::string_view source) {
  IgnoredSink sink;
  // A document that was indexed is parsed again without a fault.
  (void)parser_.parse(source, sink);
  return {sink.paths.begin(), sink.paths.end()};
}

}  // namespace gyre::engine
