#include "engine/aggs/value_format.hpp"

#include <cmath>
#include <utility>

#include "engine/aggs/aggregation.hpp"
#include "engine/query/explanation.hpp"

namespace gyre::engine {

Result<ValueFormat> ValueFormat::of(FieldType type, std::string_view field_format, std::string_view pattern,
                                    TimeZone zone) {
  ValueFormat format;
  format.zone_ = std::move(zone);
  if (type == FieldType::kDate) {
    format.kind_ = Kind::kDate;
    GYRE_TRY_ASSIGN(format.date_, DateFormat::parse(pattern.empty() ? field_format : pattern));
  } else if (type == FieldType::kBoolean) {
    format.kind_ = Kind::kBoolean;
  } else if (type == FieldType::kUnsignedLong && pattern.empty()) {
    format.kind_ = Kind::kUnsigned;
  } else if (!pattern.empty()) {
    format.kind_ = Kind::kDecimal;
    GYRE_TRY_ASSIGN(format.decimal_, DecimalFormat::parse(pattern));
  }
  return format;
}

std::string ValueFormat::text(double value) const {
  switch (kind_) {
    case Kind::kBoolean: return value == 0 ? "false" : "true";
    case Kind::kDate: return formatDate(static_cast<std::int64_t>(value), date_, zone_);
    case Kind::kDecimal: return decimal_->text(value);
    case Kind::kUnsigned:
    case Kind::kRaw: break;
  }
  return describeDouble(value);
}

void ValueFormat::writeBare(std::string_view name, double value, JsonWriter& writer) const {
  if (isBare() && std::isfinite(value)) {
    writer.rawMember(name, text(value));
  } else {
    writer.member(name, text(value));
  }
}

std::string ValueFormat::text(std::int64_t value) const {
  if (kind_ == Kind::kDate) return formatDate(value, date_, zone_);
  return kind_ == Kind::kRaw ? std::to_string(value) : text(static_cast<double>(value));
}

}  // namespace gyre::engine
