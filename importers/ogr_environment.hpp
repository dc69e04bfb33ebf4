#pragma once

#include <memory>
#include <string>

class GDALDataset;

namespace wangge::importers {

/// Registers the drivers that imports may use, once; others stay out of reach. Which of them opens a file is decided by
/// its content (SourceFile), and by no driver's own guess.
void register_drivers();

struct DatasetClose {
    void operator()(GDALDataset* dataset) const noexcept;
};
using Dataset = std::unique_ptr<GDALDataset, DatasetClose>;

/// Keeps what GDAL reports instead of printing it; the first failure is what matters.
class GdalMessages {
public:
    /// While it lives, messages of GDAL on this thread go to `messages`.
    class Listening {
    public:
        explicit Listening(GdalMessages& messages);
        ~Listening();
        Listening(Listening const&) = delete;
        Listening& operator=(Listening const&) = delete;
    };
    [[nodiscard]] bool failed() const noexcept { return m_failed; }
    /// PROJ did not know what a file calls its coordinate system. GDAL then takes another one, without a word.
    [[nodiscard]] bool unknown_crs() const noexcept { return m_unknown_crs; }
    [[nodiscard]] std::string const& first_failure() const noexcept { return m_first; }
    void record(bool failure, char const* message);

private:
    bool m_failed = false, m_unknown_crs = false;
    std::string m_first;
};

} // namespace wangge::importers
