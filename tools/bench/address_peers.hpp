#pragma once

#include "timing.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wangge::bench {

/// A search engine that has indexed standard addresses. Ready after its constructor.
class AddressPeer {
public:
    virtual ~AddressPeer() = default;
    /// Number of the first hit among the addresses it was made of; none where nothing is found.
    [[nodiscard]] virtual std::optional<std::uint32_t> find(std::string_view text) = 0;
    /// Bytes of its files.
    [[nodiscard]] virtual std::uint64_t file_bytes() = 0;
};

struct AddressPeerKind {
    std::string_view key, title;
    std::unique_ptr<AddressPeer> (*make)(std::span<std::string_view const> addresses) = nullptr;
};

/// Those that were built in; none without WANGGE_BENCH_PEERS.
[[nodiscard]] std::span<AddressPeerKind const> address_peer_kinds();

/// SQLite's FTS5 with its trigram tokenizer: the rarest trigrams of a text, one of them enough, ranked by bm25.
[[nodiscard]] std::unique_ptr<AddressPeer> make_fts5_peer(std::span<std::string_view const> addresses);
/// Xapian with characters and pairs of them as terms, one of them enough, ranked by BM25.
[[nodiscard]] std::unique_ptr<AddressPeer> make_xapian_peer(std::span<std::string_view const> addresses);

} // namespace wangge::bench
