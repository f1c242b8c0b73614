#include "server/observe/log.hpp"

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>
#include <Poco/Exception.h>
#include <Poco/Formatter.h>
#include <Poco/FormattingChannel.h>
#include <Poco/Logger.h>
#include <Poco/Message.h>
#include <Poco/StreamChannel.h>
#include <sys/stat.h>

#include <array>
#include <ostream>

#include "gyre/json_writer.hpp"
#include "server/observe/line_queue.hpp"

namespace gyre::observe {

namespace {

Poco::Message::Priority priorityOf(base::Level level) {
  switch (level) {
    case base::Level::kDebug: return Poco::Message::PRIO_DEBUG;
    case base::Level::kInformation: return Poco::Message::PRIO_INFORMATION;
    case base::Level::kWarning: return Poco::Message::PRIO_WARNING;
    case base::Level::kError: return Poco::Message::PRIO_ERROR;
  }
  return Poco::Message::PRIO_ERROR;
}

// Poco knows eight priorities; lines of its own parts may carry any.
base::Level levelOf(Poco::Message::Priority priority) {
  if (priority >= Poco::Message::PRIO_DEBUG) return base::Level::kDebug;
  if (priority >= Poco::Message::PRIO_NOTICE) return base::Level::kInformation;
  if (priority == Poco::Message::PRIO_WARNING) return base::Level::kWarning;
  return base::Level::kError;
}

// The length of the well-formed UTF-8 character at the start of `text`, 0 when there is none.
std::size_t characterLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xc2 && first < 0xe0   ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0)) return 0;
  if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90)) return 0;
  return length;
}

// Messages quote what clients sent: whatever that was, the line stays one line of valid UTF-8.
std::string toValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = characterLength(text);
    if (length == 0)
      valid += "\xef\xbf\xbd";
    else
      valid.append(text, 0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

bool isControl(std::string_view text, std::size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte < 0x20 || byte == 0x7f) return true;
  return byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;  // C1
}

void appendEscaped(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!isControl(text, i)) {
      out += text[i];
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte == '\t') {
      out += "\\t";
    } else {
      const auto shown = byte == 0xc2 ? static_cast<unsigned char>(text[++i]) : byte;
      out += "\\x";
      out += kHex[shown >> 4];
      out += kHex[shown & 15];
    }
  }
}

// A Poco::Logger of our own, outside Poco's global registry.
class PrivateLogger final : public Poco::Logger {
 public:
  explicit PrivateLogger(Poco::Channel::Ptr channel)
      : Poco::Logger("gyre", std::move(channel), Poco::Message::PRIO_TRACE) {}

 protected:
  ~PrivateLogger() override = default;
};

class LineFormatter final : public Poco::Formatter {
 public:
  LineFormatter(LineFormat format, const base::Clock& clock) : format_(format), clock_(clock) {}
  void format(const Poco::Message& message, std::string& text) override {
    appendLine(text, format_.load(std::memory_order_relaxed), clock_.nowMillis(), levelOf(message.getPriority()),
               message.getSource(), message.getText());
  }
  void setFormat(LineFormat format) { format_.store(format, std::memory_order_relaxed); }

 private:
  std::atomic<LineFormat> format_;
  const base::Clock& clock_;
};

class QueueChannel final : public Poco::Channel {
 public:
  explicit QueueChannel(LineQueue& queue) : queue_(queue) {}
  void log(const Poco::Message& message) override { queue_.add(levelOf(message.getPriority()), message.getText()); }

 private:
  LineQueue& queue_;
};

LineQueue::Options queueOptions(int file) {
  struct stat status = {};
  LineQueue::Options options;
  options.waits_for_room = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  return options;
}

LineQueue::Notice noticeOf(const Poco::AutoPtr<LineFormatter>& formatter) {
  return [formatter = Poco::AutoPtr<LineFormatter>(formatter)](std::uint64_t dropped) mutable {
    const std::string message =
        (dropped == 1 ? "1 line was" : std::to_string(dropped) + " lines were") + " dropped: nobody read them in time";
    std::string line;
    formatter->format(Poco::Message("log", message, Poco::Message::PRIO_WARNING), line);
    return line;
  };
}

}  // namespace

