#include "synth.hpp"

#include "allocation.hpp"
#include "county_data.hpp"
#include "reference.hpp"
#include "writer.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace wangge::synth {

namespace {

constexpr char const* kGenerator = "wangge synth";
constexpr char const* kManifest = "manifest.json";

/// Processor time of the calling thread in seconds.
double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/**
 * Counties are made by a few workers in any order and handed to every writer in the order of their codes. Workers stay
 * within a window ahead of the slowest writer, which bounds memory. The first failure stops everything and is thrown by
 * run().
 */
class Assembly {
public:
    using Make = std::function<CountyData(std::size_t)>;
    using MakeWriter = std::function<std::unique_ptr<Writer>()>;
    struct Line {
        std::string name;
        MakeWriter make;
        std::vector<SynthFile> files;
        double seconds = 0;
        std::size_t done = 0;
    };

    Assembly(std::size_t counties, Make make, std::vector<Line> lines)
        : m_make(std::move(make)), m_lines(std::move(lines)), m_slots(counties) {}

    /// `tell` is called on this thread with each county that every writer has finished.
    void run(unsigned workers, std::function<void(CountyData const&)> const& tell) {
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < std::max(1U, workers); ++i) {
            threads.emplace_back([this] { guard([this] { work(); }); });
        }
        for (auto& line : m_lines) {
            threads.emplace_back([this, &line] { guard([this, &line] { write(line); }); });
        }
        for (std::size_t i = 0; i < m_slots.size(); ++i) {
            std::shared_ptr<CountyData const> data;
            {
                std::unique_lock lock{m_mutex};
                m_changed.wait(lock, [&] { return m_failure || slowest() > i; });
                if (m_failure) {
                    break;
                }
                data = std::exchange(m_slots[i], nullptr);
            }
            tell(*data);
        }
        threads.clear(); // joins
        if (m_failure) {
            std::rethrow_exception(m_failure);
        }
    }

    [[nodiscard]] std::vector<Line> const& lines() const { return m_lines; }
    [[nodiscard]] double making_seconds() const { return m_making_seconds; }

private:
    [[nodiscard]] std::size_t slowest() const {
        return std::min_element(m_lines.begin(), m_lines.end(),
                                [](Line const& a, Line const& b) { return a.done < b.done; })
            ->done;
    }

    template <class F>
    void guard(F const& body) {
        try {
            body();
        } catch (...) {
            std::lock_guard const lock{m_mutex};
            if (!m_failure) {
                m_failure = std::current_exception();
            }
            m_changed.notify_all();
        }
    }

    void work() {
        constexpr std::size_t kWindow = 8;
        for (;;) {
            std::size_t i = 0;
            {
                std::unique_lock lock{m_mutex};
                if (m_next == m_slots.size()) {
                    return;
                }
                i = m_next++;
                m_changed.wait(lock, [&] { return m_failure || i < slowest() + kWindow; });
                if (m_failure) {
                    return;
                }
            }
            auto const start = thread_seconds();
            auto data = std::make_shared<CountyData const>(m_make(i));
            std::lock_guard const lock{m_mutex};
            m_making_seconds += thread_seconds() - start;
            m_slots[i] = std::move(data);
            m_changed.notify_all();
        }
    }

    void write(Line& line) {
        auto const writer = line.make();
        for (std::size_t i = 0; i < m_slots.size(); ++i) {
            std::shared_ptr<CountyData const> data;
            {
                std::unique_lock lock{m_mutex};
                m_changed.wait(lock, [&] { return m_failure || m_slots[i]; });
                if (m_failure) {
                    return;
                }
                data = m_slots[i];
            }
            writer->add(*data);
            data.reset();
            std::lock_guard const lock{m_mutex};
            line.done = i + 1;
            m_changed.notify_all();
        }
        line.files = writer->finish();
        line.seconds = thread_seconds();
    }

    Make m_make;
    std::vector<Line> m_lines;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::vector<std::shared_ptr<CountyData const>> m_slots; // a county between its maker and its slowest writer
    std::size_t m_next = 0;
    double m_making_seconds = 0;
    std::exception_ptr m_failure;
};

/// Makes the folder and clears what an earlier run left; refuses a folder that holds anything else.
void prepare_folder(std::filesystem::path const& out) {
    std::error_code error;
    std::filesystem::create_directories(out, error);
    if (error || !std::filesystem::is_directory(out)) {
        throw Error{ErrorCode::environment,
                    fmt::format("--out {}: cannot make this folder: {}", out.string(), error.message())};
    }
    if (!std::filesystem::is_empty(out)) {
        if (!std::filesystem::exists(out / kManifest) ||
            read_file(out / kManifest).find(kGenerator) == std::string::npos) {
            throw Error{ErrorCode::usage,
                        fmt::format("--out {}: the folder is not empty and was not made by {}; choose another one",
                                    out.string(), kGenerator)};
        }
        for (auto const* const name :
             {"boundaries.gpkg", "boundaries.gpkg-journal", "boundaries.gpkg-wal", "boundaries.gpkg-shm", "shapefiles",
              "officers.csv", "officers.xlsx", "addresses.csv", "emergency_units.csv", "defects.csv", "README.txt"}) {
            std::filesystem::remove_all(out / name);
        }
    }
    // Marks the folder as ours from the start, so that an interrupted run can be repeated.
    write_file_atomically(out / kManifest,
                          fmt::format("{{\"generator\": \"{}\", \"state\": \"unfinished\"}}\n", kGenerator));
}

