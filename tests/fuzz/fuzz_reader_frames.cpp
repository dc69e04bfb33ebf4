// Any bytes in the place of what wangge-reader answers: refused with the file's name, or features that are whole.
//   cmake --preset fuzz && cmake --build --preset fuzz --target fuzz_reader_frames
//   build/fuzz/tests/fuzz/fuzz_reader_frames -max_total_time=60
#include "reader_frames.hpp"
#include "require.hpp"

#include <wangge/base/utf8.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace {

using namespace wangge;
using namespace wangge::importers;

using wangge::fuzz::require;

void require_shown(Words const& words) {
    for (auto const* const text : {&words.english, &words.chinese}) {
        require(is_utf8(*text), "messages are UTF-8");
        require(text->find('\x1B') == std::string::npos, "messages drive no terminal");
    }
}

void check(RawFeature const& feature, std::size_t columns) {
    require(feature.fields.size() == columns, "a field for each column");
    require(feature.absent.size() == columns, "each is there or absent");
    for (std::size_t i = 0; i < columns; ++i) {
        require(is_utf8(feature.fields[i]), "fields are UTF-8");
        require(!feature.absent[i] || feature.fields[i].empty(), "what is absent is empty");
    }
    for (auto const& [field, bytes] : feature.undecoded) {
        require(field < columns && feature.fields[field].empty(), "what is no text is of a column, and empty as text");
    }
    std::uint32_t at = 0;
    std::uint32_t part = 0;
    for (auto const& ring : feature.rings) {
        require(ring.first == at && ring.last >= ring.first, "rings lie one after the other");
        require(ring.hole ? ring.part + 1 == part : ring.part == part, "a part begins with its outer ring");
        part = ring.part + 1;
        at = ring.last;
    }
    require(at == feature.coordinates.size(), "rings use all coordinates");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view rest{reinterpret_cast<char const*>(data), size};
    std::size_t const piece = size % 13 + 1;
    ReadLimits limits;
    limits.feature_bytes = 1 << 16;
    limits.features = 50;
    limits.vertices = 1000;
    FrameReader frames{[&](std::span<char> buffer) -> std::size_t {
                           auto const count = std::min({buffer.size(), piece, rest.size()});
                           if (count == 0) {
                               throw Error{ErrorCode::data_unreadable, "fuzz: the end"};
                           }
                           std::copy_n(rest.data(), count, buffer.data());
                           rest.remove_prefix(count);
                           return count;
                       },
                       limits, "fuzz"};
    try {
        auto const header = frames.header();
        require(header.types.size() == header.columns.size(), "a type for each column");
        for (auto const& remark : header.remarks) {
            require_shown(remark);
        }
        RawFeature feature;
        std::vector<RowProblem> problems;
        std::size_t row = 0;
        while (frames.next(feature, problems)) {
            require(feature.row > row, "rows grow");
            row = feature.row;
            check(feature, header.columns.size());
            for (auto const& problem : problems) {
                require_shown(problem.message);
            }
        }
    } catch (Error const& error) {
        require_shown(error.words());
    }
    return 0;
}
