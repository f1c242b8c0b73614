#include "engine/query/score_function.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "engine/analysis/utf8.hpp"
#include "engine/mapping/civil_time.hpp"
#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

namespace {

// A field's values, a window at a time.
class FieldValues {
 public:
  FieldValues(SegmentRun& run, const std::string& path) : run_(run) {
    const FieldReader* const field = run.segment().field(path);
    if (field != nullptr) column_ = field->column;
    terms_ = field == nullptr ? nullptr : field->terms;
  }

  std::span<const std::int64_t> of(DocId doc) {
    if (column_ == nullptr) return {};
    const std::uint32_t window = windowOf(doc);
    const std::uint32_t at = doc % kWindowDocs;
    if (!column_->isMultiValued()) {
      const ColumnWindow& decoded = run_.read(*column_, window);
      if (!testBit(decoded.present.data(), at)) return {};
      return {decoded.values.data() + at, 1};
    }
    const ColumnWindow& decoded = run_.readMulti(*column_, window);
    return {decoded.multi_values.data() + decoded.offsets[at], decoded.offsets[at + 1] - decoded.offsets[at]};
  }
  // Of a keyword: the term behind an ordinal.
  std::string term(std::int64_t ordinal) const {
    const auto cursor = terms_->cursor();
    return cursor->seekOrdinal(static_cast<std::uint32_t>(ordinal)) ? std::string(cursor->term()) : std::string();
  }

 private:
  SegmentRun& run_;
  const ColumnReader* column_ = nullptr;
  const TermDictionaryReader* terms_ = nullptr;
};

double realOf(const Field& field, std::int64_t encoded) {
  if (isFloating(field.type)) return decodeDouble(encoded);
  if (field.type == FieldType::kScaledFloat) return static_cast<double>(encoded) * (1.0 / field.scaling_factor);
  if (field.type == FieldType::kUnsignedLong) return static_cast<double>(decodeUnsigned(encoded));
  // Dates are reckoned in milliseconds, whatever they are kept in.
  if (field.type == FieldType::kDateNanos) return static_cast<double>(floorDivide(encoded, kMilliNanos));
  return static_cast<double>(encoded);
}

// As decimals without a fraction.
std::string wholeText(const Field& field, std::int64_t encoded) {
  if (field.type == FieldType::kUnsignedLong) return std::to_string(decodeUnsigned(encoded));
  return std::to_string(field.type == FieldType::kDateNanos ? floorDivide(encoded, kMilliNanos) : encoded);
}

// ---- weight -----------------------------------------------------------------------------------------------------

class WeightFunction final : public ScoreFunction {
 public:
  WeightFunction(ScoreFunctionPtr function, float weight) : function_(std::move(function)), weight_(weight) {}

  std::unique_ptr<FunctionValues> values(SegmentRun& run) const override {
    class Values final : public FunctionValues {
     public:
      Values(std::unique_ptr<FunctionValues> inner, float weight) : inner_(std::move(inner)), weight_(weight) {}
      double value(DocId doc) override { return (inner_ == nullptr ? 1.0 : inner_->value(doc)) * weight_; }
      Explanation explain(DocId doc) override {
        Explanation inner = inner_ == nullptr ? Explanation::match(1, "constant score 1.0 - no function provided")
                                              : inner_->explain(doc);
        const double product = inner.value * weight_;
        return Explanation::match(product, "product of:", {std::move(inner), Explanation::match(weight_, "weight")});
      }

     private:
      std::unique_ptr<FunctionValues> inner_;
      float weight_;
    };
    return std::make_unique<Values>(function_ == nullptr ? nullptr : function_->values(run), weight_);
  }

 private:
  ScoreFunctionPtr function_;
  float weight_;
};

// ---- field_value_factor -----------------------------------------------------------------------------------------

double modified(Modifier modifier, double value) {
  switch (modifier) {
    case Modifier::kNone: return value;
    case Modifier::kLog: return std::log10(value);
    case Modifier::kLog1p: return std::log10(value + 1);
    case Modifier::kLog2p: return std::log10(value + 2);
    case Modifier::kLn: return std::log(value);
    case Modifier::kLn1p: return std::log1p(value);
    case Modifier::kLn2p: return std::log1p(value + 1);
    case Modifier::kSquare: return value * value;
    case Modifier::kSqrt: return std::sqrt(value);
    case Modifier::kReciprocal: return 1 / value;
  }
  return value;
}

class FieldValueFunction final : public ScoreFunction {
 public:
  FieldValueFunction(const Field* field, FieldValueFactor factor) : field_(field), factor_(std::move(factor)) {}

  std::unique_ptr<FunctionValues> values(SegmentRun& run) const override {
    return std::make_unique<Values>(run, *this);
  }

 private:
  class Values final : public FunctionValues {
   public:
    Values(SegmentRun& run, const FieldValueFunction& function)
        : run_(run), function_(function), values_(run, function.factor_.path) {}