std::string readme(SynthOptions const& options, SynthResult const& result) {
    return fmt::format(
        "Synthetic grids of Guangdong / 广东省网格合成数据\n"
        "\n"
        "Names, codes and outlines down to the county and names and codes of towns and villages are real; everything "
        "else is made up:\n"
        "boundaries of towns, villages and grids, grid codes, officers, phones, addresses, emergency units. Not for "
        "any official use.\n"
        "县区界线、区划名称和代码为真实数据；镇街、村居、网格边界以及网格员、电话、地址、应急单元均为程序合成，不得作为"
        "正式依据。\n"
        "\n"
        "seed {}, scale {}{}: {} grids ({} dedicated) in {} villages, {} towns, {} counties, {} cities\n"
        "\n"
        "boundaries.gpkg        layer grids, EPSG:4490\n"
        "shapefiles/            one Shapefile for each city, GB18030, CGCS2000 3-degree Gauss-Kruger zone of the city "
        "(see .prj), full precision\n"
        "                       WGBM 网格编码 WGMC 网格名称 WGLX 网格类型 CJBM 村居编码 CJMC 村居 ZJMC 镇街 XQMC 县区 "
        "DSMC 地市 SJSM 数据说明\n"
        "officers.csv           GB18030, CR LF; {} officers\n"
        "officers.xlsx          the same rows\n"
        "addresses.csv          UTF-8 with byte order mark, CR LF; {} addresses; CGCS2000 degrees\n"
        "emergency_units.csv    UTF-8 with byte order mark, CR LF; {} units\n"
        "{}"
        "manifest.json          options, counts and SHA-256 of every file\n"
        "\n"
        "Phones are 104 and eight digits: no mobile number of China starts so (they start with 13 to 19).\n",
        options.seed, options.scale, options.dirty ? ", dirty" : "", result.grids, result.dedicated, result.villages,
        result.towns, result.counties, result.cities, result.officers, result.addresses, result.emergency_units,
        options.dirty
            ? fmt::format("defects.csv            UTF-8; the {} defects that were planted in the boundaries\n",
                          result.defects)
            : std::string{});
}

std::string manifest(SynthOptions const& options, SynthResult const& result) {
    nlohmann::ordered_json document;
    document["generator"] = kGenerator;
    document["state"] = "complete";
    document["synthetic"] =
        "Everything below the county is made up, except names and codes of towns and villages. Not for official use.";
    document["seed"] = options.seed;
    document["scale"] = options.scale;
    document["dirty"] = options.dirty;
    if (options.dirty) {
        document["defects_of_a_kind"] = options.defects;
    }
    document["outlines"] =
        options.counties ? options.counties->filename().string() + " (" + options.counties_crs + ")" : "reference";
    document["counts"] = {{"cities", result.cities},
                          {"counties", result.counties},
                          {"towns", result.towns},
                          {"villages", result.villages},
                          {"grids", result.grids},
                          {"features", result.features},
                          {"dedicated", result.dedicated},
                          {"multi_part", result.multi_part},
                          {"with_holes", result.with_holes},
                          {"vertices", result.vertices},
                          {"officers", result.officers},
                          {"addresses", result.addresses},
                          {"emergency_units", result.emergency_units},
                          {"defects", result.defects}};
    document["warnings"] = result.warnings;
    auto& files = document["files"] = nlohmann::ordered_json::array();
    for (auto const& file : result.files) {
        files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
    }
    return document.dump(1) + "\n";
}

} // namespace

SynthResult run(SynthOptions const& options, Progress& progress) {
    if (options.out.empty()) {
        throw Error{ErrorCode::usage, "--out: name the folder to write to"};
    }
    auto const start = thread_seconds();
    auto const reference = read_reference(options);
    auto const shares = allocate(reference, options.scale, options.seed, options.defects);
    prepare_folder(options.out);

    SynthResult result;
    result.warnings = reference.warnings;
    std::uint64_t total = 0;
    std::set<std::size_t> cities;
    for (auto const& share : shares) {
        auto const& county = reference.counties[share.county];
        cities.insert(county.city);
        result.towns += county.towns.size();
        result.villages += county.village_count();
        total += share.grids();
    }
    result.cities = cities.size();
    result.counties = shares.size();
    result.stages.push_back({"read the reference", thread_seconds() - start});

    auto const& out = options.out;
    Assembly assembly{shares.size(),
                      [&](std::size_t i) { return make_county(reference, shares[i], options.seed, options.dirty); },
                      {{"GeoPackage", [&] { return make_geopackage_writer(out, reference); }, {}, 0, 0},
                       {"Shapefiles", [&] { return make_shapefile_writer(out, reference); }, {}, 0, 0},
                       {"officers", [&] { return make_officer_writer(out); }, {}, 0, 0},
                       {"addresses and units", [&] { return make_table_writer(out, options.dirty); }, {}, 0, 0}}};
    progress.begin("making grids", total, "grids");
    assembly.run(options.threads, [&](CountyData const& data) {
        result.grids += data.grids;
        result.features += data.features.size();
        result.dedicated += data.dedicated;
        result.multi_part += data.multi_part;
        result.with_holes += data.with_holes;
        result.vertices += data.vertices;
        result.triangles += data.triangles;
        result.officers += data.officers.size();
        result.addresses += data.address_count;
        result.emergency_units += data.unit_count;
        result.defects += data.defect_count;
        progress.advance(data.grids);
    });
    progress.end();
    result.stages.push_back({"counties", assembly.making_seconds()});
    for (auto const& line : assembly.lines()) {
        result.files.insert(result.files.end(), line.files.begin(), line.files.end());
        result.stages.push_back({line.name, line.seconds});
    }
    write_file_atomically(out / "README.txt", readme(options, result));
    result.files.push_back(describe_file(out, "README.txt"));
    std::sort(result.files.begin(), result.files.end(),
              [](SynthFile const& a, SynthFile const& b) { return a.name < b.name; });
    write_file_atomically(out / kManifest, manifest(options, result));
    return result;
}

} // namespace wangge::synth
