#include "engine/segment/segment_buffer.hpp"

#include <algorithm>
#include <numeric>

namespace gyre::engine {

SegmentBuffer::SegmentBuffer(std::shared_ptr<const Mapping> mapping)
    : mapping_(std::move(mapping)), fields_(mapping_->fields().size()), touched_(fields_.size(), 0) {
  frames_.emplace_back();
  layOutObjects();
}

void SegmentBuffer::layOutObjects() {
  has_nested_fields_ = false;
  for (const Field& field : mapping_->fields()) has_nested_fields_ = has_nested_fields_ || field.is_nested;
  object_of_.clear();
  if (!has_nested_fields_) return;
  for (const Field& field : mapping_->fields()) {
    const Field* const object = mapping_->nestedAbove(field.path);
    object_of_.push_back(object == nullptr ? kRootObject : object->ordinal);
  }
}

void SegmentBuffer::adopt(std::shared_ptr<const Mapping> mapping) {
  mapping_ = std::move(mapping);
  for (std::size_t i = mapping_->fields().size(); i < fields_.size(); ++i) field_bytes_ -= fields_[i].counted_bytes;
  fields_.resize(mapping_->fields().size());
  touched_.resize(fields_.size(), 0);
  layOutObjects();
}

void FieldBuffer::clear() {
  terms.clear();
  docs.clear();
  numbers.clear();
  term_ids.clear();
  positions.clear();
  ends.clear();
  completions = {};
  waiting.clear();
  waiting_bytes.clear();
}

std::uint64_t FieldBuffer::memoryBytes() const {
  return terms.memoryBytes() + docs.capacity() * sizeof(DocId) + numbers.capacity() * sizeof(std::int64_t) +
         (term_ids.capacity() + positions.capacity() + ends.capacity()) * sizeof(std::uint32_t) +
         completions.memoryBytes() + waiting.capacity() * sizeof(Waiting) + waiting_bytes.capacity();
}

void FieldBuffer::settle() {
  for (const Waiting& each : waiting) terms.fetchTerm(each.hash);
  for (const Waiting& each : waiting) terms.fetchBytes(each.hash);
  std::size_t begin = 0;
  for (const Waiting& each : waiting) {
    term_ids[each.at] = terms.intern(std::string_view(waiting_bytes).substr(begin, each.end - begin), each.hash);
    begin = each.end;
  }
  waiting.clear();
  waiting_bytes.clear();
}

void FieldBuffer::dropWaiting(std::size_t from) {
  while (!waiting.empty() && waiting.back().at >= from) waiting.pop_back();
  waiting_bytes.resize(waiting.empty() ? 0 : waiting.back().end);
}

void SegmentBuffer::settle() {
  for (FieldBuffer& buffer : fields_) buffer.settle();
}

void SegmentBuffer::clear(std::shared_ptr<const Mapping> mapping) {
  for (FieldBuffer& buffer : fields_) {
    buffer.clear();
    count(buffer);
  }
  marks_.clear();
  ids_.clear();
  numbers_.clear();
  routings_.clear();
  latest_.clear();
  documents_.clear();
  sources_.clear();
  live_count_ = live_root_count_ = 0;
  value_bytes_ = 0;
  attempt_ = document_attempt_ = 0;
  std::fill(touched_.begin(), touched_.end(), 0);
  adopt(std::move(mapping));
}

void SegmentBuffer::beginDocument() {
  document_attempt_ = ++attempt_;
  marks_.clear();
  frames_.resize(1);
  frames_.front().attempt = attempt_;
  objects_.clear();
  ended_ = 0;
}

// ---- nested objects
// --------------------------------------------------------------------------------------------------

void SegmentBuffer::beginNested(const Field& object) {
  if (objects_.empty()) objects_.emplace_back();
  const auto parent = static_cast<std::uint32_t>(frames_.size() - 1);
  Frame frame{object.ordinal, static_cast<std::uint32_t>(objects_.size()), ++attempt_, {}};
  const auto copyTo = [&](std::uint32_t taker) {
    if (std::find(frame.copies.begin(), frame.copies.end(), taker) == frame.copies.end()) frame.copies.push_back(taker);
  };
  if (object.is_included_in_parent) {
    copyTo(parent);
    for (const std::uint32_t taker : frames_[parent].copies) copyTo(taker);
  }
  if (object.is_included_in_root) copyTo(0);
  objects_.push_back({object.ordinal, kUnset});
  frames_.push_back(std::move(frame));
}

void SegmentBuffer::endNested() {
  objects_[frames_.back().number].place = ended_++;
  frames_.pop_back();
}

const SegmentBuffer::Frame& SegmentBuffer::frameOf(const Field& field) const {
  const std::uint16_t object = object_of_[field.ordinal];
  for (std::size_t i = frames_.size(); i-- > 1;)
    if (frames_[i].object == object) return frames_[i];
  return frames_.front();
}

template <class Visit>
void SegmentBuffer::eachFrame(const Field& field, Visit&& visit) {
  if (frames_.size() == 1) return visit(frames_.front());
  const Frame& own = frameOf(field);
  visit(own);
  for (const std::uint32_t taker : own.copies) visit(frames_[taker]);
}

void SegmentBuffer::settleObjects() {
  objects_.front().place = ended_;
  for (const Mark& mark : marks_) {
    FieldBuffer& buffer = fields_[mark.ordinal];
    const FieldType type = mapping_->fields()[mark.ordinal].type;
    buffer.completions.assignFrom(mark.completions, docCount() + ended_);
    for (std::size_t i = mark.docs; i < buffer.docs.size(); ++i)
      buffer.docs[i] = docCount() + objects_[buffer.docs[i] - docCount()].place;
    if (type == FieldType::kText) {
      settleText(buffer, mark);
    } else {
      settleValues(buffer, mark, isNumeric(type));
    }
  }
}

// The runs of terms in the order of their documents, one for each.
void SegmentBuffer::settleText(FieldBuffer& buffer, const Mark& mark) const {
  const auto first = static_cast<std::ptrdiff_t>(mark.docs);
  std::vector<std::size_t> order(buffer.docs.size() - mark.docs);
  std::iota(order.begin(), order.end(), mark.docs);
  if (std::is_sorted(buffer.docs.begin() + first, buffer.docs.end()) &&
      std::adjacent_find(buffer.docs.begin() + first, buffer.docs.end()) == buffer.docs.end())
    return;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return buffer.docs[a] < buffer.docs[b]; });
  std::vector<std::uint32_t> term_ids, positions, ends;
  std::vector<DocId> docs;
  for (const std::size_t run : order) {
    const std::size_t begin = run == mark.docs ? mark.values : buffer.ends[run - 1];
    for (std::size_t at = begin; at < buffer.ends[run]; ++at) {
      term_ids.push_back(buffer.term_ids[at]);
      positions.push_back(buffer.positions[at]);
    }
    if (docs.empty() || docs.back() != buffer.docs[run]) {
      docs.push_back(buffer.docs[run]);
      ends.push_back(0);
    }
    ends.back() = static_cast<std::uint32_t>(mark.values + term_ids.size());
  }
  std::copy(term_ids.begin(), term_ids.end(), buffer.term_ids.begin() + static_cast<std::ptrdiff_t>(mark.values));
  std::copy(positions.begin(), positions.end(), buffer.positions.begin() + static_cast<std::ptrdiff_t>(mark.values));
  buffer.docs.resize(mark.docs);
  buffer.ends.resize(mark.docs);
  buffer.docs.insert(buffer.docs.end(), docs.begin(), docs.end());
  buffer.ends.insert(buffer.ends.end(), ends.begin(), ends.end());
}

