#include "engine/search/hit_writer.hpp"

#include <charconv>
#include <cmath>

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

Result<bool> FetchRequest::read(json::Value member) {
  const std::string_view key = member.key();
  if (key == "_source") {
    GYRE_TRY_ASSIGN(source, SourceFilter::parse(member));
  } else if (key == "version") {
    GYRE_TRY_ASSIGN(shows_version, parseBoolean("search", member));
  } else if (key == "seq_no_primary_term") {
    GYRE_TRY_ASSIGN(shows_sequence, parseBoolean("search", member));
  } else if (key == "stored_fields") {
    const json::Value only = member.isArray() && member.size() == 1 ? *member.begin() : member;
    if (only.string() != "_none_" && !(member.isArray() && member.size() == 0))
      return illegalArgument("[stored_fields] other than _none_ is not offered");
    shows_metadata = only.string() != "_none_";
    // Asking for stored fields turns the source off.
    GYRE_TRY_ASSIGN(const auto hidden, json::Document::parse("false"));
    GYRE_TRY_ASSIGN(source, SourceFilter::parse(hidden.root()));
  } else {
    return false;
  }
  return true;
}

Status HitWriter::writeIdentity(const SegmentReader& segment, DocId doc) {
  if (request_.shows_metadata) {
    GYRE_TRY_ASSIGN(const std::string id, segment.id(doc));
    writer_.member("_id", id);
  }
  if (request_.shows_version) writer_.member("_version", segment.version(doc));
  if (request_.shows_sequence) writer_.member("_seq_no", segment.version(doc)).member("_primary_term", 1);
  return {};
}

Status HitWriter::writeContent(const SegmentReader& segment, DocId doc) {
  if (request_.source.isHidden()) return {};
  GYRE_TRY_ASSIGN(const std::string source, segment.source(doc));
  GYRE_TRY_ASSIGN(const std::string shown, request_.source.apply(source));
  writer_.rawMember("_source", shown);
  return {};
}

void writeScore(float score, JsonWriter& writer) {
  if (!std::isfinite(score)) {
    writer.null();
    return;
  }
  char text[32];
  std::string shortest(text, std::to_chars(text, text + sizeof text, score).ptr);
  if (shortest.find_first_of(".e") == std::string::npos) shortest += ".0";
  writer.raw(shortest);
}

}  // namespace gyre::engine
