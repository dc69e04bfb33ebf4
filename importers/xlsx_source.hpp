#pragma once

#include "ogr_environment.hpp"
#include "reader_frames.hpp"

#include <string>
#include <vector>

class OGRLayer;

namespace wangge::importers {

/// A sheet of a workbook, opened with GDAL inside wangge-reader; every cell is text.
class XlsxSource {
public:
    /// `shown` is the path as the person wrote it. Throws as TableReader::open does.
    XlsxSource(std::string const& path, std::string shown, ReadOptions const& options);

    [[nodiscard]] SourceHeader const& header() const noexcept { return m_header; }
    /// Rows without content are passed over. False at the end. Throws Error{data_unreadable} for damage.
    [[nodiscard]] bool next(RawFeature& row, std::vector<RowProblem>& problems);

private:
    void choose_sheet(std::string const& wanted);
    void check_damage() const;

    std::string m_shown;
    GdalMessages m_messages;
    Dataset m_dataset;
    OGRLayer* m_sheet = nullptr;
    SourceHeader m_header;
};

} // namespace wangge::importers
