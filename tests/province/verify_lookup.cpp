// Do lookups agree with an independent oracle? It reads the exported grids with GDAL, decides with GEOS and, on
// boundaries, with the ownership rule written anew from its one sentence; no code of the product takes part.
//
//   verify_lookup GRIDS --locator PROGRAM --data DIR [--random N] [--boundary M] [--csv C] [--slice K] [--jobs J]
//                 [--seed S] [--work FOLDER]
//
// Draws N positions, every other one in the envelope of some grid and the rest in the bounding box of all, and M on
// vertices, on lattice positions of edges and next to edges, all multiples of 1e-7 degree. Asks
// `PROGRAM locate --points .. --binary e7 --out .. --data DIR`, and for the first C of them the same with CSV files
// too, and compares each answer:
//   inside     one grid holds the position in its interior (GEOS): the answer is that grid
//   boundary   some grids touch it (GEOS): the answer is one of them, and the one that the rule names
//   outside    no grid touches it: the answer is empty
// The rule: a position on a boundary belongs to the area directly north of it, and directly east where the boundary
// runs north. That is the area that holds (lon + d, lat + e) for 0 < d << e. Exit code 0 when all agree, 1 when one
// does not, 3 when something cannot be run or read.
//
// Works in slices of K positions, J at a time with a thread and a GEOS context each: memory is that of the grids and of
// J slices. The positions depend on N, M, K and S only. The files of a slice with a wrong answer stay in FOLDER.
#include "exported_layers.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <numeric>
#include <span>

using namespace verify;

namespace {

/// splitmix64
class Random {
public:
    explicit Random(std::uint64_t seed) : m_state(seed) {}
    std::uint64_t next() {
        std::uint64_t z = (m_state += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31U);
    }
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
    }

private:
    std::uint64_t m_state;
};

__extension__ using Wide = __int128;

int sign(Wide value) { return value > 0 ? 1 : (value < 0 ? -1 : 0); }

/**
 * Does the ray from (lon + d, lat + e), 0 < d << e, to the east cross the edge a-b? With y = lat + e no corner lies on
 * the ray. The crossing's longitude is x0 + e * slope with x0 = a.x + (lat - a.y) * slope; it lies east when x0 > lon,
 * or x0 = lon and slope > 0. (slope = 0 and x0 = lon: the crossing is at lon, west of lon + d.) All in whole numbers.
 */
bool crosses_eastward(Position a, Position b, Position p) {
    if ((a.y > p.y) == (b.y > p.y)) {
        return false;
    }
    Wide const rise = b.y - a.y;
    Wide const run = b.x - a.x;
    int const east = sign((a.x - p.x) * rise + (p.y - a.y) * run) * sign(rise);
    return east > 0 || (east == 0 && sign(run) * sign(rise) > 0);
}

bool owns_by_the_rule(Area const& area, Position p) {
    bool inside = false;
    for (auto const& polygon : area.polygons) {
        for (auto const& ring : polygon) {
            for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
                inside ^= crosses_eastward(ring[i], ring[i + 1], p);
            }
        }
    }
    return inside;
}

struct Edge {
    Position a, b;
};

Edge random_edge(std::vector<Area> const& grids, Random& random) {
    auto const pick = [&](auto const& list, std::size_t spare) -> std::size_t {
        return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(list.size() - spare) - 1));
    };
    auto const& grid = grids[pick(grids, 0)];
    auto const& polygon = grid.polygons[pick(grid.polygons, 0)];
    auto const& ring = polygon[pick(polygon, 0)];
    auto const i = pick(ring, 1);
    return {ring[i], ring[i + 1]};
}

/// A third on vertices, a third on lattice positions inside edges (as far as there are such), a third nearest to places
/// on edges.
std::vector<Position> boundary_positions(std::vector<Area> const& grids, std::size_t count, Random& random) {
    std::vector<Position> positions;
    while (positions.size() < count) {
        auto edge = random_edge(grids, random);
        auto const dx = edge.b.x - edge.a.x;
        auto const dy = edge.b.y - edge.a.y;
        switch (positions.size() % 3) {
        case 0:
            positions.push_back(edge.a);
            break;
        case 1: {
            auto steps = std::gcd(dx, dy);
            for (int tries = 0; steps < 2 && tries < 200; ++tries) {
                edge = random_edge(grids, random);
                steps = std::gcd(edge.b.x - edge.a.x, edge.b.y - edge.a.y);
            }
            auto const step = steps < 2 ? 0 : random.between(1, steps - 1);
            positions.push_back(
                {edge.a.x + (edge.b.x - edge.a.x) / steps * step, edge.a.y + (edge.b.y - edge.a.y) / steps * step});
            break;
        }
        default: {
            auto const t = random.between(0, 1'000'000);
            positions.push_back({edge.a.x + dx * t / 1'000'000, edge.a.y + dy * t / 1'000'000});
        }
        }
    }
    return positions;
}

