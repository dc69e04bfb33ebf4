#include "snapshot_folder.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace wangge::snapshot {

namespace {

constexpr std::string_view kCurrentFile = "CURRENT";

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

using PublishedName = std::pair<GenerationNumber, Date>;

/// "g<generation>-<as_of>"; empty for any other name.
std::optional<PublishedName> parse_name(std::string_view name) {
    auto const dash = name.find('-');
    if (!name.starts_with('g') || dash == std::string_view::npos) {
        return std::nullopt;
    }
    auto const generation = parse_number<GenerationNumber>(name.substr(1, dash - 1));
    auto const as_of = Date::parse(name.substr(dash + 1));
    if (!generation || !as_of) {
        return std::nullopt;
    }
    return PublishedName{*generation, *as_of};
}

} // namespace

std::filesystem::path SnapshotStore::folder_of(GenerationNumber generation, Date as_of) const {
    return m_root / fmt::format("g{}-{}", generation, as_of.str());
}

std::optional<std::filesystem::path> SnapshotStore::current() const {
    auto const file = m_root / kCurrentFile;
    if (!std::filesystem::exists(file)) {
        return std::nullopt;
    }
    auto name = read_file(file);
    if (name.ends_with('\n')) {
        name.pop_back();
    }
    if (!parse_name(name)) {
        throw Error{ErrorCode::corrupt, fmt::format("{}: it does not name a snapshot; publish again", file.string())};
    }
    return m_root / name;
}

void SnapshotStore::set_current(std::filesystem::path const& folder) const {
    auto const name = folder.filename().string();
    if (!parse_name(name) || !std::filesystem::exists(m_root / name / kManifestFile)) {
        throw Error{ErrorCode::usage,
                    fmt::format("{}: not a published snapshot in {}", folder.string(), m_root.string())};
    }
    write_file_atomically(m_root / kCurrentFile, name + "\n");
}

std::shared_ptr<Snapshot const> SnapshotStore::open_current() const {
    auto const folder = current();
    if (!folder) {
        throw Error{
            ErrorCode::not_found,
            fmt::format("{}: nothing has been published yet; import boundaries, then run: wangge publish --data DIR",
                        m_root.string())};
    }
    if (!std::filesystem::exists(*folder)) {
        throw Error{ErrorCode::corrupt,
                    fmt::format("{}: the folder that CURRENT names is missing; publish again", folder->string())};
    }
    return Snapshot::open(*folder);
}

void SnapshotStore::sync(Progress& progress) const {
    std::vector<std::filesystem::path> unsynced;
    for (auto const& entry : std::filesystem::directory_iterator{m_root}) {
        if (parse_name(entry.path().filename().string()) && is_unsynced(entry.path())) {
            unsynced.push_back(entry.path());
        }
    }
    for (auto const& folder : unsynced) {
        try {
            sync_snapshot(folder, progress);
        } catch (Error const& error) {
            if (error.code() != ErrorCode::corrupt) { // a torn one: whoever wants it is told, prune() removes it
                throw;
            }
        }
    }
}

void SnapshotStore::prune(std::size_t keep) const {
    if (!std::filesystem::is_directory(m_root)) {
        return;
    }
    std::vector<std::pair<PublishedName, std::filesystem::path>> published;
    std::vector<std::filesystem::path> doomed;
    for (auto const& entry : std::filesystem::directory_iterator{m_root}) {
        auto const name = entry.path().filename().string();
        if (auto const parsed = parse_name(name)) {
            published.emplace_back(*parsed, entry.path());
        } else if (is_left_over(name)) {
            doomed.push_back(entry.path());
        }
    }
    std::sort(published.begin(), published.end(), std::greater<>{});
    auto const served = current();
    for (auto i = keep; i < published.size(); ++i) {
        auto const& folder = published[i].second;
        if (served != folder) {
            // Renamed first, so that a killed prune leaves no half snapshot under a published name.
            auto aside = folder;
            aside += fmt::format(".old-{}", ::getpid());
            rename_durably(folder, aside);
            doomed.push_back(aside);
        }
    }
    for (auto const& path : doomed) {
        std::error_code error;
        std::filesystem::remove_all(path, error);
        if (error) {
            throw Error{ErrorCode::environment,
                        fmt::format("{}: cannot be removed: {}", path.string(), error.message())};
        }
    }
}

} // namespace wangge::snapshot