// Values in the order of their documents. A keyword that came through several objects stands in a document once.
void SegmentBuffer::settleValues(FieldBuffer& buffer, const Mark& mark, bool is_numeric) const {
  if (std::is_sorted(buffer.docs.begin() + static_cast<std::ptrdiff_t>(mark.docs), buffer.docs.end())) return;
  struct Value {
    DocId doc;
    std::int64_t value;
  };
  std::vector<Value> values;
  for (std::size_t i = 0; mark.docs + i < buffer.docs.size(); ++i)
    values.push_back({buffer.docs[mark.docs + i],
                      is_numeric ? buffer.numbers[mark.values + i] : std::int64_t{buffer.term_ids[mark.values + i]}});
  std::stable_sort(values.begin(), values.end(), [&](const Value& a, const Value& b) {
    return a.doc != b.doc ? a.doc < b.doc : !is_numeric && a.value < b.value;
  });
  if (!is_numeric)
    values.erase(std::unique(values.begin(), values.end(),
                             [](const Value& a, const Value& b) { return a.doc == b.doc && a.value == b.value; }),
                 values.end());
  buffer.docs.resize(mark.docs);
  is_numeric ? buffer.numbers.resize(mark.values) : buffer.term_ids.resize(mark.values);
  for (const Value& each : values) {
    buffer.docs.push_back(each.doc);
    if (is_numeric) {
      buffer.numbers.push_back(each.value);
    } else {
      buffer.term_ids.push_back(static_cast<std::uint32_t>(each.value));
    }
  }
}

