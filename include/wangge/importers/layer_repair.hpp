#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/base/words.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/importers/raw_feature.hpp>
#include <wangge/topology/repair.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace wangge::importers {

/// A polygon layer as it was read, without a registry, and what would repair it.
struct LayerRepair {
    std::filesystem::path file;
    ReadOptions read;
    std::string layer, datum_assumed, code_field; ///< code_field is empty when features go by row
    topology::RepairOptions options;
    std::vector<std::string> names;         ///< of each row: its code, or "row 17"
    std::vector<geom::MultiPolygon> shapes; ///< of each row, on the lattice; empty when it could not be read
    std::vector<Problem> reading;           ///< of single rows; those rows take part with what is left of their shape
    std::vector<Problem> problems;          ///< of the coverage as it was read
    std::vector<topology::RepairProposal> proposals;
    double max_snap_m = 0; ///< furthest that a vertex moved to reach the lattice

    [[nodiscard]] std::vector<topology::Face> faces() const; ///< of every row; borrows names and shapes
    [[nodiscard]] std::size_t accepted() const;
};

/// Reads the layer, checks it and proposes repairs. Rows whose geometry is faulty by itself on reading do not change.
/// `code_field` names the column of codes; empty: guessed, else rows go by number. Throws as OgrReader and
/// topology::propose_repairs; Error{usage} when there is no such column.
[[nodiscard]] LayerRepair plan_layer_repair(std::filesystem::path const& file, ReadOptions const& read,
                                            std::string const& code_field, topology::RepairOptions const& options,
                                            Progress& progress);

/// For a person: counts, then each proposal with its grids, area and greatest move.
[[nodiscard]] std::string layer_repair_text(LayerRepair const& repair, Language language);
/// All of it but the shapes, UTF-8 JSON; positions in degrees, longitude first.
[[nodiscard]] std::string layer_repair_json(LayerRepair const& repair);

/// The proposals alone, as those two have them: lines for each kind, a JSON array.
[[nodiscard]] std::string proposals_text(std::span<topology::RepairProposal const> proposals,
                                         Language language = Language::english);
[[nodiscard]] std::string proposals_json(std::span<topology::RepairProposal const> proposals);

/// A GeoPackage (EPSG:4490) with layers repair_before, repair_after (grids, one row for each grid of a proposal),
/// repair_moved (ground) and repair_places (points, all proposals); refusals in the language. Written aside and
/// renamed. Throws Error{environment}.
void write_repair_layers(std::span<topology::RepairProposal const> proposals, std::filesystem::path const& path,
                         Language language);
/// JSON, or when the name ends in .gpkg those layers.
void write_layer_repair(LayerRepair const& repair, std::filesystem::path const& path, Language language);

/**
 * The layer with the accepted proposals applied, as GeoPackage in EPSG:4490: every row and every attribute of the file,
 * with its type. Returns how many rows have another shape. Written aside and renamed; the file read is not touched.
 * Throws Error{usage} when `path` is the file itself, Error{data_unreadable} when the file has changed meanwhile,
 * Error{environment}.
 */
std::size_t write_repaired_layer(LayerRepair const& repair, std::filesystem::path const& path);

/// To be asked before the work. Throws Error{usage} when the name of `path` does not end in one of .gpkg and, when
/// `json` is set, .json, or is `input`; Error{environment} when the folder is not there or not writable.
void check_repair_path(std::filesystem::path const& path, std::filesystem::path const& input, char const* option,
                       bool json);

} // namespace wangge::importers
