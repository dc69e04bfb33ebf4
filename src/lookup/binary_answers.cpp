#include "binary_answers.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace wangge::lookup {

namespace {

constexpr std::size_t kBatchRecords = 2048;
/// Codes are fetched so many records before they are written.
constexpr std::size_t kFetchAhead = 32;

template <class Word>
[[nodiscard]] Word little_endian(Word word) noexcept {
    if constexpr (std::endian::native == std::endian::big) {
        auto bytes = std::bit_cast<std::array<char, sizeof word>>(word);
        std::reverse(bytes.begin(), bytes.end());
        word = std::bit_cast<Word>(bytes);
    }
    return word;
}

template <class Word>
[[nodiscard]] Word load(char const* bytes) noexcept {
    Word word{};
    std::memcpy(&word, bytes, sizeof word);
    return little_endian(word);
}

[[nodiscard]] constexpr bool within(std::int32_t units, std::int32_t degrees) noexcept {
    constexpr std::int32_t kUnits = 10'000'000;
    return units >= -degrees * kUnits && units <= degrees * kUnits;
}

} // namespace

std::vector<std::uint64_t> code_numbers(snapshot::Snapshot const& snapshot) {
    constexpr std::size_t kDigits = 19; // every number of so many is below 2^64 - 1
    std::vector<std::uint64_t> numbers(snapshot.grid_count());
    for (snapshot::GridId id = 0; id < numbers.size(); ++id) {
        auto const code = snapshot.grid(id).code;
        auto const text = code.str();
        if (text.front() == '0' || text.size() > kDigits) {
            throw Error{ErrorCode::usage,
                        fmt::format("grid code {} is not told by its number (a leading zero, or more than "
                                    "{} digits), which is what --binary writes; ask with a CSV",
                                    text, kDigits)};
        }
        std::from_chars(text.data(), text.data() + text.size(), numbers[id]);
    }
    return numbers;
}

BinaryAnswerer::BinaryAnswerer(snapshot::Snapshot const& snapshot, std::vector<std::uint64_t> const& codes,
                               BinaryForm form, BulkRequest const& request, std::string file)
    : m_snapshot(snapshot)
    , m_codes(codes)
    , m_form(form)
    , m_lattice(request.crs, request.site_systems)
    , m_file(std::move(file)) {
    if (form == BinaryForm::e7 && !m_lattice.unchanged()) {
        throw Error{ErrorCode::usage,
                    fmt::format("--binary e7 is in units of 1e-7 degree of CGCS2000, so that --crs {} cannot "
                                "be; give its coordinates as --binary f64",
                                request.crs)};
    }
}

void BinaryAnswerer::refuse(std::uint64_t record) const {
    throw Error{
        ErrorCode::data_unreadable,
        fmt::format("{}: ends inside record {}, where each has {} bytes; was it cut short, or is it not --binary {}?",
                    m_file, record, record_bytes(m_form), m_form == BinaryForm::e7 ? "e7" : "f64")};
}

void BinaryAnswerer::read_lattice(char const* records) {
    for (std::size_t i = 0; i < m_points.size(); ++i) {
        geom::Point const p{load<std::int32_t>(records + 8 * i), load<std::int32_t>(records + 8 * i + 4)};
        m_points[i] = p;
        m_is_fault[i] = static_cast<std::uint8_t>(!within(p.lon, 180) || !within(p.lat, 90));
    }
}

void BinaryAnswerer::read_coordinates(char const* records) {
    m_coordinates.resize(m_points.size());
    for (std::size_t i = 0; i < m_coordinates.size(); ++i) {
        m_coordinates[i] = {load<double>(records + 16 * i), load<double>(records + 16 * i + 8)};
    }
    m_lattice.convert(m_coordinates, m_points, m_is_fault);
}

void BinaryAnswerer::write_codes(std::uint64_t* answers, Tally& tally) const {
    auto const count = m_grids.size();
    std::uint64_t inside = 0, faults = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (i + kFetchAhead < count && m_grids[i + kFetchAhead] != snapshot::kOutside) {
            __builtin_prefetch(&m_codes[m_grids[i + kFetchAhead]]);
        }
        bool const is_inside = m_is_fault[i] == 0 && m_grids[i] != snapshot::kOutside;
        answers[i] = little_endian(is_inside            ? m_codes[m_grids[i]]
                                   : m_is_fault[i] != 0 ? kBinaryFault
                                                        : kBinaryOutside);
        inside += static_cast<std::uint64_t>(is_inside);
        faults += m_is_fault[i];
    }
    tally.result.rows += count;
    tally.result.inside += inside;
    tally.result.faults += faults;
    tally.result.outside += count - inside - faults;
    tally.records += count;
}

Tally BinaryAnswerer::answer(Block const& block, Deliver const& deliver) {
    auto const size = record_bytes(m_form);
    auto const bytes = block.bytes();
    auto const records = bytes.size() / size;
    Tally tally;
    tally.stopped = bytes.size() % size != 0;
    m_answer.resize(records);
    for (std::size_t first = 0; first < records; first += kBatchRecords) {
        auto const count = std::min(kBatchRecords, records - first);
        m_points.resize(count);
        m_grids.resize(count);
        m_is_fault.resize(count);
        if (m_form == BinaryForm::e7) {
            read_lattice(bytes.data() + first * size);
        } else {
            read_coordinates(bytes.data() + first * size);
        }
        m_snapshot.point_index().locate(m_points, m_grids);
        write_codes(m_answer.data() + first, tally);
    }
    if (records != 0) {
        deliver({reinterpret_cast<char const*>(m_answer.data()), records * sizeof(std::uint64_t)});
    }
    return tally;
}

} // namespace wangge::lookup