// ---- values
// ----------------------------------------------------------------------------------------------------------

FieldBuffer& SegmentBuffer::touch(const Field& field) {
  FieldBuffer& buffer = fields_[field.ordinal];
  if (touched_[field.ordinal] != document_attempt_) {
    touched_[field.ordinal] = document_attempt_;
    const std::size_t values = isNumeric(field.type) ? buffer.numbers.size() : buffer.term_ids.size();
    marks_.push_back({field.ordinal, buffer.docs.size(), values, buffer.completions.size()});
  }
  return buffer;
}

namespace {
// Whether the document has terms of the field already.
bool hasRun(const FieldBuffer& buffer, DocId doc) {
  if (buffer.docs.empty() || buffer.docs.back() != doc) return false;
  const std::size_t runs = buffer.ends.size();
  return buffer.ends.back() != (runs > 1 ? buffer.ends[runs - 2] : 0);
}
}  // namespace

void SegmentBuffer::term(const Field& field, std::string_view term, std::uint32_t position) {
  if (!field.is_indexed) return;
  FieldBuffer& buffer = touch(field);
  const std::uint64_t hash = hashTerm(term);
  if (!has_nested_fields_) {
    const std::uint32_t near = buffer.terms.findNear(term, hash);
    buffer.term_ids.push_back(near);
    buffer.positions.push_back(position);
    if (near != TermTable::kNone) return;
    buffer.terms.fetchSlot(hash);
    buffer.waiting_bytes += term;
    buffer.waiting.push_back({hash, buffer.term_ids.size() - 1, buffer.waiting_bytes.size()});
    if (buffer.waiting.size() == kMostWaiting) buffer.settle();
    return;
  }
  const std::uint32_t number = buffer.terms.intern(term, hash);
  eachFrame(field, [&](const Frame& frame) {
    const DocId doc = docOf(frame);
    // Positions of an object count from its first term; in a document that takes them from several objects they follow
    // each other.
    const bool is_alone =
        frame.object != kRootObject && frame.object == object_of_[field.ordinal] && frame.copies.empty();
    if (is_alone && !hasRun(buffer, doc)) buffer.first_position = position;
    addTerm(buffer, doc, number, is_alone ? position - buffer.first_position : position);
  });
}

void SegmentBuffer::beginRun(FieldBuffer& buffer, DocId doc) {
  if (!buffer.docs.empty() && buffer.docs.back() == doc) return;
  buffer.docs.push_back(doc);
  buffer.ends.push_back(static_cast<std::uint32_t>(buffer.term_ids.size()));
}

