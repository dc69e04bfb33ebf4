#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// One struct of options and one function for each sub-command. A function returns the exit code (0 done, 1 the data
/// has problems) and throws wangge::Error for anything else; main turns that into a message and an exit code.
namespace wangge::command {

struct InitOptions {
    std::filesystem::path data;
};
int init(InitOptions const& options);

struct ImportOptions {
    std::string what; ///< divisions, boundaries, officers, addresses, concordance
    std::vector<std::filesystem::path> files;
    std::filesystem::path data;
    std::string crs, encoding, layer, effective, author;
    std::filesystem::path report, mapping, save_mapping;
    std::string lang; ///< en, zh; empty: as the environment says
    bool dry_run = false;
    bool accept_datum = false;
    bool json = false;
};
int import(ImportOptions const& options);

struct CheckOptions {
    std::filesystem::path file, parent, report;
    std::string layer, code, crs, encoding, parent_layer, lang;
    std::filesystem::path data; ///< whose coordinate systems --crs may name; may be empty
    std::string tolerance;      ///< as typed
    bool json = false;
};
int check(CheckOptions const& options);
/// Options of all sub-commands of `changes`; each reads what is its own.
struct ChangesOptions {
    std::filesystem::path data;
    bool json = false;
    std::string lang; ///< en, zh; empty: as the environment says
    std::int64_t id = 0;
    std::string author;
    std::string title, effective, until;
    std::vector<std::filesystem::path> from; ///< new: files, with how to read them
    std::string crs, encoding, layer, complete;
    std::filesystem::path mapping;
    bool accept_datum = false;
    std::string operation; ///< add: create, reshape, split, merge, retire, reparent, rename, accept-gap, alias,
                           ///< address, retire-address
    std::vector<std::string> codes, names, parts;
    std::string shape, line, village, code, into, at, reason;
    std::string division, text, corrects, source;                 ///< add: alias, address
    std::string address_id;                                       ///< add retire-address
    std::string road, house_number, estate, building, unit, room; ///< add address
    std::string kind = "comprehensive";
    bool keep = false;
    int number = 0;              ///< drop: of the operation
    std::int64_t change_set = 0; ///< undo: an applied one, as history names it
    bool all = false;            ///< list, repair
    bool list = false;           ///< repair
    std::filesystem::path out;
    std::string approver;
    std::string tolerance = "0.1", max_area = "100"; ///< repair, as typed
    std::vector<std::string> accept;                 ///< repair: ids; `all`: every one that is not refused
};
int changes_new(ChangesOptions const& options);
int changes_add(ChangesOptions const& options);
int changes_drop(ChangesOptions const& options);
int changes_list(ChangesOptions const& options);
int changes_show(ChangesOptions const& options);
int changes_check(ChangesOptions const& options);
int changes_repair(ChangesOptions const& options);
int changes_preview(ChangesOptions const& options);
int changes_approve(ChangesOptions const& options);
int changes_apply(ChangesOptions const& options);
int changes_discard(ChangesOptions const& options);
int changes_undo(ChangesOptions const& options);

struct PublishOptions {
    std::filesystem::path data;
    std::string effective, author, approver, lang;
    bool json = false;
};
int publish(PublishOptions const& options);

struct LocateOptions {
    std::filesystem::path data;
    std::string lon, lat; ///< as typed
    std::string crs;      ///< empty: as a FlatGeobuf says, else EPSG:4490
    std::string as_of, known_at;
    std::size_t nearest = 0; ///< how many to name when outside
    std::string lang;        ///< en, zh; empty: as the environment says
    bool json = false;
    std::string points, out; ///< bulk: files, "-" for standard input and output
    std::string lon_column, lat_column;
    std::string binary;   ///< empty: CSV; else e7 or f64
    unsigned threads = 0; ///< 0: as many as there are cores, at most 4
};
int locate(LocateOptions const& options);

struct AddressOptions {
    std::filesystem::path data;
    std::string text;      ///< the address
    std::string file, out; ///< bulk: files, "-" for standard input and output
    std::vector<std::string> columns;
    std::vector<std::string> near; ///< longitude and latitude, as typed
    std::string crs = "EPSG:4490"; ///< of `near`
    std::string suggest;           ///< beginning of an address
    std::size_t count = 0;         ///< of `near` and `suggest`; 0: 5
    std::string as_of, known_at;
    std::string lang; ///< en, zh; empty: as the environment says
    bool json = false;
    unsigned threads = 0; ///< 0: as many as there are cores, at most 4
};
int address(AddressOptions const& options);

struct FindOptions {
    std::filesystem::path data;
    std::string bbox, area, line, near; ///< one of them, as typed: numbers, or GeoJSON or WKT or a file of it
    std::string within;                 ///< metres, with `near`
    std::size_t nearest = 0;            ///< with `near`
    std::string crs = "EPSG:4490";
    std::string as_of, known_at;
    std::string lang; ///< en, zh; empty: as the environment says
    bool json = false;
};
int find(FindOptions const& options);

struct ShowOptions {
    std::string what; ///< grid, division, officer
    std::string code;
    std::filesystem::path data;
    std::string as_of, known_at;
    std::string lang; ///< en, zh; empty: as the environment says
    bool json = false;
};
int show(ShowOptions const& options);

struct ExportOptions {
    std::string layer, format, division, crs = "EPSG:4490"; ///< format empty: by the name of the file
    std::filesystem::path out, data;
    std::string as_of, known_at;
    bool json = false;
};
int export_layer(ExportOptions const& options);

struct HistoryOptions {
    std::string code, address; ///< a grid, or the id of an address point
    std::filesystem::path data;
    std::string as_of, known_at; ///< empty: every day, everything known
    std::string lang;            ///< en, zh; empty: as the environment says
    bool json = false;
};
int address_history(HistoryOptions const& options); ///< with `address`
int history(HistoryOptions const& options);

struct DiffOptions {
    std::string from, to; ///< states: G, G@DAY, @DAY, draft, draft@DAY
    std::string as_of;    ///< day of a state that names none
    std::filesystem::path layer, data;
    bool json = false;
};
int diff(DiffOptions const& options);

struct LineageOptions {
    std::string code;
    std::filesystem::path data;
    bool json = false;
};
int lineage(LineageOptions const& options);

struct CrosswalkOptions {
    std::string what;               ///< grids, divisions
    std::vector<std::string> given; ///< two states, or old codes
    bool all = false;               ///< divisions: every old code there is
    std::filesystem::path list;     ///< divisions: old codes, one a line
    std::string as_of;              ///< day of a state that names none; divisions: up to which changes are followed
    std::filesystem::path out, data;
    bool json = false;
};
int crosswalk(CrosswalkOptions const& options);

struct ServeOptions {
    std::filesystem::path data;
    std::string listen = "127.0.0.1:8080";
    unsigned threads = 2;
};
int serve(ServeOptions const& options);

struct RepairOptions {
    std::filesystem::path file, out, report;
    std::filesystem::path data;              ///< whose coordinate systems --crs may name; may be empty
    std::string tolerance, max_area = "100"; ///< m and m2, as typed
    std::string layer, code, crs, encoding, lang;
    bool json = false;
};
int repair(RepairOptions const& options);

struct SynthOptions {
    std::filesystem::path out, counties, reference;
    std::string scale = "province", counties_crs;
    std::uint64_t seed = 0, defects = 1000;
    bool has_seed = false;
    bool dirty = false;
    bool json = false;
};
int synth(SynthOptions const& options);

} // namespace wangge::command
