// How does a field's value read, as a number and as text?
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/aggs/decimal_format.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/mapping/time_zone.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class ValueFormat {
 public:
  // Numbers that read as themselves.
  ValueFormat() = default;
  // `pattern` is what a request asks for ("" for the field's own way).
  static Result<ValueFormat> of(FieldType type, std::string_view field_format, std::string_view pattern, TimeZone zone);

  // Whether values have a text of their own, shown beside the number.
  bool hasText() const { return kind_ != Kind::kRaw; }
  bool isBoolean() const { return kind_ == Kind::kBoolean; }
  // The text is the number itself: keys that are whole go without.
  bool isUnsigned() const { return kind_ == Kind::kUnsigned; }
  // Some answers show the texts of booleans and unsigned numbers bare: true, 1.0E19.
  bool isBare() const { return kind_ == Kind::kBoolean || kind_ == Kind::kUnsigned; }
  void writeBare(std::string_view name, double value, JsonWriter& writer) const;
  bool isDate() const { return kind_ == Kind::kDate; }
  // REQUIRES: hasText(). Of a number computed from values.
  std::string text(double value) const;
  std::string text(std::int64_t value) const;
  const DateFormat& dates() const { return date_; }

  const TimeZone& zone() const { return zone_; }  // of dates

 private:
  enum class Kind : std::uint8_t { kRaw, kBoolean, kUnsigned, kDate, kDecimal };
  Kind kind_ = Kind::kRaw;
  DateFormat date_;
  TimeZone zone_;
  std::optional<DecimalFormat> decimal_;
};

}  // namespace gyre::engine
