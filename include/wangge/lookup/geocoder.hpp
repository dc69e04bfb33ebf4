#pragma once

#include <wangge/address/address_index.hpp>
#include <wangge/address/matcher.hpp>
#include <wangge/lookup/locator.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wangge::lookup {

/// Is the number that the text says, if it says one, that of the place which was found? One that was found between two
/// others, or not at all, is not.
[[nodiscard]] bool is_number_confirmed(address::PlaceMatch const& place) noexcept;

/// One of the grids in which an address may lie.
struct GridShare {
    snapshot::GridId grid = snapshot::kOutside;
    double share = 0; ///< of the evidence; what the grids of an answer lack to 1 is of none of them
};

/// The text says one thing, and what was found is another.
struct AddressConflict {
    address::Component component = address::Component::noise;
    std::string said, found;
};
/// 文中写的县区是“天河区”，找到的地址在“越秀区”
[[nodiscard]] std::string chinese_sentence(AddressConflict const& conflict);
/// the text says county "天河区", what was found lies in "越秀区"
[[nodiscard]] std::string english_sentence(AddressConflict const& conflict);

/// Answer to "which grid is this address in": one grid when the text determines it, else the grids it may be.
struct AddressAnswer {
    address::MatchResult match;
    address::MatchLevel level = address::MatchLevel::none; ///< of the first place
    /// Calibrated: the share of such answers whose first of `grids` is the right one.
    double score = 0;
    std::optional<snapshot::GridId> grid; ///< only when the evidence determines one
    /// The largest share first; at most kMostGrids, and of those only what matters: the rest together has
    /// MatchCosts::left_out at most. Empty when no more is known than a county or something wider.
    std::vector<GridShare> grids;
    std::size_t grids_in_all = 0;                   ///< with any share, and all grids of a county or something wider
    std::optional<geom::Point> position;            ///< of the first place
    std::optional<address::StoredAddress> standard; ///< the matched standard address
    std::vector<AddressConflict> conflicts;         ///< of the first place
    bool by_staff = false; ///< staff bound this text to the first place, or to one of several: AddressIndex::bound_to()
};

/// Most grids that an answer lists.
inline constexpr std::size_t kMostGrids = 200;

/**
 * Address -> grid, over one snapshot and its address index, which must outlive it as the costs must. Keeps its working
 * memory: one for each thread. Making the first costs nothing; the first answer that names a division alone sorts the
 * grids by village, some 10 ms for a province, which copies share.
 */
class Geocoder {
public:
    Geocoder(snapshot::Snapshot const& snapshot, address::AddressIndex const& index,
             address::MatchCosts const& costs = address::kMatchCosts);
    Geocoder(Geocoder const& other); ///< for another thread
    Geocoder& operator=(Geocoder const&) = delete;
    ~Geocoder();
    /// Never throws for any bytes; `out` keeps its memory.
    void geocode(std::string_view text, AddressAnswer& out);
    /// The same answers to many texts, faster than one by one: texts that begin alike come after each other, and while
    /// one waits for memory others go on. Calls take(number, answer) once for each text, in any order; the answer is
    /// borrowed for the call. O(n log n), 36 bytes a text.
    using Take = std::function<void(std::size_t number, AddressAnswer const& answer)>;
    void geocode(std::span<std::string_view const> texts, Take const& take);
    /// That the divisions of answers are numbers of.
    [[nodiscard]] address::Gazetteer const& gazetteer() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// Was an address index published with the snapshot?
[[nodiscard]] bool has_addresses(snapshot::Snapshot const& snapshot);
/// The address index that was published with the snapshot. Error{not_found} when there is none, and as
/// AddressIndex::open() does.
[[nodiscard]] std::shared_ptr<address::AddressIndex const> address_index_of(snapshot::Snapshot const& snapshot);

/// Geocoders of one state for many threads. Safe from any of them.
class GeocoderPool {
public:
    GeocoderPool(std::shared_ptr<snapshot::Snapshot const> snapshot,
                 std::shared_ptr<address::AddressIndex const> index);
    [[nodiscard]] address::AddressIndex const& index() const noexcept { return *m_index; }
    /// use(geocoder) with one that no other thread has meanwhile.
    template <class Use>
    auto with(Use&& use) {
        Lease const lease{*this};
        return std::forward<Use>(use)(*lease.geocoder);
    }

private:
    struct Lease {
        explicit Lease(GeocoderPool& of) : pool(of), geocoder(of.take()) {}
        ~Lease() { pool.put(std::move(geocoder)); }
        Lease(Lease const&) = delete;
        Lease& operator=(Lease const&) = delete;
        GeocoderPool& pool;
        std::unique_ptr<Geocoder> geocoder;
    };
    [[nodiscard]] std::unique_ptr<Geocoder> take();
    void put(std::unique_ptr<Geocoder> geocoder) noexcept;

    std::shared_ptr<snapshot::Snapshot const> m_snapshot;
    std::shared_ptr<address::AddressIndex const> m_index;
    Geocoder m_first; ///< the others are copies of it
    std::mutex m_mutex;
    std::vector<std::unique_ptr<Geocoder>> m_free;
};

} // namespace wangge::lookup