void SegmentBuffer::wordless(const Field& field) {
  if (!field.is_indexed) return;
  FieldBuffer& buffer = touch(field);
  // Without nested fields a document that touched a field has a run of its own in the end.
  if (has_nested_fields_) eachFrame(field, [&](const Frame& frame) { beginRun(buffer, docOf(frame)); });
}

void SegmentBuffer::addTerm(FieldBuffer& buffer, DocId doc, std::uint32_t number, std::uint32_t position) {
  beginRun(buffer, doc);
  buffer.term_ids.push_back(number);
  buffer.positions.push_back(position);
  buffer.ends.back() = static_cast<std::uint32_t>(buffer.term_ids.size());
}

void SegmentBuffer::keyword(const Field& field, std::string_view value) {
  // Of a binary it is kept that there is one.
  if (!field.is_indexed && !field.has_doc_values && field.type != FieldType::kBinary) return;
  FieldBuffer& buffer = touch(field);
  const std::uint32_t number = buffer.terms.intern(value, hashTerm(value));
  eachFrame(field, [&](const Frame& frame) { addKeyword(buffer, frame, number); });
}

// A document holds a keyword once, however often it says it.
void SegmentBuffer::addKeyword(FieldBuffer& buffer, const Frame& frame, std::uint32_t number) {
  std::uint32_t& last_attempt = buffer.terms.mark(number);
  if (last_attempt == frame.attempt) return;
  last_attempt = frame.attempt;
  buffer.docs.push_back(docOf(frame));
  buffer.term_ids.push_back(number);
}

void SegmentBuffer::number(const Field& field, std::int64_t encoded) {
  // Searches on numbers run over the column, so either flag asks for it.
  if (!field.is_indexed && !field.has_doc_values) return;
  FieldBuffer& buffer = touch(field);
  eachFrame(field, [&](const Frame& frame) {
    buffer.docs.push_back(docOf(frame));
    buffer.numbers.push_back(encoded);
  });
}

void SegmentBuffer::completion(const Field& field, std::string_view input, std::string_view analysed,
                               std::uint32_t weight, std::string_view contexts) {
  touch(field).completions.add(docCount(), input, analysed, weight, contexts);
}

void SegmentBuffer::abandonDocument() {
  for (const Mark& mark : marks_) {
    FieldBuffer& buffer = fields_[mark.ordinal];
    buffer.docs.resize(mark.docs);
    if (buffer.ends.size() > mark.docs) buffer.ends.resize(mark.docs);
    if (isNumeric(mapping_->fields()[mark.ordinal].type)) {
      buffer.numbers.resize(mark.values);
    } else {
      buffer.dropWaiting(mark.values);
      buffer.term_ids.resize(mark.values);
      if (!buffer.positions.empty()) buffer.positions.resize(mark.values);
    }
    buffer.completions.truncate(mark.completions);
    count(buffer);
  }
  marks_.clear();
}

DocId SegmentBuffer::keepDocument(const Identity& identity, std::string_view source) {
  if (!objects_.empty()) settleObjects();
  const DocId doc = docCount() + ended_;
  for (const Mark& mark : marks_) {
    FieldBuffer& buffer = fields_[mark.ordinal];
    const FieldType type = mapping_->fields()[mark.ordinal].type;
    if (type == FieldType::kText) {
      if (!has_nested_fields_) {
        buffer.docs.push_back(doc);
        buffer.ends.push_back(static_cast<std::uint32_t>(buffer.term_ids.size()));
      }
      value_bytes_ += 8 * (buffer.term_ids.size() - mark.values) + 8;
    } else {
      value_bytes_ += 12 * (buffer.docs.size() - mark.docs);
    }
    count(buffer);
  }
  marks_.clear();
  const bool is_numbered = identity.number.has_value();
  const std::uint32_t number =
      is_numbered ? static_cast<std::uint32_t>(numbers_.size()) : ids_.intern(identity.id, identity.hash);
  if (is_numbered) {
    numbers_.push_back(*identity.number);
  } else {
    if (number == latest_.size()) latest_.push_back(kNoMoreDocs);
    if (latest_[number] != kNoMoreDocs) remove(latest_[number]);
    latest_[number] = doc;
  }
  const std::uint32_t routing =
      identity.routing.empty() ? TermTable::kNone : routings_.intern(identity.routing, hashTerm(identity.routing));
  if (ended_ > 0) {
    const DocId first = docCount();
    documents_.resize(first + ended_, {identity.version, identity.seq_no, sources_.size(), 0, TermTable::kNone,
                                       TermTable::kNone, kRootObject, true});
    for (std::size_t i = 1; i < objects_.size(); ++i) documents_[first + objects_[i].place].object = objects_[i].object;
    live_count_ += ended_;
  }
  documents_.push_back({identity.version, identity.seq_no, sources_.size(), static_cast<std::uint32_t>(source.size()),
                        number, routing, kRootObject, true, is_numbered});
  sources_ += source;
  ++live_count_;
  ++live_root_count_;
  return doc;
}

