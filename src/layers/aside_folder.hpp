#pragma once

#include <filesystem>

namespace wangge::layers {

/// A hidden folder beside the target in which the file is made; removed with whatever is in it.
class AsideFolder {
public:
    /// Throws Error{environment} when it cannot be made; removes those of writers that were killed.
    explicit AsideFolder(std::filesystem::path const& out);
    ~AsideFolder();
    AsideFolder(AsideFolder const&) = delete;
    AsideFolder& operator=(AsideFolder const&) = delete;
    [[nodiscard]] std::filesystem::path const& path() const noexcept { return m_path; }

private:
    std::filesystem::path m_path;
};

/// Throws Error{environment}.
void sync_file(std::filesystem::path const& path);

} // namespace wangge::layers
