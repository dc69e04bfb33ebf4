#include "xlsx_source.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/utf8.hpp>
#include <wangge/importers/table_reader.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <cpl_conv.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <utility>

namespace wangge::importers {

XlsxSource::XlsxSource(std::string const& path, std::string shown, ReadOptions const& options)
    : m_shown(std::move(shown)) {
    register_drivers();
    GdalMessages::Listening const listening{m_messages};
    CPLSetConfigOption("OGR_XLSX_HEADERS", "FORCE");
    CPLSetConfigOption("OGR_XLSX_FIELD_TYPES", "STRING"); // codes of 15 digits are no numbers
    char const* const allowed[] = {"XLSX", nullptr};
    m_dataset.reset(GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, allowed, nullptr, nullptr));
    if (!m_dataset || m_dataset->GetLayerCount() == 0) {
        throw Error{ErrorCode::data_unreadable,
                    words("{}: is not a readable .xlsx workbook{}{}; save it again as .xlsx or as CSV",
                          "{}：不是可读的 .xlsx 工作簿{}{}；请重新保存为 .xlsx 或 CSV", m_shown,
                          m_messages.failed() ? ": " : "", m_messages.first_failure())};
    }
    choose_sheet(options.layer);
    auto const* const definition = m_sheet->GetLayerDefn();
    for (int i = 0; i < definition->GetFieldCount(); ++i) {
        m_header.columns.emplace_back(definition->GetFieldDefn(i)->GetNameRef());
    }
    check_damage();
    m_header.layer = m_sheet->GetName();
    m_header.encoding = "UTF-8";
    m_header.types.assign(m_header.columns.size(), ValueType::text);
    m_sheet->ResetReading();
}

void XlsxSource::check_damage() const {
    if (m_messages.failed()) {
        throw Error{ErrorCode::data_unreadable,
                    words("{}: is damaged: {}; save it again as .xlsx or as CSV",
                          "{}：已损坏：{}；请重新保存为 .xlsx 或 CSV", m_shown, m_messages.first_failure())};
    }
}

void XlsxSource::choose_sheet(std::string const& wanted) {
    std::vector<std::string> names;
    std::vector<std::string> filled;
    for (auto* const layer : m_dataset->GetLayers()) { // the sheets are parsed here
        names.emplace_back(layer->GetName());
        if (layer->GetFeatureCount(TRUE) > 0) {
            filled.emplace_back(layer->GetName());
        }
    }
    if (!wanted.empty()) {
        m_sheet = m_dataset->GetLayerByName(wanted.c_str());
        if (m_sheet == nullptr) {
            throw Error{ErrorCode::usage,
                        words("{}: there is no sheet '{}'; it has: {}", "{}：没有工作表“{}”；现有：{}", m_shown, wanted,
                              fmt::format("{}", fmt::join(names, ", ")))};
        }
    } else if (filled.size() > 1) {
        throw Error{ErrorCode::usage, words("{}: has {} sheets with rows, name one with --layer: {}",
                                            "{}：有 {} 个含数据的工作表，请用 --layer 指明一个：{}", m_shown,
                                            filled.size(), fmt::format("{}", fmt::join(filled, ", ")))};
    } else {
        m_sheet = filled.empty() ? m_dataset->GetLayer(0) : m_dataset->GetLayerByName(filled.front().c_str());
    }
}

bool XlsxSource::next(RawFeature& row, std::vector<RowProblem>& problems) {
    GdalMessages::Listening const listening{m_messages};
    problems.clear();
    for (;;) {
        OGRFeatureUniquePtr const feature{m_sheet->GetNextFeature()};
        check_damage();
        if (!feature) {
            return false;
        }
        row.row = static_cast<std::size_t>(feature->GetFID());
        row.fields.assign(m_header.columns.size(), {});
        row.absent.assign(m_header.columns.size(), false);
        bool empty = true;
        for (std::size_t i = 0; i < row.fields.size(); ++i) {
            int const index = static_cast<int>(i);
            if (feature->IsFieldSetAndNotNull(index)) {
                row.fields[i] = trimmed(feature->GetFieldAsString(index));
                empty = empty && row.fields[i].empty();
            }
        }
        if (!std::ranges::all_of(row.fields, [](std::string const& text) { return is_utf8(text); })) {
            problems.push_back({ProblemCode::unreadable_text,
                                words("a cell holds text that is not valid UTF-8; save the workbook again",
                                      "有一个单元格的文字不是有效的 UTF-8；请重新保存该工作簿")});
            row.fields.assign(m_header.columns.size(), {});
            return true;
        }
        if (!empty) { // spreadsheets keep formatted rows without content
            return true;
        }
    }
}

} // namespace wangge::importers