std::optional<DocId> SegmentBuffer::find(std::string_view id, std::uint64_t hash) const {
  const std::uint32_t number = ids_.find(id, hash);
  if (number == TermTable::kNone || latest_[number] == kNoMoreDocs) return findNumbered(id);
  return latest_[number];
}

// Rarely asked for: who appends looks nothing up.
std::optional<DocId> SegmentBuffer::findNumbered(std::string_view id) const {
  const auto wanted = numbers_.empty() ? std::nullopt : idNumbersOf(id);
  if (!wanted) return std::nullopt;
  for (DocId doc = docCount(); doc-- > 0;) {
    const Document& document = documents_[doc];
    if (document.is_numbered && document.is_live && document.version == wanted->second &&
        numbers_[document.id] == wanted->first)
      return doc;
  }
  return std::nullopt;
}

void SegmentBuffer::remove(DocId doc) {
  documents_[doc].is_live = false;
  if (!documents_[doc].is_numbered) latest_[documents_[doc].id] = kNoMoreDocs;
  --live_count_;
  --live_root_count_;
  for (DocId object = doc; object-- > 0 && documents_[object].object != kRootObject;) {
    documents_[object].is_live = false;
    --live_count_;
  }
}

std::vector<DocId> SegmentBuffer::renumbered() const {
  std::vector<DocId> numbers;
  if (live_count_ == docCount()) return numbers;
  numbers.reserve(docCount());
  DocId next = 0;
  for (const Document& document : documents_) numbers.push_back(document.is_live ? next++ : kNoMoreDocs);
  return numbers;
}

void SegmentBuffer::count(FieldBuffer& buffer) {
  const std::uint64_t bytes = buffer.memoryBytes();
  field_bytes_ += bytes - buffer.counted_bytes;
  buffer.counted_bytes = bytes;
}

std::uint64_t SegmentBuffer::memoryBytes() const {
  return field_bytes_ + fields_.capacity() * sizeof(FieldBuffer) + touched_.capacity() * sizeof(std::uint32_t) +
         marks_.capacity() * sizeof(Mark) + object_of_.capacity() * sizeof(std::uint16_t) +
         objects_.capacity() * sizeof(Object) + frames_.capacity() * sizeof(Frame) +
         documents_.capacity() * sizeof(Document) + latest_.capacity() * sizeof(DocId) +
         numbers_.capacity() * sizeof(std::int64_t) + sources_.capacity() + ids_.memoryBytes() +
         routings_.memoryBytes();
}

std::uint64_t SegmentBuffer::usedBytes() const {
  std::uint64_t bytes = value_bytes_ + numbers_.size() * 8 + sources_.size() +
                        documents_.size() * (sizeof(Document) + 4) + ids_.usedBytes() + routings_.usedBytes();
  for (const FieldBuffer& buffer : fields_) bytes += buffer.terms.usedBytes() + buffer.completions.memoryBytes();
  return bytes;
}

}  // namespace gyre::engine
