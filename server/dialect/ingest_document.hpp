// What is a document while pipelines work on it? Its source, its metadata and what is known about the work, by path.
//
// A path is dotted and starts in the source, also as "_source.x"; "_index", "_id", "_routing" and "_version" are the
// metadata, "_ingest.x" what the work knows. Numbers step into lists.
//
// THREADS: values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "server/dialect/json_tree.hpp"

namespace gyre::dialect {

class IngestDocument {
 public:
  IngestDocument(JsonTree source, std::string_view index, std::optional<std::string_view> id);

  // illegal_argument_exception says which part of the path is not there.
  Result<const JsonTree*> get(std::string_view path) const;
  bool has(std::string_view path) const { return get(path).isOk(); }
  Status set(std::string_view path, JsonTree value);
  // A text that must be one.
  Result<std::string> text(std::string_view path) const;
  // What is there becomes a list, when it is none.
  Status append(std::string_view path, const JsonTree& values, bool allows_duplicates);
  Status remove(std::string_view path);

  // "{{path}}" and "{{{path}}}" filled in; what is missing is empty.
  std::string render(std::string_view text) const;
  // The same for every text in it.
  JsonTree render(const JsonTree& value) const;

  JsonTree& ingest() { return ingest_; }
  const JsonTree& ingest() const { return ingest_; }
  // "" when there is none.
  std::string metadata(std::string_view name) const;
  bool hasMetadata(std::string_view name) const;
  // The source without the metadata.
  JsonTree source() const;
  void replaceSource(JsonTree source);

 private:
  std::pair<const JsonTree*, std::string_view> start(std::string_view path) const;

  JsonTree root_;  // the source's members and the metadata
  JsonTree ingest_ = JsonTree::object();
};

// As the dialect names the type of a value in messages.
std::string_view typeNameOf(const JsonTree& value);
// A scalar as text; JSON for the rest.
std::string plainText(const JsonTree& value);
// False for a template with what this engine does not fill in (sections, partials).
bool isPlainTemplate(std::string_view text);

}  // namespace gyre::dialect