/// Every other one in the envelope of some grid, so that towns with their small grids get many, the rest in the
/// bounding box.
void add_random_positions(std::vector<Area> const& grids, Area const& everything, std::size_t count, Random& random,
                          std::vector<Position>& positions) {
    for (std::size_t i = 0; i < count; ++i) {
        auto const& frame =
            i % 2 == 0 ? grids[static_cast<std::size_t>(random.between(0, std::ssize(grids) - 1))] : everything;
        auto const x = random.between(frame.min.x, frame.max.x);
        positions.push_back({x, random.between(frame.min.y, frame.max.y)});
    }
}

void note_candidate(void* item, void* list) {
    static_cast<std::vector<std::size_t>*>(list)->push_back(*static_cast<std::size_t*>(item));
}

/// What the oracle knows of one position; numbers of grids.
struct Truth {
    std::vector<std::uint32_t> inside;   ///< GEOS: in the interior
    std::vector<std::uint32_t> touching; ///< GEOS: on the boundary
    std::vector<std::uint32_t> owners;   ///< the rule
};

std::vector<Truth> ask_oracle(Geos const& geos, std::vector<Area> const& grids,
                              std::vector<Position> const& positions) {
    auto* const context = geos.handle();
    auto const point_of = [&](Position p) {
        return own(geos, GEOSGeom_createPointFromXY_r(context, static_cast<double>(p.x), static_cast<double>(p.y)),
                   "making a point");
    };
    // The tree holds the positions; each grid is prepared once and asked about those in its envelope.
    std::vector<std::size_t> numbers(positions.size());
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    std::vector<Geometry> points;
    points.reserve(positions.size());
    auto* tree = GEOSSTRtree_create_r(context, 10);
    for (auto& number : numbers) {
        points.push_back(point_of(positions[number]));
        GEOSSTRtree_insert_r(context, tree, points.back().get(), &number);
    }
    std::vector<Truth> truths(positions.size());
    std::vector<std::size_t> candidates;
    for (std::uint32_t g = 0; g < grids.size(); ++g) {
        auto const shape = to_geos(geos, grids[g], 1);
        candidates.clear();
        GEOSSTRtree_query_r(context, tree, shape.get(), note_candidate, &candidates);
        auto const* prepared = GEOSPrepare_r(context, shape.get());
        for (auto const i : candidates) {
            auto const meets = GEOSPreparedIntersects_r(context, prepared, points[i].get());
            auto const contains = GEOSPreparedContains_r(context, prepared, points[i].get());
            if (meets == 2 || contains == 2) {
                geos.fail("asking " + grids[g].code);
            }
            if (contains == 1) {
                truths[i].inside.push_back(g);
            } else if (meets == 1) {
                truths[i].touching.push_back(g);
            }
            if (owns_by_the_rule(grids[g], positions[i])) {
                truths[i].owners.push_back(g);
            }
        }
        GEOSPreparedGeom_destroy_r(context, prepared);
    }
    GEOSSTRtree_destroy_r(context, tree);
    return truths;
}

std::string in_degrees(std::int64_t units) {
    return fmt::format("{}{}.{:07}", units < 0 ? "-" : "", std::abs(units) / 10'000'000, std::abs(units) % 10'000'000);
}

void write_csv(std::filesystem::path const& file, std::span<Position const> positions) {
    std::ofstream stream{file};
    stream << "id,lon,lat\n";
    for (std::size_t i = 0; i < positions.size(); ++i) {
        stream << i << ',' << in_degrees(positions[i].x) << ',' << in_degrees(positions[i].y) << '\n';
    }
    if (!stream.flush()) {
        throw std::runtime_error(file.string() + ": cannot be written");
    }
}

static_assert(std::endian::native == std::endian::little, "the binary records are little-endian");

