#pragma once

#include "number_text.hpp"
#include "part_splitter.hpp"

#include <wangge/address/normalizer.hpp>
#include <wangge/address/parser.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

inline constexpr std::uint32_t kNoPart = 0xffffffffU;

/// A few numbers of parts; more than fit are left out.
struct PartList {
    std::array<std::uint32_t, 6> parts{};
    std::uint32_t size = 0;
    void add(std::uint32_t part) noexcept {
        if (size < parts.size()) {
            parts[size++] = part;
        }
    }
    [[nodiscard]] auto begin() const noexcept { return parts.begin(); }
    [[nodiscard]] auto end() const noexcept { return parts.begin() + size; }
};

/// One address of a text; most texts hold one.
struct AddressLine {
    std::uint32_t mentions = 0; ///< bits: which of AddressQuery::mentions are about it
    PartList roads, estates;    ///< groups and landmarks among the estates
    PartList nameless;          ///< written like a division, or like nothing known
    std::uint32_t main_road = kNoPart;
    std::uint32_t number_part = kNoPart, building_part = kNoPart, unit_part = kNoPart, room_part = kNoPart;
    HouseNumber number;
    std::u32string building, unit, room; ///< keys, empty where the text has none

    [[nodiscard]] bool has_target() const noexcept {
        return roads.size != 0 || estates.size != 0 || number_part != kNoPart;
    }
    void clear() noexcept;
};

/// A division that the text may name.
struct Mention {
    std::uint32_t part = 0;
    Component component = Component::village;
    bool behind_number = false;
    bool bare = false;      ///< no bearer by its full name
    bool kind_said = false; ///< a town or village with its 镇 or 社区 in the text
};

/// A parsed text, read as one address or several. Keep one and use it again: it keeps its memory.
struct AddressQuery {
    static constexpr std::size_t kMostMentions = 32, kMostLines = 4;
    NormalizedText const* text = nullptr;
    ParsedAddress const* parsed = nullptr;
    std::vector<Mention> mentions;
    std::array<AddressLine, kMostLines> lines;
    std::size_t line_count = 0;
    std::vector<std::uint8_t> line_of_part;
    std::vector<WholePart> wholes; ///< parts that were split, for whoever parsed; names with a slip may hide in them

    /// Borrows all until the next call. `names` are those of roads and estates that are known.
    void read(NormalizedText const& text, ParsedAddress const& parsed, NameTrie const& names);
    [[nodiscard]] std::u32string_view characters(std::uint32_t part) const noexcept {
        auto const& p = parsed->parts[part];
        return std::u32string_view{text->characters}.substr(p.begin, p.end - p.begin);
    }

private:
    AddressLine& open_line() noexcept;
    void read_part(std::uint32_t part, NameTrie const& names);
    bool read_compact(AddressLine& line, std::uint32_t part);
    void inherit() noexcept;
};

} // namespace wangge::address
