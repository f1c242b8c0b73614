#include "engine/query/more_like_this_query.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/query/bm25.hpp"
#include "engine/query/bool_query.hpp"
#include "engine/query/field_names.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/metadata_query.hpp"
#include "engine/query/owning_weight.hpp"
#include "engine/query/text_query.hpp"
#include "engine/search/source_texts.hpp"

namespace gyre::engine {

namespace {

using TermCounts = std::map<std::string, std::uint32_t>;

struct Choice {
  std::int64_t max_query_terms = 25;
  std::int64_t min_term_freq = 2;
  std::int64_t min_doc_freq = 5;
  std::int64_t max_doc_freq = INT64_MAX;
  std::int64_t min_word_length = 0;
  std::int64_t max_word_length = 0;  // 0 for none
  float boost_terms = 0;             // 0: all terms count alike
  std::string minimum_should_match = "30%";
};

// Terms of one field, of which the best are asked for. Those of all documents that are liked are chosen field by field
// and asked for together; those of texts are a part of their own.
struct LikedField {
  std::string path;
  TermCounts counts;
};
using LikedPart = std::vector<LikedField>;

class MoreLikeThisQuery final : public Query {
 public:
  MoreLikeThisQuery(std::vector<LikedPart> parts, std::set<std::string> disliked, std::vector<std::string> excluded,
                    Choice choice, float boost)
      : parts_(std::move(parts)),
        disliked_(std::move(disliked)),
        excluded_(std::move(excluded)),
        choice_(std::move(choice)),
        boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    BoolClauses any;
    for (const LikedPart& part : parts_) {
      GYRE_TRY_ASSIGN(auto query, queryOf(part, snapshot));
      any.should.push_back(std::move(query));
    }
    QueryPtr chosen = makeBoolQuery(std::move(any), 1);
    if (!excluded_.empty()) {
      BoolClauses without;
      without.should.push_back(std::move(chosen));
      without.must_not.push_back(makeIdsQuery(excluded_, 1));
      without.minimum_should_match = 1;
      chosen = makeBoolQuery(std::move(without), 1);
    }
    GYRE_TRY_ASSIGN(auto weight, chosen->weight(snapshot, boost * boost_, needs_scores));
    return WeightPtr(std::make_unique<OwningWeight>(std::move(chosen), std::move(weight)));
  }
  std::string describe() const override { return describeBoosted("like:[liked texts]", boost_); }

 private:
  struct Scored {
    std::string term;
    double score;
  };

  Result<QueryPtr> queryOf(const LikedPart& part, const Snapshot& snapshot) const {
    BoolClauses clauses;
    for (const LikedField& field : part)
      for (const Scored& chosen : bestOf(field, snapshot))
        clauses.should.push_back(makeTermQuery(field.path, chosen.term, static_cast<float>(chosen.score)));
    if (clauses.should.empty()) return makeNoneQuery("no terms");
    GYRE_TRY_ASSIGN(
        clauses.minimum_should_match,
        minimumShouldMatch(choice_.minimum_should_match, static_cast<std::uint32_t>(clauses.should.size())));
    return makeBoolQuery(std::move(clauses), 1);
  }

  // The score of each is its boost.
  std::vector<Scored> bestOf(const LikedField& field, const Snapshot& snapshot) const {
    std::int64_t documents = 0;
    for (const SegmentView& view : snapshot.segments) documents += view.segment->docCount();
    std::vector<Scored> scored;
    for (const auto& [term, count] : field.counts) {
      if (std::int64_t{count} < choice_.min_term_freq || disliked_.contains(term)) continue;
      const auto doc_freq = static_cast<std::int64_t>(docFrequency(snapshot, field.path, term));
      if (doc_freq == 0 || doc_freq < choice_.min_doc_freq || doc_freq > choice_.max_doc_freq) continue;
      const double rarity = std::log(static_cast<double>(documents + 1) / static_cast<double>(doc_freq + 1)) + 1;
      scored.push_back({term, static_cast<double>(count) * static_cast<double>(static_cast<float>(rarity))});
    }
    std::stable_sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
    if (static_cast<std::int64_t>(scored.size()) > choice_.max_query_terms)
      scored.resize(static_cast<std::size_t>(choice_.max_query_terms));
    // Lucene takes them from the least on, and measures by the first.
    const double least = scored.empty() ? 1 : scored.back().score;
    for (Scored& one : scored)
      one.score = choice_.boost_terms > 0 ? static_cast<double>(choice_.boost_terms) * one.score / least : 1;
    return scored;
  }