void write_binary(std::filesystem::path const& file, std::span<Position const> positions) {
    std::vector<std::int32_t> units;
    units.reserve(positions.size() * 2);
    for (auto const p : positions) {
        units.push_back(static_cast<std::int32_t>(p.x));
        units.push_back(static_cast<std::int32_t>(p.y));
    }
    std::ofstream stream{file, std::ios::binary};
    stream.write(reinterpret_cast<char const*>(units.data()), static_cast<std::streamsize>(units.size() * 4));
    if (!stream.flush()) {
        throw std::runtime_error(file.string() + ": cannot be written");
    }
}

/// As text: the code's digits, empty for 0.
std::vector<std::string> read_binary(std::filesystem::path const& file, std::size_t count) {
    if (std::filesystem::file_size(file) != count * 8) {
        throw std::runtime_error(fmt::format("{}: {} bytes are not the answers to {} positions", file.string(),
                                             std::filesystem::file_size(file), count));
    }
    std::vector<std::uint64_t> numbers(count);
    std::ifstream stream{file, std::ios::binary};
    if (!stream.read(reinterpret_cast<char*>(numbers.data()), static_cast<std::streamsize>(count * 8))) {
        throw std::runtime_error(file.string() + ": cannot be read");
    }
    std::vector<std::string> answers;
    answers.reserve(count);
    for (auto const number : numbers) {
        answers.push_back(number == 0 ? std::string{} : std::to_string(number));
    }
    return answers;
}

/// Cells of one CSV record without line breaks inside.
std::vector<std::string> split_csv(std::string const& line) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (char const c : line) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            cells.emplace_back();
        } else if (c != '\r') {
            cells.back() += c;
        }
    }
    return cells;
}

std::vector<std::string> read_csv(std::filesystem::path const& file, std::size_t count) {
    std::ifstream stream{file};
    std::string line;
    if (!std::getline(stream, line)) {
        throw std::runtime_error(file.string() + ": cannot be read");
    }
    auto const header = split_csv(line);
    auto const code = std::find(header.begin(), header.end(), "grid_code");
    auto const id = std::find(header.begin(), header.end(), "id");
    if (code == header.end() || id == header.end()) {
        throw std::runtime_error(file.string() + ": lacks the column id or grid_code");
    }
    std::vector<std::string> answers;
    while (std::getline(stream, line)) {
        auto const cells = split_csv(line);
        if (cells.size() != header.size() ||
            cells[static_cast<std::size_t>(id - header.begin())] != std::to_string(answers.size())) {
            throw std::runtime_error(fmt::format("{}: record {} is not the answer to position {}", file.string(),
                                                 answers.size() + 2, answers.size()));
        }
        answers.push_back(cells[static_cast<std::size_t>(code - header.begin())]);
    }
    if (answers.size() != count) {
        throw std::runtime_error(fmt::format("{}: {} answers to {} positions", file.string(), answers.size(), count));
    }
    return answers;
}

