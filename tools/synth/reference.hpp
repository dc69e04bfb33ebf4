#pragma once

#include "synth.hpp"

#include <wangge/geom/polygon.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wangge::synth {

struct Village {
    std::uint64_t code = 0;
    std::string name;
    bool urban = false; ///< a residents' community
};

struct Town {
    std::uint64_t code = 0;
    std::string name;
    bool urban = false; ///< a street (街道)
    std::vector<Village> villages;
};

struct County {
    std::uint64_t code = 0;
    std::string name;
    std::size_t city = 0; ///< index into Reference::cities
    bool made_up = false; ///< stands in for the missing county level of Dongguan and Zhongshan
    std::vector<Town> towns;
    geom::MultiPolygon outline; ///< empty when the outline file lacks it
    [[nodiscard]] std::size_t village_count() const;
};

struct City {
    std::uint64_t code = 0;
    std::string name;
    geom::Envelope envelope;
};

/// The real part of the province: everything below is made inside it. Cities, counties, towns and villages in the order
/// of their codes.
struct Reference {
    std::string province_name;
    std::vector<City> cities;
    std::vector<County> counties;
    std::vector<std::string> warnings;
};

/// Reads divisions.tsv and the outlines. Throws Error{data_unreadable, data_rejected, environment}.
[[nodiscard]] Reference read_reference(SynthOptions const& options);

} // namespace wangge::synth
