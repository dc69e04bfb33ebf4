#include "../synth/synth.hpp"
#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace wangge::command {

namespace {

/// geodata/guangdong of the source tree: below the current folder, or beside the program (build/release/wangge).
std::filesystem::path reference_folder(std::filesystem::path const& given) {
    if (!given.empty()) {
        return given;
    }
    std::filesystem::path const below = "geodata/guangdong";
    if (exists(below / "divisions.tsv")) {
        return below;
    }
    std::error_code error;
    auto const program = std::filesystem::read_symlink("/proc/self/exe", error);
    for (auto folder = program.parent_path(); !error && folder.has_relative_path(); folder = folder.parent_path()) {
        if (exists(folder / below / "divisions.tsv")) {
            return folder / below;
        }
    }
    throw Error{ErrorCode::usage, "the reference data geodata/guangdong was not found; name it with --reference DIR"};
}

} // namespace

int synth(SynthOptions const& options) {
    synth::SynthOptions request;
    request.out = options.out;
    if (options.has_seed) {
        request.seed = options.seed;
    }
    request.scale = options.scale;
    request.reference = reference_folder(options.reference);
    if (!options.counties.empty()) {
        request.counties = options.counties;
    }
    if (!options.counties_crs.empty()) {
        request.counties_crs = options.counties_crs;
    }
    request.dirty = options.dirty;
    request.defects = options.defects;
    auto const progress = make_terminal_progress();
    auto const result = synth::run(request, *progress);
    for (auto const& warning : result.warnings) {
        warn("warning: {}\n", warning);
    }
    if (options.json) {
        nlohmann::ordered_json json{{"cities", result.cities},
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
        json["files"] = nlohmann::ordered_json::array();
        for (auto const& file : result.files) {
            json["files"].push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
        }
        say("{}\n", json.dump(2));
        return 0;
    }
    say("Made {} grids ({} dedicated, {} of several parts, {} with holes) of {:.1f} vertices on average\n"
        "in {} villages, {} towns, {} counties, {} cities; {} officers, {} addresses, {} emergency units.\n",
        result.grids, result.dedicated, result.multi_part, result.with_holes,
        static_cast<double>(result.vertices) / static_cast<double>(std::max<std::uint64_t>(1, result.grids)),
        result.villages, result.towns, result.counties, result.cities, result.officers, result.addresses,
        result.emergency_units);
    if (options.dirty) {
        say("Planted {} defects; defects.csv lists them.\n", result.defects);
    }
    say("{} files in {}\n", result.files.size(), options.out.string());
    return 0;
}

} // namespace wangge::command