  std::vector<LikedPart> parts_;
  std::set<std::string> disliked_;
  std::vector<std::string> excluded_;
  Choice choice_;
  float boost_;
};

// A document, by its place or as it stands in the request.
struct LikedDocument {
  DocumentPlace place;
  std::string source;  // JSON; "" to be fetched
};
struct Liked {
  std::vector<std::string> texts;
  std::vector<LikedDocument> documents;
};

class MoreLikeThisParser {
 public:
  explicit MoreLikeThisParser(ParseContext& context) : context_(context) {}

  Result<QueryPtr> parse(json::Value body) {
    for (const json::Value member : body) GYRE_TRY(readMember(member));
    if (liked_.texts.empty() && liked_.documents.empty())
      return parsingException("more_like_this requires 'like' to be specified");
    const std::vector<std::string>& defaults = context_.default_fields;
    if (!has_fields_ && !liked_.texts.empty() && std::find(defaults.begin(), defaults.end(), "*") != defaults.end())
      return queryShardException(
          "[more_like_this] query cannot infer the field to analyze the free text, you should update the "
          "[index.query.default_field] index setting to a field that exists in the mapping or set the [fields] option "
          "in the query.");
    GYRE_TRY(resolve());
    if (fields_.empty()) return finishQuery(makeNoneQuery("no fields"), common_, context_);
    std::vector<LikedPart> parts;
    std::vector<std::string> excluded;
    if (!liked_.documents.empty()) {
      LikedPart part;
      GYRE_TRY(addDocuments(liked_, part));
      parts.push_back(std::move(part));
      for (const LikedDocument& document : liked_.documents)
        if (!includes_liked_ && document.source.empty() && document.place.index == context_.index_name)
          excluded.push_back(document.place.id);
    }
    if (!liked_.texts.empty()) {
      // As in Lucene, texts are looked for in the first field alone.
      LikedField field{fields_.front()->path, {}};
      for (const std::string& text : liked_.texts) count(*fields_.front(), text, field.counts);
      parts.push_back({std::move(field)});
    }
    LikedPart disliked;
    for (const std::string& text : unliked_.texts) {
      LikedField field{fields_.front()->path, {}};
      count(*fields_.front(), text, field.counts);
      disliked.push_back(std::move(field));
    }
    // As in OpenSearch, documents that are not liked count beside documents that are.
    if (!liked_.documents.empty()) GYRE_TRY(addDocuments(unliked_, disliked));
    std::set<std::string> words;
    for (const LikedField& field : disliked)
      for (const auto& [term, times] : field.counts) words.insert(term);
    return finishQuery(std::make_unique<MoreLikeThisQuery>(std::move(parts), std::move(words), std::move(excluded),
                                                           choice_, common_.boost),
                       common_, context_);
  }

 private:
  static constexpr std::string_view kKind = "more_like_this";

  Status readWhole(json::Value member, std::int64_t& number, std::int64_t least) {
    GYRE_TRY_ASSIGN(number, parseWhole(kKind, member));
    if (number < least)
      return illegalArgument("requires [" + std::string(member.key()) + "] to be at least " + std::to_string(least));
    return {};
  }

