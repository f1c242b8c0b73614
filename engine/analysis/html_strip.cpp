#include "engine/analysis/html_strip.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

constexpr std::string_view kInlineTags[] = {
    "a",    "abbr",   "acronym", "b",     "basefont", "bdo",      "big", "cite", "code", "dfn",    "em",
    "font", "i",      "img",     "input", "kbd",      "label",    "q",   "s",    "samp", "select", "small",
    "span", "strike", "strong",  "sub",   "sup",      "textarea", "tt",  "u",    "var"};

// The names of HTML 4. Those of U+00A0 to U+00FF first, in order.
constexpr std::string_view kLatinEntities =
    "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute "
    "micro "
    "para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil "
    "Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave "
    "Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml "
    "igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute "
    "thorn yuml";
constexpr std::pair<std::string_view, std::uint32_t> kOtherEntities[] = {
    {"quot", 0x22},     {"amp", 0x26},       {"lt", 0x3c},        {"gt", 0x3e},       {"apos", 0x27},
    {"OElig", 0x152},   {"oelig", 0x153},    {"Scaron", 0x160},   {"scaron", 0x161},  {"Yuml", 0x178},
    {"fnof", 0x192},    {"circ", 0x2c6},     {"tilde", 0x2dc},    {"Alpha", 0x391},   {"Beta", 0x392},
    {"Gamma", 0x393},   {"Delta", 0x394},    {"Epsilon", 0x395},  {"Zeta", 0x396},    {"Eta", 0x397},
    {"Theta", 0x398},   {"Iota", 0x399},     {"Kappa", 0x39a},    {"Lambda", 0x39b},  {"Mu", 0x39c},
    {"Nu", 0x39d},      {"Xi", 0x39e},       {"Omicron", 0x39f},  {"Pi", 0x3a0},      {"Rho", 0x3a1},
    {"Sigma", 0x3a3},   {"Tau", 0x3a4},      {"Upsilon", 0x3a5},  {"Phi", 0x3a6},     {"Chi", 0x3a7},
    {"Psi", 0x3a8},     {"Omega", 0x3a9},    {"alpha", 0x3b1},    {"beta", 0x3b2},    {"gamma", 0x3b3},
    {"delta", 0x3b4},   {"epsilon", 0x3b5},  {"zeta", 0x3b6},     {"eta", 0x3b7},     {"theta", 0x3b8},
    {"iota", 0x3b9},    {"kappa", 0x3ba},    {"lambda", 0x3bb},   {"mu", 0x3bc},      {"nu", 0x3bd},
    {"xi", 0x3be},      {"omicron", 0x3bf},  {"pi", 0x3c0},       {"rho", 0x3c1},     {"sigmaf", 0x3c2},
    {"sigma", 0x3c3},   {"tau", 0x3c4},      {"upsilon", 0x3c5},  {"phi", 0x3c6},     {"chi", 0x3c7},
    {"psi", 0x3c8},     {"omega", 0x3c9},    {"thetasym", 0x3d1}, {"upsih", 0x3d2},   {"piv", 0x3d6},
    {"ensp", 0x2002},   {"emsp", 0x2003},    {"thinsp", 0x2009},  {"zwnj", 0x200c},   {"zwj", 0x200d},
    {"lrm", 0x200e},    {"rlm", 0x200f},     {"ndash", 0x2013},   {"mdash", 0x2014},  {"lsquo", 0x2018},
    {"rsquo", 0x2019},  {"sbquo", 0x201a},   {"ldquo", 0x201c},   {"rdquo", 0x201d},  {"bdquo", 0x201e},
    {"dagger", 0x2020}, {"Dagger", 0x2021},  {"bull", 0x2022},    {"hellip", 0x2026}, {"permil", 0x2030},
    {"prime", 0x2032},  {"Prime", 0x2033},   {"lsaquo", 0x2039},  {"rsaquo", 0x203a}, {"oline", 0x203e},
    {"frasl", 0x2044},  {"euro", 0x20ac},    {"image", 0x2111},   {"weierp", 0x2118}, {"real", 0x211c},
    {"trade", 0x2122},  {"alefsym", 0x2135}, {"larr", 0x2190},    {"uarr", 0x2191},   {"rarr", 0x2192},
    {"darr", 0x2193},   {"harr", 0x2194},    {"crarr", 0x21b5},   {"lArr", 0x21d0},   {"uArr", 0x21d1},
    {"rArr", 0x21d2},   {"dArr", 0x21d3},    {"hArr", 0x21d4},    {"forall", 0x2200}, {"part", 0x2202},
    {"exist", 0x2203},  {"empty", 0x2205},   {"nabla", 0x2207},   {"isin", 0x2208},   {"notin", 0x2209},
    {"ni", 0x220b},     {"prod", 0x220f},    {"sum", 0x2211},     {"minus", 0x2212},  {"lowast", 0x2217},
    {"radic", 0x221a},  {"prop", 0x221d},    {"infin", 0x221e},   {"ang", 0x2220},    {"and", 0x2227},
    {"or", 0x2228},     {"cap", 0x2229},     {"cup", 0x222a},     {"int", 0x222b},    {"there4", 0x2234},
    {"sim", 0x223c},    {"cong", 0x2245},    {"asymp", 0x2248},   {"ne", 0x2260},     {"equiv", 0x2261},
    {"le", 0x2264},     {"ge", 0x2265},      {"sub", 0x2282},     {"sup", 0x2283},    {"nsub", 0x2284},
    {"sube", 0x2286},   {"supe", 0x2287},    {"oplus", 0x2295},   {"otimes", 0x2297}, {"perp", 0x22a5},
    {"sdot", 0x22c5},   {"lceil", 0x2308},   {"rceil", 0x2309},   {"lfloor", 0x230a}, {"rfloor", 0x230b},
    {"lang", 0x2329},   {"rang", 0x232a},    {"loz", 0x25ca},     {"spades", 0x2660}, {"clubs", 0x2663},
    {"hearts", 0x2665}, {"diams", 0x2666},
};

