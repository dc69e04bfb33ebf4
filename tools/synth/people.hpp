#pragma once

#include "county_data.hpp"
#include "mesh.hpp"
#include "partition.hpp"

#include <cstdint>

namespace wangge::synth {

inline constexpr char const* kAddressHeader =
    "地址编码,标准地址,省,市,县区,镇街,村居,村居编码,道路,门牌号,小区,楼栋,单元,房号,经度,纬度\r\n";
inline constexpr char const* kUnitHeader = "名称,类型,编码,成员数,经度,纬度,所属村居编码\r\n";

/// One dedicated officer for each grid, then the county's professional and part-time ones.
/// Phones are 104 and eight digits: no mobile number of China starts so (they start with 13 to 19), so none is real.
void add_officers(CountyData& data, County const& county, CountyShare const& share, std::uint64_t seed);

/// Address points and emergency units, each inside its grid. `data.features` are the grids of `partition`, still clean.
void add_addresses(CountyData& data, Reference const& reference, CountyShare const& share, Mesh const& mesh,
                   Partition const& partition, std::uint64_t seed);

} // namespace wangge::synth
