#pragma once

#include "ogr_environment.hpp"
#include "reader_frames.hpp"
#include "source_file.hpp"

#include <wangge/importers/text_encoding.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

class OGRFeature;
class OGRLayer;

namespace wangge::importers {

/// A layer of a file, opened with GDAL inside wangge-reader. Messages name the file as the person did.
class OgrSource {
public:
    /// Throws as OgrReader::open does.
    OgrSource(SourceFile const& file, ReadOptions const& options);
    ~OgrSource();
    OgrSource(OgrSource const&) = delete;
    OgrSource& operator=(OgrSource const&) = delete;

    [[nodiscard]] SourceHeader const& header() const noexcept { return m_header; }
    /// False at the end. Throws Error{data_unreadable} when the file is damaged here. `problems` is replaced.
    [[nodiscard]] bool next(RawFeature& feature, std::vector<RowProblem>& problems);

private:
    struct Impl;
    SourceHeader m_header;
    std::unique_ptr<Impl> m_impl;
};

} // namespace wangge::importers
