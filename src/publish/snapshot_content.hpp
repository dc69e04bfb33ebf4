#pragma once

#include <wangge/registry/records.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <string>

namespace wangge::publish {

/// The state as a snapshot is built from it. It borrows from `state`, which must outlive it.
[[nodiscard]] snapshot::Content content_of(registry::State const& state, GenerationNumber generation,
                                           std::string notes);
/// What makes the snapshot of `after` from that of the state before. It borrows from `difference`.
[[nodiscard]] snapshot::Update update_of(registry::Difference const& difference, registry::StateName const& after,
                                         std::string notes);

} // namespace wangge::publish