  Status readMember(json::Value member) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon(kKind, member, common_));
    if (is_common) return {};
    const std::string_view key = member.key();
    if (key == "fields") return readFields(member);
    if (key == "like") return readLiked(member, liked_);
    if (key == "unlike") return readLiked(member, unliked_);
    if (key == "max_query_terms") return readWhole(member, choice_.max_query_terms, 1);
    if (key == "min_term_freq") return readWhole(member, choice_.min_term_freq, 0);
    if (key == "min_doc_freq") return readWhole(member, choice_.min_doc_freq, 0);
    if (key == "max_doc_freq") return readWhole(member, choice_.max_doc_freq, 0);
    if (key == "min_word_length") return readWhole(member, choice_.min_word_length, 0);
    if (key == "max_word_length") return readWhole(member, choice_.max_word_length, 0);
    if (key == "boost_terms") return assign(choice_.boost_terms, parseFloat(kKind, member));
    if (key == "include") return assign(includes_liked_, parseBoolean(kKind, member));
    if (key == "fail_on_unsupported_field") return assign(fails_, parseBoolean(kKind, member));
    if (key == "minimum_should_match") return assign(choice_.minimum_should_match, parseScalarText(kKind, member));
    if (key == "analyzer") return assign(analyzer_, parseScalarText(kKind, member));
    if (key == "stop_words" && (member.isArray() || member.isString())) {
      if (member.isString()) stop_words_.insert(std::string(member.string()));
      if (member.isArray())
        for (const json::Value word : member) stop_words_.insert(std::string(word.string()));
      return {};
    }
    return unknownParameter("mlt", key);
  }
  template <class T>
  static Status assign(T& target, Result<T> value) {
    GYRE_TRY_ASSIGN(target, std::move(value));
    return {};
  }

  Status readFields(json::Value member) {
    has_fields_ = true;
    if (!member.isArray()) return parsingException("[more_like_this] [fields] must be an array");
    for (const json::Value name : member) {
      if (!name.isString()) return parsingException("[more_like_this] [fields] must be texts");
      names_.emplace_back(name.string());
    }
    if (names_.empty()) return parsingException("more_like_this requires 'fields' to be non-empty");
    return {};
  }

  Status readLiked(json::Value value, Liked& liked) {
    if (value.isArray()) {
      for (const json::Value element : value) GYRE_TRY(readLiked(element, liked));
      return {};
    }
    if (value.isString()) {
      liked.texts.emplace_back(value.string());
      return {};
    }
    if (!value.isObject()) return illegalArgument("Content of 'like' parameter should either be a text or a document");
    LikedDocument document;
    document.place.index = context_.index_name;
    for (const json::Value member : value) {
      const std::string_view key = member.key();
      if (key == "_index") {
        document.place.index = member.string();
      } else if (key == "_id") {
        GYRE_TRY_ASSIGN(document.place.id, parseScalarText(kKind, member));
      } else if (key == "routing" || key == "_routing") {
        GYRE_TRY_ASSIGN(document.place.routing, parseScalarText(kKind, member));
      } else if (key == "doc" && member.isObject()) {
        document.source = member.raw();
      } else {
        return Status(Code::kInvalidArgument, "parse_exception",
                      "failed to parse More Like This item. unknown field [" + std::string(key) + "]");
      }
    }
    if (document.place.id.empty() == document.source.empty())
      return Status(Code::kInvalidArgument, "parse_exception",
                    "failed to parse More Like This item. either [id] or [doc] can be specified, but not both!");
    liked.documents.push_back(std::move(document));
    return {};
  }

  // The fields by name; all that are searched where none are named.
  Status resolve() {
    std::vector<BoostedField> named;
    for (const std::string& name : names_) named.push_back({name, 1});
    if (!has_fields_) {
      GYRE_TRY_ASSIGN(named, defaultFields(context_));
    } else {
      GYRE_TRY_ASSIGN(named, resolveFields(named, context_));
    }
    for (const BoostedField& one : named) {
      const Field* const field = context_.field(one.path);
      if (field == nullptr || field->type == FieldType::kObject) continue;
      if (field->type == FieldType::kText || field->type == FieldType::kKeyword) {
        fields_.push_back(field);
      } else if (has_fields_ && fails_) {
        return queryShardException("more_like_this only supports text/keyword fields: [" + one.path + "]");
      }
    }
    return {};
  }

  Status addDocuments(const Liked& liked, LikedPart& part) {
    if (liked.documents.empty()) return {};
    std::vector<LikedField> counted;
    for (const Field* const field : fields_) counted.push_back({field->path, {}});
    for (const LikedDocument& document : liked.documents) {
      std::string source = document.source;
      if (source.empty()) {
        if (!context_.look_up) continue;
        GYRE_TRY_ASSIGN(auto found, context_.look_up(document.place));
        if (!found) continue;
        source = std::move(*found);
      }
      GYRE_TRY_ASSIGN(const auto parsed, json::Document::parse(source));
      for (std::size_t f = 0; f < fields_.size(); ++f)
        for (const std::string& text : textsOf(*fields_[f], context_.mapping, parsed.root()))
          count(*fields_[f], text, counted[f].counts);
    }
    for (LikedField& field : counted) part.push_back(std::move(field));
    return {};
  }

  void count(const Field& field, std::string_view text, TermCounts& counts) {
    const auto add = [&](const std::string& term) {
      const auto length = static_cast<std::int64_t>(utf16Length(term));
      const bool fits =
          length >= choice_.min_word_length && (choice_.max_word_length == 0 || length <= choice_.max_word_length);
      if (fits && !stop_words_.contains(term)) ++counts[term];
    };
    const Analyzer* const analyzer = !analyzer_.empty() && field.analysis != nullptr
                                         ? field.analysis->analyzer(analyzer_)
                                         : (field.type == FieldType::kText ? field.index_analyzer : nullptr);
    if (analyzer == nullptr) return add(termOf(field, text));
    for (const PositionedTerm& term : analyzeToPositions(*analyzer, text)) add(term.text);
  }

  ParseContext& context_;
  CommonParameters common_;
  Choice choice_;
  Liked liked_, unliked_;
  std::vector<std::string> names_;
  std::vector<const Field*> fields_;
  std::set<std::string> stop_words_;
  std::string analyzer_;
  bool has_fields_ = false;
  bool includes_liked_ = false;
  bool fails_ = true;
};

}  // namespace

Result<QueryPtr> parseMoreLikeThis(json::Value body, ParseContext& context) {
  return MoreLikeThisParser(context).parse(body);
}

}  // namespace gyre::engine
