#pragma once

#include <wangge/address/gazetteer.hpp>
#include <wangge/address/parser.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/base/sectioned_file.hpp>
#include <wangge/geom/point.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

/// Number of an address point in its index, in the order of village, road, number.
using AddressNumber = std::uint32_t;
/// Number of a house in its index, by village, road, number, suffix, estate, building, then as written, position; its
/// addresses stand together.
using HouseId = std::uint32_t;

/// What the column `estate` of an address point names. Imported tables use it for both, see docs/addresses.md.
enum class EstateKind : std::uint8_t {
    from_text, ///< an estate where it stands behind the road in the text, a group (hamlet) where it stands before it
    estate,
    group,
    landmark
};

/// An address point as it was imported, or as staff added it; the views are borrowed until the next one is asked for.
/// Where all of road ... room are empty they are read from the text, as a query is.
struct AddressRecord {
    std::string_view id;
    std::string_view text; ///< the standard address
    DivisionCode village;  ///< may be invalid
    std::string_view road, number, estate, building, unit, room;
    geom::Point at; ///< CGCS2000, longitude first, units of 1e-7 degree
    EstateKind estate_kind = EstateKind::from_text;
    bool by_staff = false; ///< staff bound the text to this place: AddressIndex::bound_to() finds it
};

/// An address point as it comes back.
struct StoredAddress {
    std::string id, text;
    DivisionNumber village = kNoDivision;
    std::string road, number, estate, building, unit, room;
    geom::Point at;
    bool by_staff = false;
};

/// What an index is built from; borrowed for the build only.
struct AddressContent {
    std::span<GazetteerEntry const> divisions;
    std::span<GazetteerAlias const> aliases;
    /// Fills the next record and returns true, false at the end. In any order. May be empty: then there is only the
    /// gazetteer.
    std::function<bool(AddressRecord&)> next;
    Digest source; ///< of the facts it comes from, by whoever knows them cheaply; kept in the header
};

struct IndexView; // src/address/index_view.hpp

/**
 * The gazetteer and all address points of a province in one mapped file: by words, by place, by prefix. Nothing is
 * parsed at open. Any number of threads. docs/addresses.md gives the layout.
 */
class AddressIndex {
public:
    /// Writes the file, not synced. The same content gives the same bytes, whatever the order of the records.
    /// Error{data_rejected} where the content outgrows the format. O(n log n).
    static WrittenFile write(AddressContent const& content, std::filesystem::path const& file, Progress& progress);
    /// Maps a file that write() made. Error{not_found}, Error{corrupt} naming the file: when a size, the header with
    /// its checksum, or any number in a record that leads somewhere is wrong, so that no accessor can leave the
    /// mapping. Other damage gives wrong answers; the file's checksum, which whoever lists the file keeps, shows it.
    [[nodiscard]] static std::shared_ptr<AddressIndex const> open(std::filesystem::path const& file);
    ~AddressIndex();
    /// Digest of the facts that the file comes from, without opening the rest; empty when there is none that this
    /// program can read. Whether the rest is whole, open() and the file's checksum tell.
    [[nodiscard]] static std::optional<Digest> source_of(std::filesystem::path const& file);
    /// Stands for the rules by which this program makes an index of facts: a file that another one made is made anew.
    [[nodiscard]] static Digest rules();

    [[nodiscard]] Gazetteer const& gazetteer() const noexcept;
    [[nodiscard]] KnownNames known_names() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept; ///< address points
    [[nodiscard]] Digest const& source() const noexcept;
    [[nodiscard]] StoredAddress address(AddressNumber number) const; ///< number < size(); copies
    void address(AddressNumber number, StoredAddress& out) const;    ///< the same; `out` keeps its memory
    /// The same, of an address of that house, which need not be looked for.
    void address(AddressNumber number, HouseId house, StoredAddress& out) const;
    [[nodiscard]] HouseId house_of(AddressNumber number) const noexcept; ///< O(log n)
    /// Points of staff to which this text is bound, rising: it says what they wrote, whatever is said of the divisions
    /// in which the point lies. Nothing for a text that is not good. O(points found + names of divisions in the text).
    [[nodiscard]] std::vector<AddressNumber> bound_to(std::string_view text) const;
    /// The arrays themselves, for this room.
    [[nodiscard]] IndexView const& view() const noexcept;

    struct Near {
        AddressNumber address = 0;
        double distance_m = 0;
    };
    /// The `k` nearest within `limit_m`, nearest first; of equal distances the lower number first. Of the doors of one
    /// building only the first counts.
    [[nodiscard]] std::vector<Near> nearest(geom::Point p, std::size_t k, double limit_m) const;

    struct Suggestion {
        std::string text; ///< the whole input as it may go on: what it names already, and what leads to the new name
        Component component = Component::road;
        DivisionNumber division = kNoDivision; ///< the one itself, or the one in which the road or estate lies: the
                                               ///< narrowest that the text names, else a county (a city without)
        std::uint32_t addresses = 0;           ///< how many points stand behind it
    };
    /// What an address that begins like this may be. The text is read as divisions as far as that goes, in each way in
    /// which it can be; what is left is the beginning of a name, or of the pinyin initials of one ("whl"), of a
    /// division, road, estate, group or landmark in the last of them. Nothing is left: what may follow, after all else.
    /// The one with most addresses first. Nothing for an empty text.
    [[nodiscard]] std::vector<Suggestion> suggest(std::string_view text, std::size_t most) const;

private:
    AddressIndex();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace wangge::address
