#include <wangge/crs/chinese_datums.hpp>

#include <cmath>
#include <numbers>

namespace wangge::crs {

namespace {

constexpr double kPi = std::numbers::pi;
// Krasovsky 1940, as the published GCJ-02 formulas use it; many copies put other values here and are millimetres off.
constexpr double kSemiMajorAxisM = 6378245.0;
constexpr double kEccentricitySquared = 0.00669342162296594323;
constexpr double kBaiduFactor = kPi * 3000.0 / 180.0;

struct Offset {
    double lon = 0;
    double lat = 0;
};

/// GCJ-02 minus the true position, in degrees.
[[nodiscard]] Offset gcj02_offset(double lon, double lat) noexcept {
    double const x = lon - 105.0;
    double const y = lat - 35.0;
    double const root = std::sqrt(std::fabs(x));
    double const sin_x = 20.0 * std::sin(6.0 * x * kPi) + 20.0 * std::sin(2.0 * x * kPi);
    double const north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root +
                           (sin_x + 20.0 * std::sin(y * kPi) + 40.0 * std::sin(y / 3.0 * kPi) +
                            160.0 * std::sin(y / 12.0 * kPi) + 320.0 * std::sin(y * kPi / 30.0)) *
                               2.0 / 3.0;
    double const east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root +
                          (sin_x + 20.0 * std::sin(x * kPi) + 40.0 * std::sin(x / 3.0 * kPi) +
                           150.0 * std::sin(x / 12.0 * kPi) + 300.0 * std::sin(x / 30.0 * kPi)) *
                              2.0 / 3.0;
    double const phi = lat / 180.0 * kPi;
    double const sin_phi = std::sin(phi);
    double const w2 = 1.0 - kEccentricitySquared * sin_phi * sin_phi;
    double const w = std::sqrt(w2);
    return {east_m * 180.0 / (kSemiMajorAxisM / w * std::cos(phi) * kPi),
            north_m * 180.0 / (kSemiMajorAxisM * (1.0 - kEccentricitySquared) / (w2 * w) * kPi)};
}

[[nodiscard]] Offset bd09_offset(double lon, double lat) noexcept {
    double const z = std::sqrt(lon * lon + lat * lat) + 0.00002 * std::sin(lat * kBaiduFactor);
    double const theta = std::atan2(lat, lon) + 0.000003 * std::cos(lon * kBaiduFactor);
    return {z * std::cos(theta) + 0.0065 - lon, z * std::sin(theta) + 0.006 - lat};
}

/// Solves p + offset(p) = (lon, lat). Both offset fields change by less than 3% over their own length in China, so each
/// round gains more than a digit and a half; a step of 1e-11 degree is a micrometre.
template <class Field>
[[nodiscard]] Offset invert(double lon, double lat, Field field) noexcept {
    constexpr double kStep = 1e-11;
    Offset p{lon, lat};
    for (int round = 0; round < 30; ++round) {
        Offset const offset = field(p.lon, p.lat);
        Offset const next{lon - offset.lon, lat - offset.lat};
        bool const done = std::fabs(next.lon - p.lon) < kStep && std::fabs(next.lat - p.lat) < kStep;
        p = next;
        if (done) {
            break;
        }
    }
    return p;
}

} // namespace

Gcj02Position to_gcj02(Position p) noexcept {
    auto const offset = gcj02_offset(p.lon, p.lat);
    return {p.lon + offset.lon, p.lat + offset.lat};
}

Position from_gcj02(Gcj02Position p) noexcept {
    auto const result = invert(p.lon, p.lat, gcj02_offset);
    return {result.lon, result.lat};
}

Bd09Position to_bd09(Gcj02Position p) noexcept {
    auto const offset = bd09_offset(p.lon, p.lat);
    return {p.lon + offset.lon, p.lat + offset.lat};
}

Gcj02Position from_bd09(Bd09Position p) noexcept {
    auto const result = invert(p.lon, p.lat, bd09_offset);
    return {result.lon, result.lat};
}

} // namespace wangge::crs
