#include "server/config/yaml_loader.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <simdjson.h>
#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

namespace gyre::config {

namespace {

// Deeper than any configuration; the library's own recursion ends far later.
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxNesting = 200;

Position positionOf(const YAML::Mark& mark) {
  return mark.is_null() ? Position{}
                        : Position{static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

Position positionAt(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_start = before.rfind('\n');
  return {lines + 1, offset - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1};
}

// The library takes a quoted scalar that the end of the file cuts off for a whole one.
bool isQuoteClosed(std::string_view text, std::size_t offset) {
  if (offset >= text.size() || (text[offset] != '"' && text[offset] != '\'')) return true;  // a block scalar
  const char quote = text[offset];
  for (std::size_t i = offset + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != '\'') return true;
      ++i;
    }
  }
  return false;
}

// Builds the tree from the parser's events, which carry a mark for keys and values alike.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, YamlFile& file) : text_(text), file_(file) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 1) addFault(positionOf(mark), "expected one document, found a second");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    checkProperties(mark, "?", anchor);
    YamlNode node;
    node.position = positionOf(mark);
    add(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    addFault(positionOf(mark), "expected a value, found an alias (anchors and aliases are not read here)");
    YamlNode node;
    node.position = positionOf(mark);
    add(std::move(node));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    checkProperties(mark, tag, anchor);
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.position = positionOf(mark);
    node.is_quoted = tag == "!";
    node.text = value;
    if (node.is_quoted && !isQuoteClosed(text_, offsetOf(mark)))
      addFault(node.position, "expected a closing quote, found the end of the file");
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    YamlNode node;
    std::optional<YamlNode> key;  // a map's, while its value is awaited
  };

  void addFault(Position position, std::string detail) {
    file_.faults.push_back({position, path(), std::move(detail)});
  }

  std::string path() const {
    std::string text;
    for (const Frame& frame : frames_)
      if (frame.key) text.append(text.empty() ? "" : ".").append(frame.key->text);
    return text;
  }

  std::size_t offsetOf(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text_.size());
  }

  void checkProperties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      addFault(positionOf(mark), "expected a value, found an anchor (anchors and aliases are not read here)");
    // "!" is also what the library calls every quoted scalar.
    const bool is_bare_tag = tag == "!" && text_.substr(offsetOf(mark)).starts_with('!');
    if (is_bare_tag || (!tag.empty() && tag != "?" && tag != "!"))
      addFault(positionOf(mark), "expected a value, found a tag (tags are not read here)");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    checkProperties(mark, tag, anchor);
    if (frames_.size() == kMaxDepth) addFault(positionOf(mark), "expected at most 32 levels, found more");
    Frame frame;
    frame.node.kind = kind;
    frame.node.position = positionOf(mark);
    frames_.push_back(std::move(frame));
  }

  void close() {
    YamlNode node = std::move(frames_.back().node);
    frames_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (frames_.empty()) {
      if (documents_ == 1) file_.root = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == YamlNode::Kind::kMap && !frame.key) {
      if (node.kind != YamlNode::Kind::kScalar)
        addFault(node.position, "expected a key, found " + std::string(kindName(node.kind)));
      frame.key = std::move(node);
      return;
    }
    if (frame.key) {
      node.key = frame.key->text;
      node.key_position = frame.key->position;
      const auto& siblings = frame.node.children;
      const auto first =
          std::find_if(siblings.begin(), siblings.end(), [&](const YamlNode& other) { return other.key == node.key; });
      if (first != siblings.end()) {
        addFault(node.key_position,
                 "expected one, found a second; the first is at line " + std::to_string(first->key_position.line));
        frame.key.reset();
        return;
      }
      frame.key.reset();
    }
    frame.node.children.push_back(std::move(node));
  }

  static std::string_view kindName(YamlNode::Kind kind) {
    switch (kind) {
      case YamlNode::Kind::kNull: return "nothing";
      case YamlNode::Kind::kScalar: return "a scalar";
      case YamlNode::Kind::kList: return "a list";
      case YamlNode::Kind::kMap: return "a map";
    }
    return {};
  }

  std::string_view text_;
  YamlFile& file_;
  std::vector<Frame> frames_;
  int documents_ = 0;
};

// What the library would quietly repair: bytes that are no UTF-8 (or UTF-16, which it detects), and control characters.
bool checkBytes(std::string_view text, YamlFile& file) {
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    file.faults.push_back({{1, 1}, "", "expected UTF-8 text, found other bytes"});
    return false;
  }
  const auto bad = std::find_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
  });
  if (bad == text.end()) return true;
  file.faults.push_back(
      {positionAt(text, static_cast<std::size_t>(bad - text.begin())), "", "expected text, found a control character"});
  return false;
}

// The library recurses once a level, in the parser and in its destructors; so the depth is bounded before it starts. A
// bracket in a comment or a quote counts too: nobody writes that many in a row.
bool checkNesting(std::string_view text, YamlFile& file) {
  std::size_t open = 0, indent = 0, dashes = 0;
  bool is_at_line_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      is_at_line_start = true;
      indent = dashes = 0;
      continue;
    }
    if (is_at_line_start && c == ' ')
      ++indent;
    else if (is_at_line_start && (c == '-' || c == '?' || c == ':'))
      ++dashes;
    else
      is_at_line_start = false;
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (open + indent + dashes <= kMaxNesting) continue;
    file.faults.push_back({positionAt(text, i), "", "expected at most 32 levels, found more"});
    return false;
  }
  return true;
}

}  // namespace

YamlFile loadYaml(std::string_view text) {
  YamlFile file;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  if (!checkBytes(text, file) || !checkNesting(text, file)) return file;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(text, file);
    // The second document is only looked at to refuse it; more are not read.
    if (parser.HandleNextDocument(builder)) parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& error) {
    file.faults.push_back({positionOf(error.mark), "", "expected YAML: " + error.msg});
  } catch (const std::exception& error) {
    file.faults.push_back({{}, "", std::string("expected YAML: ") + error.what()});
  }
  return file;
}

}  // namespace gyre::config