    double value(DocId doc) override {
      const FieldValueFactor& factor = function_.factor_;
      double value = 0;
      if (const auto own = function_.field_ == nullptr ? std::span<const std::int64_t>() : values_.of(doc);
          !own.empty()) {
        value = realOf(*function_.field_, own.front());
      } else if (factor.missing) {
        value = *factor.missing;
      } else {
        run_.fail({Code::kInternal, "exception", "Missing value for field [" + factor.path + "]"});
        return 0;
      }
      const double result = modified(factor.modifier, value * factor.factor);
      if (result < 0)
        run_.fail({Code::kInvalidArgument, "illegal_argument_exception",
                   "field value function must not produce negative scores, but got: [" + describeDouble(result) +
                       "] for field value: [" + describeDouble(value) + "]"});
      return result;
    }

    Explanation explain(DocId doc) override {
      const FieldValueFactor& factor = function_.factor_;
      return Explanation::match(value(doc),
                                "field value function: " + factor.modifier_name + "(doc['" + factor.path + "'].value" +
                                    (factor.missing ? "?:" + describeDouble(*factor.missing) : std::string()) +
                                    " * factor=" + describeFloat(factor.factor) + ")");
    }

   private:
    SegmentRun& run_;
    const FieldValueFunction& function_;
    FieldValues values_;
  };

  const Field* field_;
  FieldValueFactor factor_;
};

// ---- random_score -----------------------------------------------------------------------------------------------

// The dialect's hashes: scores are reproducible over there as well.
std::uint32_t mix(std::uint32_t key) {
  key = (key ^ (key >> 16)) * 0x85ebca6bu;
  key = (key ^ (key >> 13)) * 0xc2b2ae35u;
  return key ^ (key >> 16);
}

std::uint32_t murmur3(std::string_view data, std::uint32_t seed) {
  const auto rotate = [](std::uint32_t x, int by) { return (x << by) | (x >> (32 - by)); };
  const auto byteAt = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(data[i])); };
  const auto scramble = [&](std::uint32_t k) { return rotate(k * 0xcc9e2d51u, 15) * 0x1b873593u; };
  std::uint32_t hash = seed;
  std::size_t at = 0;
  for (; at + 4 <= data.size(); at += 4) {
    hash ^= scramble(byteAt(at) | byteAt(at + 1) << 8 | byteAt(at + 2) << 16 | byteAt(at + 3) << 24);
    hash = rotate(hash, 13) * 5 + 0xe6546b64u;
  }
  std::uint32_t rest = 0;
  for (std::size_t i = data.size(); i > at; --i) rest = rest << 8 | byteAt(i - 1);
  if (at < data.size()) hash ^= scramble(rest);
  hash ^= static_cast<std::uint32_t>(data.size());
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16);
}

// Of a name, over UTF-16 units.
std::uint32_t javaHash(std::string_view text) {
  std::uint32_t hash = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    at += c.size;
    if (c.value >= 0x10000) {
      hash = hash * 31 + (0xd800 + ((c.value - 0x10000) >> 10));
      hash = hash * 31 + (0xdc00 + ((c.value - 0x10000) & 0x3ff));
    } else {
      hash = hash * 31 + c.value;
    }
  }
  return hash;
}

class RandomFunction final : public ScoreFunction {
 public:
  RandomFunction(const Field* field, RandomScore random)
      : field_(field),
        random_(std::move(random)),
        salted_(mix(static_cast<std::uint32_t>(random_.seed) ^ (javaHash(random_.index_name) << 10))) {}

  std::unique_ptr<FunctionValues> values(SegmentRun& run) const override {
    return std::make_unique<Values>(run, *this);
  }

 private:
  class Values final : public FunctionValues {
   public:
    Values(SegmentRun& run, const RandomFunction& function)
        : run_(run), function_(function), values_(run, function.random_.path) {}

    double value(DocId doc) override {
      constexpr std::uint32_t kBits = 0x00ff'ffff;
      return static_cast<float>(hash(doc) & kBits) / static_cast<float>(1u << 24);
    }
    Explanation explain(DocId doc) override {
      const std::string& path = function_.random_.path;
      return Explanation::match(value(doc), "random score function (seed: " + std::to_string(function_.random_.seed) +
                                                (path.empty() ? std::string() : ", field: " + path) + ")");
    }

   private:
    std::uint32_t hash(DocId doc) {
      const std::string& path = function_.random_.path;
      if (path.empty()) return mix(static_cast<std::uint32_t>(run_.docBase() + doc) ^ function_.salted_);
      if (path == "_seq_no") return murmur3(std::to_string(run_.segment().seqNo(doc)), function_.salted_);
      if (path == "_id") {
        const auto id = run_.segment().id(doc);
        if (!id.isOk()) {
          run_.fail(id.status());
          return 0;
        }
        return murmur3(*id, function_.salted_);
      }
      const auto own = values_.of(doc);
      if (own.empty()) return function_.salted_;
      const Field& field = *function_.field_;
      if (field.type == FieldType::kKeyword) return murmur3(values_.term(own.front()), function_.salted_);
      const bool is_real = isFloating(field.type) || field.type == FieldType::kScaledFloat;
      return murmur3(is_real ? describeDouble(realOf(field, own.front())) : wholeText(field, own.front()),
                     function_.salted_);
    }