const std::unordered_map<std::string_view, std::uint32_t>& entities() {
  static const std::unordered_map<std::string_view, std::uint32_t> known = [] {
    std::unordered_map<std::string_view, std::uint32_t> made(std::begin(kOtherEntities), std::end(kOtherEntities));
    std::uint32_t code = 0xa0;
    for (std::string_view rest = kLatinEntities; !rest.empty(); ++code) {
      const std::size_t space = std::min(rest.find(' '), rest.size());
      made.emplace(rest.substr(0, space), code);
      rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    // These may be written in capitals.
    for (const auto& [name, value] :
         {std::pair{"AMP", 0x26u}, {"LT", 0x3cu}, {"GT", 0x3eu}, {"QUOT", 0x22u}, {"COPY", 0xa9u}, {"REG", 0xaeu}})
      made.emplace(name, value);
    return made;
  }();
  return known;
}

bool isNameByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == ':' || c == '.';
}

class HtmlStripFilter final : public CharFilter {
 public:
  explicit HtmlStripFilter(std::vector<std::string> kept_tags) : kept_tags_(std::move(kept_tags)) {}

  void apply(std::string_view text, std::string& out, OffsetMap& offsets) const override {
    TextEditor editor(out, offsets);
    std::size_t from = 0;
    std::string replacement;
    for (std::size_t at = text.find_first_of("<&"); at != std::string_view::npos; at = text.find_first_of("<&", at)) {
      const std::string_view rest = text.substr(at);
      replacement.clear();
      const std::size_t size = rest[0] == '&' ? readEntity(rest, replacement) : readMarkup(rest, replacement);
      if (size == 0) {
        ++at;
        continue;
      }
      editor.copy(text.substr(from, at - from));
      editor.replace(text.substr(at, size), replacement);
      from = at += size;
    }
    editor.copy(text.substr(from));
  }

