#pragma once

namespace wangge::importers {

/// Language of what people read. Keys of JSON, slugs of problems and names of layers are the same in both.
enum class Language { english, chinese };

} // namespace wangge::importers