    SegmentRun& run_;
    const RandomFunction& function_;
    FieldValues values_;
  };

  const Field* field_;
  RandomScore random_;
  std::uint32_t salted_;
};

// ---- gauss, exp, linear -----------------------------------------------------------------------------------------

class DecayFunction final : public ScoreFunction {
 public:
  DecayFunction(const Field& field, Decay decay) : field_(field), decay_(decay) {
    switch (decay.shape) {
      case DecayShape::kGauss: processed_ = 0.5 * decay.scale * decay.scale / std::log(decay.decay); break;
      case DecayShape::kExponential: processed_ = std::log(decay.decay) / decay.scale; break;
      case DecayShape::kLinear: processed_ = decay.scale / (1.0 - decay.decay); break;
    }
  }

  std::unique_ptr<FunctionValues> values(SegmentRun& run) const override {
    return std::make_unique<Values>(run, *this);
  }

 private:
  double evaluate(double distance) const {
    switch (decay_.shape) {
      case DecayShape::kGauss: return std::exp(0.5 * distance * distance / processed_);
      case DecayShape::kExponential: return std::exp(processed_ * distance);
      case DecayShape::kLinear: return std::max(0.0, (processed_ - distance) / processed_);
    }
    return 1;
  }

  std::string modeName() const {
    constexpr std::string_view kNames[] = {"MIN", "MAX", "AVG", "SUM", "MEDIAN"};
    return std::string(kNames[static_cast<std::size_t>(decay_.mode)]);
  }

  class Values final : public FunctionValues {
   public:
    Values(SegmentRun& run, const DecayFunction& function) : function_(function), values_(run, function.field_.path) {}

    double value(DocId doc) override { return function_.evaluate(distance(doc)); }

    Explanation explain(DocId doc) override {
      const Decay& decay = function_.decay_;
      std::string each;
      for (const std::int64_t value : values_.of(doc))
        each += (each.empty() ? "" : ", ") + std::string("Math.max(Math.abs(") +
                describeDouble(realOf(function_.field_, value)) + "(=doc value) - " + describeDouble(decay.origin) +
                "(=origin))) - " + describeDouble(decay.offset) + "(=offset), 0)";
      const std::string distances = function_.modeName() + "[" + each + "]";
      std::string rule;
      switch (decay.shape) {
        case DecayShape::kGauss:
          rule = "exp(-0.5*pow(" + distances + ",2.0)/" + describeDouble(-function_.processed_) + ")";
          break;
        case DecayShape::kExponential:
          rule = "exp(- " + distances + " * " + describeDouble(-function_.processed_) + ")";
          break;
        case DecayShape::kLinear:
          rule = "max(0.0, ((" + describeDouble(function_.processed_) + " - " + distances + ")/" +
                 describeDouble(function_.processed_) + ")";
          break;
      }
      const double result = value(doc);
      return Explanation::match(result, "Function for field " + function_.field_.path + ":",
                                {Explanation::match(result, std::move(rule))});
    }

   private:
    // From the origin, beyond the offset; a document without a value stands at the origin.
    double distance(DocId doc) {
      const Decay& decay = function_.decay_;
      const auto own = values_.of(doc);
      if (own.empty()) return 0;
      distances_.clear();
      for (const std::int64_t value : own)
        distances_.push_back(std::max(0.0, std::fabs(realOf(function_.field_, value) - decay.origin) - decay.offset));
      switch (decay.mode) {
        case MultiValueMode::kMin: return *std::min_element(distances_.begin(), distances_.end());
        case MultiValueMode::kMax: return *std::max_element(distances_.begin(), distances_.end());
        case MultiValueMode::kMedian: {
          std::sort(distances_.begin(), distances_.end());
          const std::size_t middle = distances_.size() / 2;
          return distances_.size() % 2 == 1 ? distances_[middle] : (distances_[middle - 1] + distances_[middle]) / 2;
        }
        case MultiValueMode::kAverage:
        case MultiValueMode::kSum: break;
      }
      double sum = 0;
      for (const double one : distances_) sum += one;
      return decay.mode == MultiValueMode::kSum ? sum : sum / static_cast<double>(distances_.size());
    }

    const DecayFunction& function_;
    FieldValues values_;
    std::vector<double> distances_;
  };

  Field field_;
  Decay decay_;
  double processed_ = 1;
};

}  // namespace

ScoreFunctionPtr makeWeightFunction(ScoreFunctionPtr function, float weight) {
  return std::make_unique<WeightFunction>(std::move(function), weight);
}
ScoreFunctionPtr makeFieldValueFunction(const Field* field, FieldValueFactor factor) {
  return std::make_unique<FieldValueFunction>(field, std::move(factor));
}
ScoreFunctionPtr makeRandomFunction(const Field* field, RandomScore random) {
  return std::make_unique<RandomFunction>(field, std::move(random));
}
ScoreFunctionPtr makeDecayFunction(const Field& field, Decay decay) {
  return std::make_unique<DecayFunction>(field, decay);
}

}  // namespace gyre::engine
