#include <wangge/address/name_trie.hpp>
#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace wangge::address {

namespace {

constexpr std::size_t kBitsOfPair = 16;               ///< of 16 pairs that begin no name, one or less passes
constexpr std::uint64_t kMagic = 0x335f454952545757U; // "WWTRIE_3"

struct TrieHeader {
    std::uint64_t magic = kMagic;
    std::uint64_t table_size = 0;
    std::uint64_t arcs = 0;
    std::uint64_t pair_words = 0;
    std::uint64_t has_single = 0;
    std::uint64_t zero = 0;
};

} // namespace

struct NameTrieBuilder {
    using Arc = NameTrie::Arc;

    static std::vector<std::byte> build(std::span<NameTrie::Name const> names) {
        std::vector<std::uint32_t> order(names.size());
        for (std::uint32_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        auto const before = [&](std::uint32_t a, std::uint32_t b) {
            auto const compared = names[a].text.compare(names[b].text);
            return compared != 0 ? compared < 0 : names[a].value < names[b].value;
        };
        if (!std::is_sorted(order.begin(), order.end(), before)) {
            std::sort(order.begin(), order.end(), before);
        }
        std::vector<Arc> arcs; // in order of the sorted names: a child is numbered when first met
        std::vector<std::uint64_t> paths;
        std::vector<std::uint32_t> path;
        std::size_t pairs = 0;
        std::u32string_view last;
        for (auto const index : order) {
            std::u32string_view const text = names[index].text;
            if (text.empty()) {
                throw Error{ErrorCode::usage, "name trie: a name is empty"};
            }
            if (text == last) {
                continue;
            }
            auto const common = static_cast<std::size_t>(
                std::mismatch(text.begin(), text.end(), last.begin(), last.end()).first - text.begin());
            path.resize(common);
            for (auto i = common; i < text.size(); ++i) {
                auto const parent = path.empty() ? 0 : arcs[path.back()].child;
                path.push_back(static_cast<std::uint32_t>(arcs.size()));
                auto const child = i == 0 ? NameTrie::first_node(text[0]) : static_cast<std::uint32_t>(arcs.size() + 1);
                paths.push_back(NameTrie::path_of(i == 0 ? NameTrie::kNoPath : paths[path[i - 1]], text[i]));
                arcs.push_back({parent, text[i], child, NameTrie::kNone});
                pairs += i == 1 ? 1U : 0U;
            }
            arcs[path.back()].value = names[index].value;
            last = text;
        }
        if (arcs.size() >= (std::uint64_t{1} << 31U)) {
            throw Error{ErrorCode::data_rejected, "name trie: more names than its format can number"};
        }
        TrieHeader header;
        header.arcs = arcs.size();
        header.table_size = std::bit_ceil(std::max<std::size_t>(arcs.size() * 3 / 2, 1));
        std::vector<Arc> table(header.table_size);
        for (std::size_t i = 0; i < arcs.size(); ++i) {
            auto at = NameTrie::place(paths[i], table.size() - 1);
            while (table[at].parent != NameTrie::kNone) {
                at = (at + 1) & (table.size() - 1);
            }
            table[at] = arcs[i];
        }
        std::vector<std::uint64_t> filter(std::bit_ceil(std::max<std::size_t>(pairs * kBitsOfPair / 64, 1)));
        for (auto const& name : names) {
            if (name.text.size() == 1) {
                header.has_single = 1;
            } else {
                auto const bit = NameTrie::pair_place(name.text[0], name.text[1], filter.size() * 64 - 1);
                filter[bit / 64] |= std::uint64_t{1} << bit % 64;
            }
        }
        header.pair_words = filter.size();
        auto const table_bytes = table.size() * sizeof(Arc);
        std::vector<std::byte> bytes(sizeof header + table_bytes + filter.size() * sizeof(std::uint64_t));
        std::memcpy(bytes.data(), &header, sizeof header);
        std::memcpy(bytes.data() + sizeof header, table.data(), table_bytes);
        std::memcpy(bytes.data() + sizeof header + table_bytes, filter.data(), filter.size() * sizeof(std::uint64_t));
        return bytes;
    }
};

std::vector<std::byte> NameTrie::build(std::span<Name const> names) { return NameTrieBuilder::build(names); }

NameTrie NameTrie::over(std::span<std::byte const> bytes, std::string_view name) {
    TrieHeader header;
    auto const sound = [&] {
        if (bytes.size() < sizeof header) {
            return false;
        }
        std::memcpy(&header, bytes.data(), sizeof header);
        auto const size = bytes.size() - sizeof header;
        return header.magic == kMagic && std::has_single_bit(header.table_size) &&
               header.table_size <= size / sizeof(Arc) && header.arcs <= header.table_size &&
               std::has_single_bit(header.pair_words) &&
               header.pair_words == (size - header.table_size * sizeof(Arc)) / sizeof(std::uint64_t) &&
               size % sizeof(std::uint64_t) == 0;
    };
    if (!sound()) {
        throw Error{ErrorCode::corrupt, fmt::format("{}: the names are damaged; publish again", name)};
    }
    NameTrie trie;
    trie.m_table = {reinterpret_cast<Arc const*>(bytes.data() + sizeof header), header.table_size};
    trie.m_mask = header.table_size - 1;
    trie.m_arcs = header.arcs;
    trie.m_pairs = {reinterpret_cast<std::uint64_t const*>(trie.m_table.data() + header.table_size), header.pair_words};
    trie.m_has_single = header.has_single != 0;
    return trie;
}

std::uint32_t NameTrie::find(std::u32string_view name) const noexcept {
    if (name.size() < 2 || !may_begin(name[0], name[1])) {
        auto const* const arc =
            name.size() == 1 && m_has_single ? step(0, name[0], path_of(kNoPath, name[0])) : nullptr;
        return arc == nullptr ? kNone : arc->value;
    }
    auto node = first_node(name[0]);
    auto value = kNone;
    auto path = path_of(kNoPath, name[0]);
    for (auto const character : name.substr(1)) {
        path = path_of(path, character);
        auto const* const arc = step(node, character, path);
        if (arc == nullptr) {
            return kNone;
        }
        node = arc->child;
        value = arc->value;
    }
    return value;
}

} // namespace wangge::address
