#pragma once

/// What a place pays for each thing in which the text differs from it: minus the logarithm of how often somebody who
/// means the place writes so, the choice among the wrong values included. Sums of these, and the number of addresses of
/// each place, give the shares of the evidence; docs/addresses.md says how they were set.
namespace wangge::address::costs {

// A division that the place does not lie in. People take a neighbour for it rather than something far away.
inline constexpr float kProvince = 9, kCity = 8, kCounty = 6.5F, kTown = 6, kVillage = 5.5F;
inline constexpr float kFar = 3;          ///< more where the parent is another one, too
inline constexpr float kBareNameLess = 2; ///< less for a name without its 镇 or 社区: it may be no division at all
inline constexpr float kBehindNumber = 0.5F;   ///< factor for what stands behind the number, often in brackets: 附近
inline constexpr float kOtherName = 0.7F;      ///< by a former or colloquial name
inline constexpr float kWithoutVillage = 1.5F; ///< the point names no village: for each division in the text

// Road, estate.
inline constexpr float kSlip = 1.5F;            ///< with unlikeness(): that there is a slip, and this one
inline constexpr float kOtherKind = 0.7F;       ///< a road in the text, an estate of that name in the index
inline constexpr float kOtherRoadOfLine = 1.5F; ///< not the road next to the number
inline constexpr float kRoadDiffers = 6;
inline constexpr float kEstateDiffers = 5, kEstateUnknown = 2;

// Numbers.
inline constexpr float kSuffixMissing = 1, kSuffixDiffers = 2.5F;
inline constexpr float kInRun = 0.5F;         ///< 24号 where the index has 22-26号
inline constexpr float kInterpolated = 4;     ///< the index lacks the number between two that it has
inline constexpr float kNumberUnknown = 5.5F; ///< it lacks the number, and what stands around it
inline constexpr float kNumberDiffers = 7, kNumberSlips = 5.5F;
inline constexpr float kBuildingUnknown = 1.5F, kBuildingDiffers = 5;
inline constexpr float kDoorUnknown = 3.5F;

// What is in no index.
inline constexpr float kUnknownRoad = 7; ///< the division is right, the road or estate is new
inline constexpr float kNoneOfThese = 9;
inline constexpr float kLaterLine = 3; ///< for each address that stands before this one in the text

/// Places that are worse than the best by more do not count.
inline constexpr float kCutoff = 6.5F;
/// Sound-alikes and the like are looked for when the best pays more than this.
inline constexpr float kContent = 1.2F;

} // namespace wangge::address::costs
