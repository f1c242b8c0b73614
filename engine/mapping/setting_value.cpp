#include "engine/mapping/setting_value.hpp"

#include <string>

namespace gyre::engine {

namespace {

json::Value settingOf(json::Value settings, std::string_view name) {
  if (!settings.isObject()) return {};
  if (const json::Value flat = settings[name]; !flat.isMissing()) return flat;
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1))
    if (const json::Value below = settingOf(settings[name.substr(0, dot)], name.substr(dot + 1)); !below.isMissing())
      return below;
  return {};
}

}  // namespace

json::Value indexSetting(json::Value settings, std::string_view name) {
  const json::Value with_prefix = settingOf(settings, std::string("index.").append(name));
  return with_prefix.isMissing() ? settingOf(settings, name) : with_prefix;
}

}  // namespace gyre::engine
