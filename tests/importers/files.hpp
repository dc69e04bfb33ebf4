#pragma once

#include <wangge/base/files.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::test {

/// A folder of its own under the temporary one, removed at the end.
class ScratchFolder {
public:
    ScratchFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "wangge-importers-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error{"no scratch folder"};
        }
        m_path = name;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    ScratchFolder(ScratchFolder const&) = delete;
    ScratchFolder& operator=(ScratchFolder const&) = delete;
    [[nodiscard]] std::filesystem::path path(std::string_view name) const { return m_path / name; }
    /// Writes the bytes and gives the path.
    [[nodiscard]] std::filesystem::path file(std::string_view name, std::string_view bytes) const {
        write_file_atomically(path(name), bytes);
        return path(name);
    }

private:
    std::filesystem::path m_path;
};

/// One feature to write; fields in the order of the columns, as bytes.
struct SampleFeature {
    std::vector<std::string> fields;
    std::string wkt; ///< empty: no geometry
};

struct SampleFile {
    std::vector<std::string> columns;
    std::vector<SampleFeature> features;
    std::optional<int> epsg = 4490; ///< empty: the file does not say
    std::string layer = "grids";
};

/// By GDAL, the driver chosen by the ending. Text goes as it is into a Shapefile, whose .cpg is then `cpg` (none when
/// empty).
void write_sample(std::filesystem::path const& path, SampleFile const& sample, std::string const& cpg = {});

/// Cuts the last bytes off.
void cut_file(std::filesystem::path const& path, std::uintmax_t bytes);

/// `text`, which is UTF-8, in GB18030.
[[nodiscard]] std::string to_gb18030(std::string const& text);
/// `text`, which is UTF-8, in an encoding that iconv knows.
[[nodiscard]] std::string in_encoding(std::string const& text, std::string_view encoding);

} // namespace wangge::test
