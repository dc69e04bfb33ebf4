#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

class GDALDataset;

namespace wangge::layers {

/// Drivers are registered and named one by one; no other is ever opened.
void register_drivers();

/// Collects what GDAL reports on this thread; many of its calls report in no other way (closing, above all).
class ReportTrap {
public:
    ReportTrap();
    ~ReportTrap();
    ReportTrap(ReportTrap const&) = delete;
    ReportTrap& operator=(ReportTrap const&) = delete;

    /// Throws when a failure was reported since the trap was set; logs warnings.
    void check(std::filesystem::path const& path, std::string_view doing);
    void check_failure(std::filesystem::path const& path, std::string_view doing) const;
    [[noreturn]] void fail(std::filesystem::path const& path, std::string_view doing) const;
    /// The first failure; empty when there was none.
    [[nodiscard]] std::string const& failure() const noexcept { return m_failure; }
    void note(bool is_failure, char const* message);

private:
    std::string m_failure;
    std::vector<std::string> m_warnings;
};

struct DatasetCloser {
    void operator()(GDALDataset* dataset) const noexcept;
};
using DatasetPtr = std::unique_ptr<GDALDataset, DatasetCloser>;

} // namespace wangge::layers
