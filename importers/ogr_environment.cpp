#include "ogr_environment.hpp"

#include <cpl_error.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <mutex>
#include <string_view>

namespace wangge::importers {

void register_drivers() {
    static std::once_flag once;
    std::call_once(once, [] {
        RegisterOGRGeoPackage();
        RegisterOGRShape();
        RegisterOGRGeoJSON();
        RegisterOGRGeoJSONSeq();
        RegisterOGRFlatGeobuf();
        RegisterOGROpenFileGDB();
        RegisterOGRLIBKML();
        RegisterOGRDXF();
        RegisterOGRSQLite();
        RegisterOGRPG();
        RegisterOGRXLSX();
    });
}

void DatasetClose::operator()(GDALDataset* dataset) const noexcept { GDALClose(GDALDataset::ToHandle(dataset)); }

namespace {

void CPL_STDCALL keep(CPLErr level, CPLErrorNum, char const* message) {
    auto* const messages = static_cast<GdalMessages*>(CPLGetErrorHandlerUserData());
    if (messages != nullptr) {
        messages->record(level == CE_Failure || level == CE_Fatal, message);
    }
}

} // namespace

GdalMessages::Listening::Listening(GdalMessages& messages) { CPLPushErrorHandlerEx(keep, &messages); }
GdalMessages::Listening::~Listening() { CPLPopErrorHandler(); }

void GdalMessages::record(bool failure, char const* message) {
    std::string_view const text{message == nullptr ? "" : message};
    // A coordinate system that PROJ does not know is no damage: the person may know it (--crs).
    if (failure && text.starts_with("PROJ:")) {
        m_unknown_crs = true;
    } else if (failure && !m_failed) {
        m_failed = true;
        m_first = text;
    }
}

} // namespace wangge::importers