 private:
  // The bytes of the entity that begins the text; 0 when there is none.
  static std::size_t readEntity(std::string_view text, std::string& replacement) {
    std::size_t at = 1;
    std::uint32_t code = 0;
    if (text.size() > 2 && text[1] == '#') {
      const bool is_hex = text[2] == 'x' || text[2] == 'X';
      at = is_hex ? 3 : 2;
      const std::size_t first = at;
      for (; at < text.size() && at - first < 8; ++at) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (is_hex ? std::isxdigit(c) == 0 : std::isdigit(c) == 0) break;
        code = code * (is_hex ? 16 : 10) + static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
      }
      if (at == first || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return 0;
      if (at < text.size() && text[at] == ';') ++at;
    } else {
      while (at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0) ++at;
      const auto found = entities().find(text.substr(1, at - 1));
      if (found == entities().end()) return 0;
      code = found->second == 0xa0 ? ' ' : found->second;
      if (at < text.size() && text[at] == ';') ++at;
    }
    char bytes[4];
    replacement.assign(bytes, encodeUtf8(code, bytes));
    return at;
  }

  static std::size_t behind(std::string_view text, std::string_view end, std::size_t from) {
    const std::size_t at = text.find(end, from);
    return at == std::string_view::npos ? text.size() : at + end.size();
  }

  // The bytes of the markup that begins the text, 0 when it is none; what it leaves behind.
  std::size_t readMarkup(std::string_view text, std::string& replacement) const {
    if (text.starts_with("<!--")) return behind(text, "-->", 4);
    if (text.starts_with("<![CDATA[")) return readCdata(text, replacement);
    if (text.starts_with("<?")) return behind(text, ">", 2);
    if (text.starts_with("<!")) {
      replacement = "\n";
      return behind(text, ">", 2);
    }
    const bool is_end = text.size() > 1 && text[1] == '/';
    std::size_t at = is_end ? 2 : 1;
    const std::size_t first = at;
    if (at >= text.size() || (std::isalpha(static_cast<unsigned char>(text[at])) == 0 && text[at] != '_')) return 0;
    while (at < text.size() && isNameByte(text[at])) ++at;
    std::string name(text.substr(first, at - first));
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const std::size_t size = endOfTag(text, at);
    if (size == 0) return 0;
    if (std::find(kept_tags_.begin(), kept_tags_.end(), name) != kept_tags_.end()) {
      replacement = std::string(text.substr(0, size));
      return size;
    }
    if (!is_end && (name == "script" || name == "style") && text[size - 2] != '/') {
      replacement = "\n";
      return behindElement(text, name, size);
    }
    const bool is_inline = std::find(std::begin(kInlineTags), std::end(kInlineTags), name) != std::end(kInlineTags);
    if (!is_inline) replacement = "\n";
    return size;
  }

  // Behind the > that closes the tag, past quoted attributes; 0 when nothing does.
  static std::size_t endOfTag(std::string_view text, std::size_t at) {
    while (at < text.size()) {
      if (text[at] == '>') return at + 1;
      if (text[at] == '<') return 0;
      if (text[at] == '"' || text[at] == '\'') {
        const std::size_t quote = text.find(text[at], at + 1);
        if (quote != std::string_view::npos) at = quote;
      }
      ++at;
    }
    return 0;
  }

  static std::size_t behindElement(std::string_view text, const std::string& name, std::size_t at) {
    for (at = text.find("</", at); at != std::string_view::npos; at = text.find("</", at + 2)) {
      const std::string_view found = text.substr(at + 2, name.size());
      const bool is_same = std::equal(found.begin(), found.end(), name.begin(), name.end(),
                                      [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
      if (is_same) return behind(text, ">", at);
    }
    return text.size();
  }

  static std::size_t readCdata(std::string_view text, std::string& replacement) {
    const std::size_t end = text.find("]]>", 9);
    const std::size_t stop = std::min(end, text.size());
    replacement = std::string(text.substr(9, stop - 9));
    return end == std::string_view::npos ? text.size() : end + 3;
  }

  std::vector<std::string> kept_tags_;
};

}  // namespace

CharFilterPtr makeHtmlStripFilter(std::vector<std::string> kept_tags) {
  return std::make_shared<HtmlStripFilter>(std::move(kept_tags));
}

}  // namespace gyre::engine
