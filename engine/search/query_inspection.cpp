#include "engine/search/query_inspection.hpp"

#include <utility>

#include "engine/query/field_query.hpp"
#include "engine/query/query.hpp"
#include "engine/query/query_parser.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine {

namespace {

Result<QueryPtr> parseBody(const SearchTarget& target, std::string_view body, std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const auto document,
                  json::Document::parse(body.empty() ? "{}" : body, {.max_depth = kMaxRequestDepth}));
  QueryPtr query;
  ParseContext context = makeContext(*target.snapshot->mapping, now_millis, &target);
  for (const json::Value member : document.root()) {
    if (member.key() != "query")
      return parsingException("request does not support [" + std::string(member.key()) + "]");
    GYRE_TRY_ASSIGN(query, parseQuery(member, context));
  }
  if (query == nullptr) query = makeAllQuery(1);
  return query;
}

bool isLive(const SegmentView& view, DocId doc) {
  return view.live == nullptr || ((*view.live)[doc / 64] >> (doc % 64) & 1) != 0;
}

}  // namespace

Result<DocumentExplanation> explainDocument(const SearchTarget& target, std::string_view body, std::string_view id,
                                            std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const auto query, parseBody(target, body, now_millis));
  GYRE_TRY_ASSIGN(const auto weight, query->weight(*target.snapshot, 1, true));
  DocumentExplanation reply;
  std::uint64_t doc_base = 0;
  for (std::uint32_t s = 0; s < target.snapshot->segments.size(); ++s) {
    const SegmentView& view = target.snapshot->segments[s];
    if (const auto doc = view.segment->find(id); doc && isLive(view, *doc)) {
      SegmentRun run(view, s, doc_base);
      const Explanation explanation = weight->explain(run, *doc);
      if (!run.failure().isOk()) return run.failure();
      reply.has_document = true;
      reply.is_match = explanation.is_match;
      JsonWriter writer(reply.json);
      writeExplanation(explanation, writer);
      return reply;
    }
    doc_base += view.segment->docCount();
  }
  return reply;
}

Result<std::string> describeQuery(const SearchTarget& target, std::string_view body, std::int64_t now_millis) {
  GYRE_TRY_ASSIGN(const auto query, parseBody(target, body, now_millis));
  return query->describe();
}

}  // namespace gyre::engine
