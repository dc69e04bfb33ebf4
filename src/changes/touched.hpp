#pragma once

#include <wangge/changes/examination.hpp>

namespace wangge::changes {

/// Keeps what the change set touches, so that others that touch the same are told.
void record_touched(registry::Registry& registry, Examination const& examined);

} // namespace wangge::changes