class Log::Sink {
 public:
  Sink(LineFormat format, std::ostream& stream, const base::Clock& clock)
      : formatter_(new LineFormatter(format, clock)) {
    writeTo(new Poco::StreamChannel(stream));
  }
  Sink(LineFormat format, int file, const base::Clock& clock)
      : formatter_(new LineFormatter(format, clock)),
        queue_(std::make_unique<LineQueue>(file, queueOptions(file), noticeOf(formatter_))) {
    writeTo(new QueueChannel(*queue_));
  }

  void write(base::Level level, std::string_view part, std::string_view message) {
    lines_[static_cast<std::size_t>(level)].fetch_add(1, std::memory_order_relaxed);
    try {
      logger_->log(Poco::Message(std::string(part), std::string(message), priorityOf(level)));
    } catch (const std::exception&) {
      // A stream that cannot be written to has nowhere to say so.
    }
  }
  void setFormat(LineFormat format) { formatter_->setFormat(format); }
  std::uint64_t lineCount(base::Level level) const { return lines_[static_cast<std::size_t>(level)].load(); }
  LineQueue* queue() const { return queue_.get(); }

 private:
  void writeTo(Poco::Channel* channel) {
    channel_ = new Poco::FormattingChannel(formatter_, Poco::AutoPtr<Poco::Channel>(channel));
    logger_ = new PrivateLogger(channel_);
  }

  Poco::AutoPtr<LineFormatter> formatter_;
  std::unique_ptr<LineQueue> queue_;
  Poco::AutoPtr<Poco::FormattingChannel> channel_;
  Poco::AutoPtr<Poco::Logger> logger_;
  std::array<std::atomic<std::uint64_t>, 4> lines_{};
};

Log::Log(base::Level level, LineFormat format, std::ostream& stream, const base::Clock& clock)
    : level_(level), sink_(std::make_unique<Sink>(format, stream, clock)) {}

Log::Log(base::Level level, LineFormat format, int file, const base::Clock& clock)
    : level_(level), sink_(std::make_unique<Sink>(format, file, clock)) {}

Log::~Log() = default;

void Log::log(base::Level level, std::string_view part, std::string_view message) {
  if (isLogged(level)) sink_->write(level, part, message);
}

void Log::setLevel(base::Level level) { level_.store(level, std::memory_order_relaxed); }

void Log::setFormat(LineFormat format) { sink_->setFormat(format); }

std::uint64_t Log::lineCount(base::Level level) const { return sink_->lineCount(level); }

std::uint64_t Log::droppedCount() const { return sink_->queue() == nullptr ? 0 : sink_->queue()->droppedCount(); }

LineQueue* Log::queue() const { return sink_->queue(); }

std::string_view levelName(base::Level level) {
  switch (level) {
    case base::Level::kDebug: return "debug";
    case base::Level::kInformation: return "information";
    case base::Level::kWarning: return "warning";
    case base::Level::kError: return "error";
  }
  return "error";
}

void appendLine(std::string& out, LineFormat format, std::int64_t time_millis, base::Level level, std::string_view part,
                std::string_view message) {
  const std::string valid_part = toValidUtf8(part);
  const std::string valid_message = toValidUtf8(message);
  if (format == LineFormat::kJson) {
    JsonWriter writer(out);
    writer.beginObject().member("time", base::formatTime(time_millis)).member("level", levelName(level));
    writer.member("part", valid_part).member("message", valid_message).endObject();
    return;
  }
  out += base::formatTime(time_millis);
  out += ' ';
  out += levelName(level);
  out += ' ';
  appendEscaped(out, valid_part);
  out += ": ";
  appendEscaped(out, valid_message);
}

}  // namespace gyre::observe
