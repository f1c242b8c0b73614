#include "engine/segment/segment_buffer.hpp"

namespace gyre::engine {

SegmentBuffer::SegmentBuffer(std::shared_ptr<const Mapping> mapping)
    : mapping_(std::move(mapping)), fields_(mapping_->fields().size()), touched_(fields_.size(), 0) {}

void SegmentBuffer::beginDocument() {
  ++attempt_;
  marks_.clear();
}

FieldBuffer& SegmentBuffer::touch(const Field& field) {
  FieldBuffer& buffer = fields_[field.ordinal];
  if (touched_[field.ordinal] != attempt_) {
    touched_[field.ordinal] = attempt_;
    const std::size_t values = isNumeric(field.type) ? buffer.numbers.size() : buffer.term_ids.size();
    marks_.push_back({field.ordinal, buffer.docs.size(), values, buffer.completions.size()});
  }
  return buffer;
}

void SegmentBuffer::term(const Field& field, std::string_view term, std::uint32_t position) {
  if (!field.is_indexed) return;
  FieldBuffer& buffer = touch(field);
  buffer.term_ids.push_back(buffer.terms.intern(term, hashTerm(term)));
  buffer.positions.push_back(position);
}

void SegmentBuffer::keyword(const Field& field, std::string_view value) {
  if (!field.is_indexed && !field.has_doc_values) return;
  FieldBuffer& buffer = touch(field);
  const std::uint32_t number = buffer.terms.intern(value, hashTerm(value));
  // A document holds a keyword once, however often it says it.
  std::uint32_t& last_attempt = buffer.terms.mark(number);
  if (last_attempt == attempt_) return;
  last_attempt = attempt_;
  buffer.docs.push_back(docCount());
  buffer.term_ids.push_back(number);
}

void SegmentBuffer::number(const Field& field, std::int64_t encoded) {
  // Searches on numbers run over the column, so either flag asks for it.
  if (!field.is_indexed && !field.has_doc_values) return;
  FieldBuffer& buffer = touch(field);
  buffer.docs.push_back(docCount());
  buffer.numbers.push_back(encoded);
}

void SegmentBuffer::completion(const Field& field, std::string_view input, std::string_view analysed,
                               std::uint32_t weight, std::string_view contexts) {
  touch(field).completions.add(docCount(), input, analysed, weight, contexts);
  value_bytes_ += input.size() + analysed.size() + contexts.size() + 112;  // three strings and their object
}

void SegmentBuffer::abandonDocument() {
  for (const Mark& mark : marks_) {
    FieldBuffer& buffer = fields_[mark.ordinal];
    buffer.docs.resize(mark.docs);
    if (isNumeric(mapping_->fields()[mark.ordinal].type)) {
      buffer.numbers.resize(mark.values);
    } else {
      buffer.term_ids.resize(mark.values);
      if (!buffer.positions.empty()) buffer.positions.resize(mark.values);
    }
    buffer.completions.truncate(mark.completions);
  }
  marks_.clear();
}

DocId SegmentBuffer::keepDocument(const Identity& identity, std::string_view source) {
  const DocId doc = docCount();
  for (const Mark& mark : marks_) {
    FieldBuffer& buffer = fields_[mark.ordinal];
    const FieldType type = mapping_->fields()[mark.ordinal].type;
    if (type == FieldType::kText) {
      buffer.docs.push_back(doc);
      buffer.ends.push_back(static_cast<std::uint32_t>(buffer.term_ids.size()));
      value_bytes_ += 8 * (buffer.term_ids.size() - mark.values) + 8;
    } else {
      value_bytes_ += 12 * (buffer.docs.size() - mark.docs);
    }
  }
  marks_.clear();
  const std::uint32_t number = ids_.intern(identity.id, identity.hash);
  if (number == latest_.size()) latest_.push_back(kNoMoreDocs);
  if (latest_[number] != kNoMoreDocs) remove(latest_[number]);
  latest_[number] = doc;
  const std::uint32_t routing =
      identity.routing.empty() ? TermTable::kNone : routings_.intern(identity.routing, hashTerm(identity.routing));
  documents_.push_back({identity.version, identity.seq_no, sources_.size(), static_cast<std::uint32_t>(source.size()),
                        number, routing, true});
  sources_ += source;
  ++live_count_;
  return doc;
}

std::optional<DocId> SegmentBuffer::find(std::string_view id, std::uint64_t hash) const {
  const std::uint32_t number = ids_.find(id, hash);
  if (number == TermTable::kNone || latest_[number] == kNoMoreDocs) return std::nullopt;
  return latest_[number];
}

void SegmentBuffer::remove(DocId doc) {
  documents_[doc].is_live = false;
  latest_[documents_[doc].id] = kNoMoreDocs;
  --live_count_;
}

std::vector<DocId> SegmentBuffer::renumbered() const {
  std::vector<DocId> numbers;
  if (live_count_ == docCount()) return numbers;
  numbers.reserve(docCount());
  DocId next = 0;
  for (const Document& document : documents_) numbers.push_back(document.is_live ? next++ : kNoMoreDocs);
  return numbers;
}

std::uint64_t SegmentBuffer::memoryBytes() const {
  std::uint64_t bytes = value_bytes_ + sources_.size() + documents_.size() * (sizeof(Document) + 4) +
                        ids_.memoryBytes() + routings_.memoryBytes();
  for (const FieldBuffer& buffer : fields_) bytes += buffer.terms.memoryBytes();
  return bytes;
}

}  // namespace gyre::engine
