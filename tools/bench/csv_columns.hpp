#pragma once

#include <wangge/base/error.hpp>
#include <wangge/importers/csv_reader.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::bench {

/// Calls `take` with each record of a CSV file, as columns of the names asked for.
template <class Take>
void read_csv(std::filesystem::path const& path, std::vector<std::string_view> const& names, Take&& take) {
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        throw Error{ErrorCode::not_found, fmt::format("{}: cannot be read", path.string())};
    }
    importers::CsvReader reader{[&](std::span<char> buffer) {
                                    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
                                    return static_cast<std::size_t>(file.gcount());
                                },
                                ','};
    using Outcome = importers::CsvReader::Outcome;
    std::vector<std::string> fields;
    std::vector<std::size_t> columns;
    std::vector<std::string_view> values(names.size());
    for (auto outcome = reader.next(fields); outcome != Outcome::end; outcome = reader.next(fields)) {
        if (outcome != Outcome::record) {
            throw Error{ErrorCode::data_rejected, fmt::format("{}: line {} is no CSV", path.string(), reader.line())};
        }
        if (columns.empty()) {
            for (auto const name : names) {
                auto const at =
                    std::find_if(fields.begin(), fields.end(), [&](auto const& f) { return f.ends_with(name); });
                if (at == fields.end()) {
                    throw Error{ErrorCode::data_rejected, fmt::format("{}: has no column '{}'", path.string(), name)};
                }
                columns.push_back(static_cast<std::size_t>(at - fields.begin()));
            }
            continue;
        }
        for (std::size_t k = 0; k < columns.size(); ++k) {
            values[k] = columns[k] < fields.size() ? std::string_view{fields[columns[k]]} : std::string_view{};
        }
        take(values);
    }
}

} // namespace wangge::bench
