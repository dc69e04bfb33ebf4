#pragma once

#include <wangge/address/component.hpp>

#include <array>

namespace wangge::address {

/// What a reading of an address costs, in natural-log units: the likelier, the cheaper. Found by descent on the part of
/// tests/address/labelled_addresses.tsv that is for work, starting from values set by hand.
struct ReadingCosts {
    // A division by the kind of its name (full, plain, short, other, code), for one that the text leads to.
    std::array<float, 5> name_kind{-1.0F, -0.1F, 0.4F, 0.5F, 1.0F};
    float short_town = -0.1F, short_village = 0.4F; ///< on top, when the name is short
    float two_characters = 0.2F;                    ///< of a town or village
    // Levels that the text leaves out between a division and the one above it that it names: none, one, two ...
    std::array<float, 5> left_out{0.0F, 0.6F, 1.0F, 2.0F, 3.0F};
    // A first division with none above it, by level.
    std::array<float, 5> first_division{0.0F, 0.1F, 0.9F, 2.0F, 4.0F};
    float first_village_says_kind = 2.3F; ///< less for one with its 村 or 社区
    float misfit = 5.0F;                  ///< lies elsewhere than what stands before it
    float new_address = 3.0F;             ///< the same where a new address may begin
    float said_again = 1.2F;              ///< 东莞市中国广东东莞

    // Names by what they end in: by characters before the ending.
    std::array<float, 8> stem_length{3.0F, 0.8F, 0.0F, 0.3F, 0.8F, 2.4F, 2.3F, 3.1F};
    float stem_more = 0.6F;          ///< for each further one
    float bare_ending = 0.8F;        ///< 科技园
    float stem_of_directions = 3.0F; ///< 东路, 新街
    float stem_ordinal = 0.1F;       ///< 3巷, 第3工业区
    float stem_digits = 1.2F;        ///< digits in a name, each run
    float stem_many_digits = 2.5F;   ///< 3 and more in a row
    float stem_mark = 2.5F;          ///< 号 栋 室 in a name
    float stem_road = 1.7F;          ///< 路 街 道 in the name of what is no road
    float stem_ending = 1.0F;        ///< an ending of another name inside
    float stem_other_road = 1.5F;    ///< a road in the name of a road
    float stem_cut = 3.0F;           ///< begins with 区 or 路 right behind a character: cut off from the name before
    float room_by_number = 2.0F;     ///< 1006号 of a building
    float stem_connective = 0.5F;    ///< 与 和 in a name
    float stem_division = 3.0F;      ///< 萝岗区 in the name of a road
    float ending_behind_bare = 3.0F; ///< 公园, 东路, 3街 right behind 天河: they end its name

    float road_direction = 0.3F;        ///< 大道西
    float road_direction_inside = 1.0F; ///< the same before what may be a name
    float zone = 0.3F;                  ///< 工业区C区, 科技园北区, 2期 of an estate

    // Marked parts.
    float number = 0.5F, number_bare = 2.1F, number_prefix = 0.6F;
    float building = 0.2F, unit = 0.2F, floor = 0.2F, room = 0.3F;
    float room_bare = 1.0F, room_bare_short = 2.4F;
    float zone_alone = 1.0F; ///< B区, 33区

    float known_name = -0.6F;
    float known_two_characters = 1.2F;
    float not_known = 3.0F; ///< a name that its ending shows, when known names are at hand and it is none of them

    float unknown = 3.2F, unknown_character = 0.9F; ///< a name that nobody knows: a landmark
    float noise = 3.2F, noise_character = 1.8F, noise_digit = 0.2F;
    float noise_cut = 2.0F;                  ///< begins with 村 right behind a character
    float connective = 0.8F;                 ///< 与 和 between roads
    float connective_behind_division = 2.0F; ///< 和 right behind 天河: it begins 和平路
    float gap = 0.3F;                        ///< after a separator what stands before matters less

    /// From one component (row; the last row is the beginning of the text) to the next.
    std::array<std::array<float, kComponents>, kComponents + 1> next = following();

