#include "datum_check.hpp"

#include <wangge/base/error.hpp>
#include <wangge/crs/chinese_datums.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

namespace wangge::importers {

namespace {

constexpr std::size_t kSample = 5'000;
constexpr double kOutsideM = 30;
constexpr double kMovedM = 100;
constexpr std::size_t kLeastMisfits = 5;
constexpr double kLeastShare = 0.002;

/// One way to understand the raw coordinates of a file.
struct Reading {
    std::string name; ///< as --crs takes it, or words
    std::function<std::optional<crs::Position>(crs::Coordinate)> place;
};

struct Fit {
    std::size_t corners = 0;
    std::size_t misfits = 0;
    std::optional<geom::Point> first; ///< a corner that misfits
    [[nodiscard]] double share() const noexcept {
        return corners == 0 ? 0 : static_cast<double>(misfits) / static_cast<double>(corners);
    }
};

[[nodiscard]] bool far_outside(geom::MultiPolygon const& outline, geom::Envelope const& box, geom::Point p) {
    constexpr std::int32_t kMargin = 100'000; // 0.01 degree, more than a kilometre
    if (p.lon < box.min.lon - kMargin || p.lon > box.max.lon + kMargin || p.lat < box.min.lat - kMargin ||
        p.lat > box.max.lat + kMargin) {
        return true;
    }
    return !geom::owns(outline, p) && geom::distance_to_boundary_m(outline, p) > kOutsideM;
}

/// Distance of the k-th extreme of a shape (west, east, south, north) from `p`, along its own axis only.
[[nodiscard]] double extreme_moved_m(geom::Envelope const& box, std::size_t k, geom::Point p) {
    auto const metres = geom::metres_per_degree(geom::to_degrees(p.lat));
    std::array<std::int32_t, 4> const known{box.min.lon, box.max.lon, box.min.lat, box.max.lat};
    bool const along_lon = k < 2;
    double const degrees = geom::to_degrees(known.at(k)) - geom::to_degrees(along_lon ? p.lon : p.lat);
    return std::fabs(degrees) * (along_lon ? metres.lon : metres.lat);
}

struct Sampled {
    DatumWitness const* witness = nullptr;
    KnownPlace known;
    geom::Envelope county_box;
    geom::Envelope current_box;
};

[[nodiscard]] Fit fit_of(Reading const& reading, std::span<Sampled const> sample) {
    Fit fit;
    for (auto const& s : sample) {
        for (std::size_t k = 0; k < s.witness->extremes.size(); ++k) {
            ++fit.corners;
            auto const position = reading.place(s.witness->extremes.at(k));
            auto const p = position ? crs::to_lattice(*position) : std::nullopt;
            bool misfit = !p;
            if (p && s.known.current != nullptr) {
                misfit = extreme_moved_m(s.current_box, k, *p) > kMovedM;
            }
            if (p && !misfit && s.known.county != nullptr) {
                misfit = far_outside(*s.known.county, s.county_box, *p);
            }
            if (misfit) {
                ++fit.misfits;
                fit.first = fit.first ? fit.first : p;
            }
        }
    }
    return fit;
}

[[nodiscard]] Reading reading_of(std::string const& name, bool swapped = false) {
    auto const transformer = std::make_shared<crs::Transformer>(crs::Transformer::make(name));
    return {swapped ? fmt::format("{} with its two coordinates swapped", name) : name,
            [transformer, swapped](crs::Coordinate c) {
                return transformer->to_registry(swapped ? crs::Coordinate{c.y, c.x} : c);
            }};
}

[[nodiscard]] std::vector<Reading> other_readings(crs::Transformer const& declared, std::span<Sampled const> sample) {
    bool const degrees = std::ranges::all_of(sample, [](Sampled const& s) {
        return std::ranges::all_of(s.witness->extremes,
                                   [](crs::Coordinate c) { return std::fabs(c.x) <= 180 && std::fabs(c.y) <= 180; });
    });
    std::vector<Reading> readings;
    if (degrees) {
        for (auto const* const name : {"EPSG:4490", "GCJ02", "BD09"}) {
            readings.push_back(reading_of(name));
        }
        readings.push_back(reading_of("EPSG:4490", true));
        readings.push_back(reading_of("GCJ02", true));
        return readings;
    }
    for (auto const* const name : {"EPSG:4546", "EPSG:4547", "EPSG:4548", "EPSG:4525", "EPSG:4526", "EPSG:4527",
                                   "EPSG:4508", "EPSG:4509", "EPSG:4497", "EPSG:4498", "EPSG:3857"}) {
        readings.push_back(reading_of(name));
        readings.push_back(reading_of(name, true));
    }
    if (!declared.geographic()) {
        readings.push_back(
            {fmt::format("GCJ-02 degrees projected as {}", declared.name()), [&declared](crs::Coordinate c) {
                 auto const p = declared.to_registry(c);
                 return p ? std::optional{crs::from_gcj02({p->lon, p->lat})} : std::nullopt;
             }});
    }
    return readings;
}

[[nodiscard]] double median_offset_m(crs::Transformer const& declared, Reading const& reading,
                                     std::span<Sampled const> sample) {
    std::vector<double> offsets;
    for (auto const& s : sample) {
        auto const a = declared.to_registry(s.witness->extremes[0]);
        auto const b = reading.place(s.witness->extremes[0]);
        auto const p = a ? crs::to_lattice(*a) : std::nullopt;
        auto const q = b ? crs::to_lattice(*b) : std::nullopt;
        if (p && q) {
            offsets.push_back(geom::distance_m(*p, *q));
        }
    }
    if (offsets.empty()) {
        return 0;
    }
    auto const middle = offsets.begin() + static_cast<std::ptrdiff_t>(offsets.size() / 2);
    std::nth_element(offsets.begin(), middle, offsets.end());
    return *middle;
}

} // namespace

std::optional<Problem> suspected_datum(std::string const& file, crs::Transformer const& declared,
                                       std::span<DatumWitness const> witnesses,
                                       std::function<KnownPlace(DatumWitness const&)> const& known) {
    std::vector<Sampled> sample;
    auto const step = witnesses.size() / kSample + 1;
    for (std::size_t i = 0; i < witnesses.size(); i += step) {
        Sampled s{&witnesses[i], known(witnesses[i]), {}, {}};
        if (s.known.county != nullptr) {
            s.county_box = geom::envelope_of(*s.known.county);
        }
        if (s.known.current != nullptr) {
            s.current_box = geom::envelope_of(*s.known.current);
        }
        if (s.known.county != nullptr || s.known.current != nullptr) {
            sample.push_back(s);
        }
    }
    Reading const as_declared{declared.name(), [&declared](crs::Coordinate c) { return declared.to_registry(c); }};
    auto const fit = fit_of(as_declared, sample);
    if (fit.misfits < kLeastMisfits || fit.share() < kLeastShare) {
        return std::nullopt;
    }
    std::optional<Reading> best;
    Fit best_fit = fit;
    for (auto& reading : other_readings(declared, sample)) {
        if (auto const other = fit_of(reading, sample); other.misfits < best_fit.misfits) {
            best_fit = other;
            best = std::move(reading);
        }
    }
    Problem problem{ProblemCode::suspected_datum, {file}, {}, std::nullopt, 0, {}};
    if (fit.first) {
        problem.place = ProblemPlace{*fit.first, {}, {}};
    }
    auto const found = fmt::format(
        "{}: read as {}, {} of {} corners that were tried lie outside their county or far from the grid they replace",
        file, declared.name(), fit.misfits, fit.corners);
    if (best && best_fit.misfits * 4 <= fit.misfits) {
        auto const offset_m = median_offset_m(declared, *best, sample);
        if (offset_m > 0) { // none when the declared system gives no position at all
            problem.measure = offset_m;
            problem.unit = "m";
        }
        problem.message =
            fmt::format("{}; read as {} {} do{}. If that is what the file is in, say so with --crs, or convert it",
                        found, best->name, best_fit.misfits == 0 ? "none" : fmt::format("only {}", best_fit.misfits),
                        offset_m > 0 ? fmt::format(", {:.0f} m away from there", offset_m) : std::string{});
        return problem;
    }
    if (fit.share() > 0.5) {
        problem.message = fmt::format(
            "{}, and no other system that was tried fits better. Check the coordinate system of the file and the "
            "village codes in it",
            found);
        return problem;
    }
    return std::nullopt;
}

} // namespace wangge::importers
