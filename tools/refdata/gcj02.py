"""GCJ-02 to WGS-84 (taken as CGCS2000: they differ by centimetres, the source by a hundred metres)."""
import math

SEMI_MAJOR_M = 6378245.0                 # Krassovsky 1940, as in the published formulas
ECCENTRICITY_2 = 0.00669342162296594323
RESIDUAL_DEG = 1e-11                     # about a thousandth of a millimetre


def shift_deg(lon, lat):
    """(d_lon, d_lat) that GCJ-02 adds to the WGS-84 position, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    wave = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave
    north += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave
    east += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    phi = math.radians(lat)
    magic = 1.0 - ECCENTRICITY_2 * math.sin(phi) ** 2
    meridian_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_2) / (magic * math.sqrt(magic))
    normal_m = SEMI_MAJOR_M / math.sqrt(magic)
    return math.degrees(east / (normal_m * math.cos(phi))), math.degrees(north / meridian_m)


def to_gcj02(lon, lat):
    d_lon, d_lat = shift_deg(lon, lat)
    return lon + d_lon, lat + d_lat


def from_gcj02(lon, lat):
    """Fixed-point inverse; the shift changes by under 1% over its own length, so it converges in a few rounds."""
    guess_lon, guess_lat = lon, lat
    for _ in range(30):
        back_lon, back_lat = to_gcj02(guess_lon, guess_lat)
        if max(abs(back_lon - lon), abs(back_lat - lat)) < RESIDUAL_DEG:
            return guess_lon, guess_lat
        guess_lon -= back_lon - lon
        guess_lat -= back_lat - lat
    raise ArithmeticError(f"GCJ-02 inverse does not converge at {lon}, {lat}")
