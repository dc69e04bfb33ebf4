#pragma once

#include <wangge/registry/records.hpp>
#include <wangge/snapshot/snapshot.hpp>

namespace wangge::publish {

/// The state as a snapshot is built from it. It borrows from `state`, which must outlive it.
[[nodiscard]] snapshot::Content content_of(registry::State const& state, GenerationNumber generation);

} // namespace wangge::publish
