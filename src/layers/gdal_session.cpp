#include "gdal_session.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/log.hpp>

#include <cpl_error.h>
#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <mutex>
#include <utility>

namespace wangge::layers {

void register_drivers() {
    static std::once_flag once;
    std::call_once(once, [] {
        RegisterOGRGeoPackage();
        RegisterOGRFlatGeobuf();
        RegisterOGRShape();
    });
}

namespace {

void CPL_STDCALL hand_on(CPLErr severity, CPLErrorNum, char const* message) {
    if (severity >= CE_Warning) {
        static_cast<ReportTrap*>(CPLGetErrorHandlerUserData())->note(severity >= CE_Failure, message);
    }
}

} // namespace

ReportTrap::ReportTrap() { CPLPushErrorHandlerEx(hand_on, this); }
ReportTrap::~ReportTrap() { CPLPopErrorHandler(); }

void ReportTrap::note(bool is_failure, char const* message) {
    if (is_failure && m_failure.empty()) {
        m_failure = message;
    } else if (!is_failure && m_warnings.size() < 5) {
        m_warnings.emplace_back(message);
    }
}

void ReportTrap::check(std::filesystem::path const& path, std::string_view doing) {
    for (auto const& warning : std::exchange(m_warnings, {})) {
        log_warning(fmt::format("{}: {}", path.string(), warning));
    }
    check_failure(path, doing);
}

void ReportTrap::check_failure(std::filesystem::path const& path, std::string_view doing) const {
    if (!m_failure.empty()) {
        fail(path, doing);
    }
}

void ReportTrap::fail(std::filesystem::path const& path, std::string_view doing) const {
    throw Error{ErrorCode::environment,
                fmt::format("{}: {} failed ({}); is the disk full or the folder not writable?", path.string(), doing,
                            m_failure.empty() ? "no reason given" : m_failure)};
}

void DatasetCloser::operator()(GDALDataset* dataset) const noexcept { GDALClose(dataset); }

} // namespace wangge::layers