void run(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (auto& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    pid_t const child = ::fork();
    if (child == 0) {
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
        throw std::runtime_error(fmt::format("{} locate failed (status {})", words[0], status));
    }
}

struct Arguments {
    std::string grids, locator, data;
    std::filesystem::path work = ".";
    std::size_t random = 8'000'000;
    std::size_t boundary = 2'000'000;
    std::size_t csv = 1'000'000;
    std::size_t slice = 500'000;
    std::size_t jobs = 2;
    std::uint64_t seed = 20240601;
};

bool parse(int argc, char** argv, Arguments& arguments) {
    for (int i = 1; i < argc; ++i) {
        std::string const word = argv[i];
        if (!word.starts_with("--")) {
            arguments.grids = word;
            continue;
        }
        if (++i == argc) {
            return false;
        }
        std::string const value = argv[i];
        if (word == "--locator") {
            arguments.locator = value;
        } else if (word == "--data") {
            arguments.data = value;
        } else if (word == "--work") {
            arguments.work = value;
        } else if (word == "--random") {
            arguments.random = std::strtoull(value.c_str(), nullptr, 10);
        } else if (word == "--boundary") {
            arguments.boundary = std::strtoull(value.c_str(), nullptr, 10);
        } else if (word == "--csv") {
            arguments.csv = std::strtoull(value.c_str(), nullptr, 10);
        } else if (word == "--slice") {
            arguments.slice = std::strtoull(value.c_str(), nullptr, 10);
        } else if (word == "--jobs") {
            arguments.jobs = std::strtoull(value.c_str(), nullptr, 10);
        } else if (word == "--seed") {
            arguments.seed = std::strtoull(value.c_str(), nullptr, 10);
        } else {
            return false;
        }
    }
    return !arguments.grids.empty() && !arguments.locator.empty() && !arguments.data.empty() && arguments.slice > 0 &&
           arguments.jobs > 0;
}

struct Tally {
    std::size_t inside = 0, boundary = 0, outer_border = 0, outside = 0, wrong = 0;
    std::vector<std::string> faults; ///< the first of them

    [[nodiscard]] std::size_t positions() const { return inside + boundary + outside; }
    void add(Tally const& other) {
        inside += other.inside;
        boundary += other.boundary;
        outer_border += other.outer_border;
        outside += other.outside;
        wrong += other.wrong;
        faults.insert(faults.end(), other.faults.begin(), other.faults.end());
    }
};

constexpr std::size_t kFaultsShown = 20;

std::string names(std::vector<Area> const& grids, std::vector<std::uint32_t> const& list) {
    std::string text;
    for (auto const g : list) {
        text += (text.empty() ? "" : " ") + grids[g].code;
    }
    return text.empty() ? std::string{"none"} : text;
}

/// Counts the position; empty when the answer is right, else what is wrong.
std::string judge(std::vector<Area> const& grids, Truth const& truth, std::string const& answer, Tally& tally) {
    auto const by_rule = truth.owners.empty() ? std::string{} : grids[truth.owners.front()].code;
    if (!truth.inside.empty()) {
        ++tally.inside;
    } else if (!truth.touching.empty()) {
        ++tally.boundary;
        tally.outer_border += by_rule.empty() ? 1U : 0U;
    } else {
        ++tally.outside;
    }
    if (truth.inside.size() > 1 || truth.owners.size() > 1 || (!truth.inside.empty() && !truth.touching.empty())) {
        return fmt::format("the layer is no coverage there: inside {}, on the boundary of {}",
                           names(grids, truth.inside), names(grids, truth.touching));
    }
    bool const on_boundary = truth.inside.empty() && !truth.touching.empty();
    auto const among = [&](std::string const& code) {
        return std::any_of(truth.touching.begin(), truth.touching.end(), [&](auto g) { return grids[g].code == code; });
    };
    auto const by_geos = truth.inside.empty() ? std::string{} : grids[truth.inside.front()].code;
    if (on_boundary ? !by_rule.empty() && !among(by_rule) : by_rule != by_geos) {
        return "the oracle contradicts itself";
    }
    if (on_boundary && !among(answer) && !(answer.empty() && by_rule.empty())) {
        return fmt::format("answered '{}', the boundaries there are of {}", answer, names(grids, truth.touching));
    }
    return answer == by_rule ? std::string{} : fmt::format("answered '{}', by the rule it is '{}'", answer, by_rule);
}

/// The two ways of asking.
struct Tallies {
    Tally binary, csv;
};

class Verifier {
public:
    explicit Verifier(Arguments const& arguments)
        : m_arguments(arguments), m_grids(read_areas(arguments.grids, "", "grid_code")) {
        if (m_grids.empty()) {
            throw std::runtime_error(arguments.grids + ": holds no grids");
        }
        m_everything.min = m_grids.front().min;
        m_everything.max = m_grids.front().max;
        for (auto const& grid : m_grids) {
            m_everything.min = {std::min(m_everything.min.x, grid.min.x), std::min(m_everything.min.y, grid.min.y)};
            m_everything.max = {std::max(m_everything.max.x, grid.max.x), std::max(m_everything.max.y, grid.max.y)};
        }
    }

    [[nodiscard]] std::size_t grids() const { return m_grids.size(); }
    [[nodiscard]] std::size_t total() const { return m_arguments.random + m_arguments.boundary; }
    [[nodiscard]] std::size_t slices() const { return (total() + m_arguments.slice - 1) / m_arguments.slice; }

    [[nodiscard]] Tallies check_slice(Geos const& geos, std::size_t slice) const {
        auto const first = slice * m_arguments.slice;
        auto const positions = draw(slice, first, std::min(first + m_arguments.slice, total()));
        std::span<Position const> const all{positions};
        auto const as_csv = all.first(std::min(all.size(), m_arguments.csv - std::min(m_arguments.csv, first)));

        auto const file = [&](char const* name) { return m_arguments.work / fmt::format("slice-{}-{}", slice, name); };
        auto const files = std::array{file("points.bin"), file("codes.bin"), file("points.csv"), file("answers.csv")};
        auto const remove_files = [&] {
            for (auto const& path : files) {
                std::filesystem::remove(path);
            }
        };
        remove_files();
        write_binary(files[0], all);
        run({m_arguments.locator, "locate", "--points", files[0], "--binary", "e7", "--out", files[1], "--data",
             m_arguments.data});
        auto const answers = read_binary(files[1], all.size());
        std::vector<std::string> csv_answers;
        if (!as_csv.empty()) {
            write_csv(files[2], as_csv);
            run({m_arguments.locator, "locate", "--points", files[2], "--out", files[3], "--data", m_arguments.data});
            csv_answers = read_csv(files[3], as_csv.size());
        }

        auto const truths = ask_oracle(geos, m_grids, positions);
        Tallies tallies;
        judge_all("binary", first, positions, truths, answers, tallies.binary);
        judge_all("csv", first, positions, truths, csv_answers, tallies.csv);
        if (tallies.binary.wrong + tallies.csv.wrong == 0) {
            remove_files();
        }
        return tallies;
    }

private:
    /// The positions of a slice: as many of them on boundaries as of all positions, but for rounding.
    [[nodiscard]] std::vector<Position> draw(std::size_t slice, std::size_t first, std::size_t last) const {
        auto const boundary_before = [&](std::size_t n) { return m_arguments.boundary * n / total(); };
        Random random{Random{m_arguments.seed + slice}.next()};
        auto const boundary = boundary_before(last) - boundary_before(first);
        auto positions = boundary_positions(m_grids, boundary, random);
        add_random_positions(m_grids, m_everything, last - first - boundary, random, positions);
        return positions;
    }

    void judge_all(char const* form, std::size_t first, std::vector<Position> const& positions,
                   std::vector<Truth> const& truths, std::vector<std::string> const& answers, Tally& tally) const {
        for (std::size_t i = 0; i < answers.size(); ++i) {
            auto const fault = judge(m_grids, truths[i], answers[i], tally);
            if (!fault.empty() && ++tally.wrong <= kFaultsShown) {
                tally.faults.push_back(fmt::format("WRONG {} position {} ({} {}): {}", form, first + i,
                                                   in_degrees(positions[i].x), in_degrees(positions[i].y), fault));
            }
        }
    }

    Arguments const& m_arguments;
    std::vector<Area> m_grids;
    Area m_everything; ///< only its envelope
};

bool verify_all(Arguments const& arguments) {
    auto const start = std::chrono::steady_clock::now();
    auto const seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    Verifier const verifier{arguments};
    fmt::print("{} grids read, {:.1f} s; seed {}\n", verifier.grids(), seconds(), arguments.seed);
    std::filesystem::create_directories(arguments.work);

    std::vector<Tallies> slices(verifier.slices());
    std::atomic<std::size_t> next{0};
    auto const work = [&] {
        try {
            Geos const geos;
            for (auto slice = next++; slice < slices.size(); slice = next++) {
                slices[slice] = verifier.check_slice(geos, slice);
            }
        } catch (...) {
            next = slices.size(); // the others need not go on
            throw;
        }
    };
    std::vector<std::future<void>> workers;
    for (std::size_t i = 0; i < arguments.jobs; ++i) {
        workers.push_back(std::async(std::launch::async, work));
    }
    for (auto& worker : workers) {
        worker.get();
    }

    Tallies sum;
    for (auto const& slice : slices) {
        sum.binary.add(slice.binary);
        sum.csv.add(slice.csv);
    }
    auto const report = [](char const* form, Tally const& tally) {
        for (std::size_t i = 0; i < std::min(kFaultsShown, tally.faults.size()); ++i) {
            fmt::print("{}\n", tally.faults[i]);
        }
        fmt::print(
            "{}: {} positions: {} inside, {} on boundaries ({} of them on the outer border and owned by nobody), "
            "{} outside: {} wrong\n",
            form, tally.positions(), tally.inside, tally.boundary, tally.outer_border, tally.outside, tally.wrong);
    };
    report("binary", sum.binary);
    report("csv", sum.csv);
    fmt::print("compared in {:.1f} s\n", seconds());
    return sum.binary.wrong == 0 && sum.csv.wrong == 0;
}

} // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        std::cerr << "usage: verify_lookup GRIDS --locator PROGRAM --data DIR [--random N] [--boundary M] [--csv C] "
                     "[--slice K] [--jobs J] [--seed S] [--work FOLDER]\n";
        return 2;
    }
    try {
        return verify_all(arguments) ? 0 : 1;
    } catch (std::exception const& error) {
        std::cerr << "verify_lookup: " << error.what() << '\n';
        return 3;
    }
}
