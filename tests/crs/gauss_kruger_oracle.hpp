#pragma once

#include <cmath>
#include <complex>

namespace wangge::test {

struct Plane {
    long double east_m = 0, north_m = 0;
};

/**
 * Gauss-Kruger on the CGCS2000 ellipsoid by its definition: the conformal map that keeps the central meridian's length.
 * The isometric latitude is inverted at a complex argument by Newton's method and the meridian arc is integrated up to
 * there by Gauss-Legendre quadrature. No series, so nothing in common with PROJ's. Degrees from the central meridian.
 */
inline Plane gauss_kruger(long double lon_deg, long double lat_deg) {
    using Complex = std::complex<long double>;
    constexpr long double kPi = 3.141592653589793238462643383279502884L;
    constexpr long double kF = 1.0L / 298.257222101L;
    long double const e2 = kF * (2.0L - kF);
    long double const e = std::sqrt(e2);
    Complex const lat{lat_deg * kPi / 180.0L, 0};
    long double const lon = lon_deg * kPi / 180.0L;
    auto const isometric = [&](Complex p) { return std::atanh(std::sin(p)) - e * std::atanh(e * std::sin(p)); };
    Complex const wanted = isometric(lat) + Complex{0, lon};
    Complex p = lat + Complex{0, lon * std::cos(lat.real())};
    for (int round = 0; round < 12; ++round) {
        Complex const s = std::sin(p);
        p -= (isometric(p) - wanted) * (1.0L - e2 * s * s) * std::cos(p) / (1.0L - e2);
    }
    // Five-point Gauss-Legendre on each of 16 pieces of the straight path from the equator.
    constexpr long double kNodes[] = {0, 0.5384693101056830910363144207L, 0.9061798459386639927976268782L};
    constexpr long double kWeights[] = {0.5688888888888888888888888889L, 0.4786286704993664680412915148L,
                                        0.2369268850561890875142640407L};
    constexpr int kPieces = 16;
    Complex sum = 0;
    auto const density = [&](Complex t) {
        Complex const s = std::sin(t);
        return 1.0L / ((1.0L - e2 * s * s) * std::sqrt(1.0L - e2 * s * s));
    };
    for (int piece = 0; piece < kPieces; ++piece) {
        Complex const middle = p * ((static_cast<long double>(piece) + 0.5L) / kPieces);
        Complex const half = p * (0.5L / kPieces);
        sum += kWeights[0] * density(middle) * half;
        for (int k = 1; k < 3; ++k) {
            sum += kWeights[k] * (density(middle + half * kNodes[k]) + density(middle - half * kNodes[k])) * half;
        }
    }
    Complex const arc = 6378137.0L * (1.0L - e2) * sum;
    return {arc.imag(), arc.real()};
}

} // namespace wangge::test
