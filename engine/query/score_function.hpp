// Which number does a function_score function give a document?
//
// THREADS: a ScoreFunction is immutable; its values belong to one request on one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/mapping/mapping.hpp"
#include "engine/query/explanation.hpp"
#include "engine/query/segment_run.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// Of one segment. REQUIRES: documents of one window after those of the window before.
class FunctionValues {
 public:
  virtual ~FunctionValues() = default;
  // What cannot be computed fails the run (SegmentRun::fail).
  virtual double value(DocId doc) = 0;
  virtual Explanation explain(DocId doc) = 0;
};

class ScoreFunction {
 public:
  virtual ~ScoreFunction() = default;
  virtual std::unique_ptr<FunctionValues> values(SegmentRun& run) const = 0;
};
using ScoreFunctionPtr = std::unique_ptr<ScoreFunction>;

// `function` may be null: 1.
ScoreFunctionPtr makeWeightFunction(ScoreFunctionPtr function, float weight);

enum class Modifier : std::uint8_t { kNone, kLog, kLog1p, kLog2p, kLn, kLn1p, kLn2p, kSquare, kSqrt, kReciprocal };
struct FieldValueFactor {
  std::string path;
  float factor = 1;
  Modifier modifier = Modifier::kNone;
  std::string modifier_name = "none";
  std::optional<double> missing;
};
// `field` is null where it is not mapped, which needs a missing value.
ScoreFunctionPtr makeFieldValueFunction(const Field* field, FieldValueFactor factor);

// Numbers from 0 to 1 that depend on the seed and the document's value of the field, "_id" and "_seq_no" included; ""
// for its place in the index.
struct RandomScore {
  std::int32_t seed = 0;
  std::string path;
  std::string index_name;
};
ScoreFunctionPtr makeRandomFunction(const Field* field, RandomScore random);

enum class DecayShape : std::uint8_t { kGauss, kExponential, kLinear };
enum class MultiValueMode : std::uint8_t { kMin, kMax, kAverage, kSum, kMedian };
struct Decay {
  DecayShape shape = DecayShape::kGauss;
  double origin = 0;
  double scale = 1;
  double offset = 0;
  double decay = 0.5;
  MultiValueMode mode = MultiValueMode::kMin;
};
ScoreFunctionPtr makeDecayFunction(const Field& field, Decay decay);

}  // namespace gyre::engine
