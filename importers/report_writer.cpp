#include "report_contents.hpp"
#include "report_geopackage.hpp"
#include "report_html.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/importers/report_writer.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace wangge::importers {

namespace {

enum class Form { json, html, geopackage, text };

[[nodiscard]] std::optional<Form> form_of(std::filesystem::path const& path) {
    auto extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    constexpr std::array<std::string_view, 4> kExtensions{".json", ".html", ".gpkg", ".txt"};
    auto const found = std::ranges::find(kExtensions, extension);
    return found == kExtensions.end() ? std::nullopt : std::optional{static_cast<Form>(found - kExtensions.begin())};
}

template <class Report>
void write(Report const& report, std::filesystem::path const& path, Language language) {
    switch (form_of(path).value_or(Form::json)) {
    case Form::json:
        return write_file_atomically(path, report_json(report, language));
    case Form::html:
        return write_file_atomically(path, report_html(contents_of(report, language)));
    case Form::geopackage:
        return write_report_geopackage(contents_of(report, language), path);
    case Form::text:
        return write_file_atomically(path, report_text(report, language, ProblemTally::kMaxListed));
    }
}

} // namespace

bool report_draws(std::filesystem::path const& path) { return form_of(path) == Form::html; }

void check_report_path(std::filesystem::path const& path, std::span<std::filesystem::path const> sources) {
    if (!form_of(path)) {
        throw Error{ErrorCode::usage,
                    words("--report {}: a report is written as .html, .gpkg, .json or .txt; name it so",
                          "--report {}：报告可写成 .html、.gpkg、.json 或 .txt；请用这样的文件名", path.string())};
    }
    for (auto const& source : sources) {
        std::error_code ignored; // one that is not there is reported by its reader
        if (std::filesystem::equivalent(path, source, ignored)) {
            throw Error{ErrorCode::usage,
                        words("--report {}: that is the file to be read; give the report another name",
                              "--report {}：这是要读取的文件；请给报告另取文件名", path.string())};
        }
    }
    auto const folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    if (::access(folder.c_str(), W_OK | X_OK) != 0 || std::filesystem::is_directory(path)) {
        throw Error{ErrorCode::environment, fmt::format("--report {}: no file can be written there; nothing was "
                                                        "done; name a file in a folder that is there and writable",
                                                        path.string())};
    }
}

void write_report(ImportReport const& report, std::filesystem::path const& path, Language language) {
    write(report, path, language);
}

void write_report(CheckReport const& report, std::filesystem::path const& path, Language language) {
    write(report, path, language);
}

} // namespace wangge::importers
