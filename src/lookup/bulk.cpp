#include "binary_answers.hpp"
#include "bulk_blocks.hpp"
#include "csv_answers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wangge::lookup {

namespace {

/// One for each thread that was asked for.
template <class Make>
std::vector<std::unique_ptr<BlockAnswerer>> answerers(unsigned threads, Make const& make) {
    std::vector<std::unique_ptr<BlockAnswerer>> all;
    for (unsigned i = 0; i < std::max(threads, 1U); ++i) {
        all.push_back(make());
    }
    return all;
}

constexpr Task kLocating{"Locating positions", "rows"};

} // namespace

BulkResult locate_csv_in_blocks(snapshot::Snapshot const& snapshot, BulkRequest const& request, std::size_t block_bytes,
                                Progress& progress) {
    BlockReader in{request.in, block_bytes, kLongestRecord, whole_records};
    auto const first = take_header(in);
    auto const header_text = without_line_end(first);
    auto const header = read_csv_header(header_text, request.lon_column, request.lat_column, in.name());
    RowEndings const endings{snapshot, header.separator};
    auto const workers = answerers(
        request.threads, [&] { return std::make_unique<CsvAnswerer>(snapshot, endings, header, request, in.name()); });
    BulkOutput out{request.out};
    out.write(fmt::format("{}{}grid_code{}locate_status\n", header_text, header.separator, header.separator));
    return answer_blocks(in, out, workers, 1, kLocating, progress);
}

BulkResult locate_binary_in_blocks(snapshot::Snapshot const& snapshot, BulkRequest const& request, BinaryForm form,
                                   std::size_t block_bytes, Progress& progress) {
    auto const size = record_bytes(form);
    BlockReader in{request.in, block_bytes, size,
                   [size](std::string_view bytes) { return bytes.size() / size * size; }};
    auto const codes = code_numbers(snapshot);
    auto const workers = answerers(
        request.threads, [&] { return std::make_unique<BinaryAnswerer>(snapshot, codes, form, request, in.name()); });
    BulkOutput out{request.out};
    return answer_blocks(in, out, workers, 0, kLocating, progress);
}

BulkResult locate_csv(snapshot::Snapshot const& snapshot, BulkRequest const& request, Progress& progress) {
    return locate_csv_in_blocks(snapshot, request, kBlockBytes, progress);
}

BulkResult locate_binary(snapshot::Snapshot const& snapshot, BulkRequest const& request, BinaryForm form,
                         Progress& progress) {
    return locate_binary_in_blocks(snapshot, request, form, kBlockBytes, progress);
}

} // namespace wangge::lookup