    static constexpr std::array<std::array<float, kComponents>, kComponents + 1> following() {
        //  to:         prov  city  county town  village group road  number estate bldg unit  floor room  landmark noise
        return {{
            /*province*/ {{4.0F, 0.1F, 1.0F, 2.0F, 2.5F, 4.0F, 2.0F, 5.0F, 2.5F, 2.5F, 6.0F, 6.0F, 6.0F, 2.0F, 2.0F}},
            /*city*/ {{2.5F, 3.0F, 0.1F, 0.8F, 1.5F, 3.0F, 1.3F, 4.0F, 2.1F, 1.4F, 5.0F, 5.0F, 5.0F, 1.4F, 1.5F}},
            /*county*/ {{5.0F, 3.0F, 2.5F, 0.3F, 0.9F, 2.5F, 0.4F, 4.0F, 0.8F, 0.8F, 5.0F, 5.0F, 4.0F, 0.5F, 1.5F}},
            /*town*/ {{5.0F, 4.0F, 3.0F, 2.5F, -1.0F, 2.2F, -0.1F, 3.0F, 0.5F, 0.7F, 5.0F, 5.0F, 4.0F, 0.4F, 1.5F}},
            /*village*/ {{5.0F, 4.0F, 4.0F, 3.0F, 2.0F, 0.5F, 0.5F, 1.2F, 1.2F, 1.2F, 4.0F, 4.0F, 3.0F, 1.2F, 1.5F}},
            /*group*/ {{5.0F, 4.0F, 4.0F, 4.0F, 2.5F, 1.0F, -0.1F, 0.5F, 1.2F, 1.2F, 4.0F, 4.0F, 3.0F, 1.5F, 1.5F}},
            /*road*/ {{5.0F, 4.0F, 4.0F, 3.0F, 2.5F, 2.5F, 2.2F, 1.2F, 0.9F, 1.0F, 4.0F, 3.0F, 2.5F, 1.0F, 1.5F}},
            /*number*/ {{5.0F, 4.0F, 4.0F, 4.0F, 3.5F, 3.0F, 2.5F, 2.0F, 0.6F, 0.5F, 1.8F, 0.9F, 0.9F, 1.2F, 1.5F}},
            /*estate*/ {{5.0F, 4.0F, 4.0F, 4.0F, 3.0F, 2.5F, 0.2F, 1.9F, 2.4F, 0.7F, 1.5F, 1.0F, 1.0F, 2.4F, 2.4F}},
            /*building*/ {{5.0F, 4.0F, 4.0F, 4.0F, 4.0F, 4.0F, 2.5F, 2.0F, 1.6F, 0.9F, 0.5F, 0.3F, 0.3F, 1.4F, 1.2F}},
            /*unit*/ {{5.0F, 4.0F, 4.0F, 4.0F, 4.0F, 4.0F, 3.0F, 3.0F, 3.0F, 2.0F, 2.0F, 0.5F, 0.1F, 2.0F, 1.5F}},
            /*floor*/ {{5.0F, 4.0F, 4.0F, 4.0F, 4.0F, 4.0F, 3.0F, 3.0F, 2.5F, 2.0F, 1.5F, 1.2F, 0.2F, 2.0F, 1.2F}},
            /*room*/ {{5.0F, 4.0F, 4.0F, 4.0F, 4.0F, 4.0F, 1.8F, 2.5F, 3.3F, 2.5F, 2.0F, 2.0F, 0.8F, 2.0F, 1.2F}},
            /*landmark*/ {{5.0F, 4.0F, 4.0F, 3.5F, 3.2F, 2.5F, -0.2F, 0.2F, -0.2F, 0.8F, 3.0F, 1.2F, 1.5F, 1.8F, 0.0F}},
            /*noise*/ {{1.0F, 1.0F, 1.5F, 1.5F, 2.0F, 2.0F, 1.0F, 1.5F, 1.2F, 1.2F, 2.5F, 1.5F, 1.5F, 1.5F, 0.0F}},
            /*begin*/ {{0.0F, -1.2F, 0.6F, 1.5F, 2.5F, 4.0F, 1.2F, 4.0F, 2.3F, 1.6F, 6.0F, 6.0F, 5.0F, 1.8F, 1.5F}},
        }};
    }
};

inline constexpr ReadingCosts kReadingCosts{};

} // namespace wangge::address
