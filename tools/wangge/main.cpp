#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/check_layer.hpp>
#include <wangge/lookup/locator.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <new>

namespace {

using namespace wangge;

constexpr int kWrongUsage = 2;
constexpr int kEnvironmentFailed = 3;

/// What --lang says, whichever sub-command was chosen: an error is told in that language, too.
std::string asked_language;

void add_lang(CLI::App* sub, std::string& lang) {
    sub->add_option("--lang", lang, "Language of messages and reports: en, zh (as the environment says otherwise)")
        ->type_name("en|zh")
        ->each([](std::string const& given) { asked_language = given; });
}

/// `wangge changes ...`: from a draft to an applied change set.
void declare_changes(CLI::App& app, std::function<int()>& chosen, command::ChangesOptions& options) {
    auto* const changes = app.add_subcommand(
        "changes", "Change sets: draw changes of grids, check, preview, approve, apply and undo them");
    changes->require_subcommand(1);
    changes->footer("From a draft to the published state:\n"
                    "  wangge changes new --title 'Split of grid 12' --data province\n"
                    "  wangge changes add 1 split 440106001001012 --line 'LINESTRING(113.26 23.12, 113.27 23.13)' "
                    "--data province\n"
                    "  wangge changes check 1 --data province\n"
                    "  wangge changes preview 1 --layer preview.gpkg --data province\n"
                    "  wangge changes approve 1 --approver chief --data province\n"
                    "  wangge changes apply 1 --data province\n"
                    "  wangge publish --data province");
    using Run = int (*)(command::ChangesOptions const&);
    auto const declare_one = [&](char const* name, char const* what, Run run, bool with_id, bool with_author) {
        auto* const sub = changes->add_subcommand(name, what);
        if (with_id) {
            sub->add_option("id", options.id, "Number of the change set")->required()->type_name("ID");
        }
        sub->add_option("--data", options.data, "Data folder (registry, snapshots, received files)")
            ->required()
            ->type_name("DIR");
        if (with_author) {
            sub->add_option("--author", options.author, "Who does it (the login name otherwise)");
        }
        sub->add_flag("--json", options.json, "Machine-readable JSON on standard output");
        add_lang(sub, options.lang);
        sub->callback([&chosen, &options, run] { chosen = [&options, run] { return run(options); }; });
        return sub;
    };
    auto const add_reading = [&](CLI::App* sub) {
        sub->add_option("--crs", options.crs,
                        "CRS of the coordinates when the file does not say: EPSG:4547, GCJ02, BD09");
        sub->add_option("--encoding", options.encoding,
                        "Encoding of the text: UTF-8, GB18030, GBK (guessed otherwise)");
        sub->add_option("--layer", options.layer, "Layer of a file that holds several");
    };
    {
        auto* sub = declare_one("new", "Make a change set: empty, or of what files would change", command::changes_new,
                                false, true);
        sub->add_option("--title", options.title, "What it does, in a few words");
        sub->add_option("--effective", options.effective, "Day from which it holds, YYYY-MM-DD (today otherwise)");
        sub->add_option("--until", options.until, "Day on which what was before comes back, YYYY-MM-DD");
        sub->add_option("--from", options.from, "Files of boundaries; what they change is the change set")
            ->type_name("FILE");
        sub->add_option("--complete", options.complete,
                        "The files have all grids of this division: those they do not have are retired")
            ->type_name("DIVISION");
        sub->add_option("--mapping", options.mapping, "Columns as this file says, instead of guessing")
            ->type_name("FILE");
        sub->add_flag("--accept-datum", options.accept_datum,
                      "Take the coordinates as declared although they do not fit what is known");
        add_reading(sub);
        sub->footer("Examples:\n"
                    "  wangge changes new --title 'Split of grid 12' --effective 2026-09-01 --data province\n"
                    "  wangge changes new --from tianhe.gpkg --complete 440106000000 --data province");
    }
    {
        auto* sub = declare_one("add", "Add an operation", command::changes_add, true, true);
        sub->add_option("operation", options.operation, "What to do")
            ->required()
            ->check(CLI::IsMember({"create", "reshape", "split", "merge", "retire", "reparent", "rename", "accept-gap",
                                   "alias", "address", "retire-address"}));
        sub->add_option("codes", options.codes, "The grid, or the grids of a merge")->type_name("CODE");
        sub->add_option("--shape", options.shape, "create, reshape: WKT, GeoJSON, or a file with one area")
            ->type_name("FILE|TEXT");
        sub->add_option("--line", options.line,
                        "split: cut along it, from one vertex of the outline to another (the nearest ones)")
            ->type_name("FILE|TEXT");
        sub->add_option("--part", options.parts, "split: a part; once for each, or a file with all of them")
            ->type_name("FILE|TEXT");
        sub->add_flag("--keep", options.keep, "split: the largest part goes on under the old code");
        sub->add_option("--into", options.into, "merge: this one of them takes in the others")->type_name("CODE");
        sub->add_option("--village", options.village, "create, reparent, address: code of the village")
            ->type_name("CODE");
        sub->add_option("--name", options.names, "create, rename, merge, alias: name; split: once for each part");
        sub->add_option("--kind", options.kind, "create: comprehensive or dedicated")->capture_default_str();
        sub->add_option("--code", options.code, "create, merge: the new grid's code (the next free one otherwise)")
            ->type_name("CODE");
        sub->add_option("--at", options.at, "accept-gap: a position in the gap; address: where it is")
            ->type_name("LON,LAT");
        sub->add_option("--reason", options.reason, "accept-gap, retire, alias, address, retire-address: why");
        sub->add_option("--division", options.division, "alias: code of the division")->type_name("CODE");
        sub->add_option("--text", options.text, "address: the standard address");
        sub->add_option("--corrects", options.corrects, "address: id of the imported point in whose place it stands")
            ->type_name("ID");
        sub->add_option("--id", options.address_id, "retire-address: id of the point that is found no more")
            ->type_name("ID");
        sub->add_option("--source", options.source,
                        "address, retire-address: the file of that point ('staff': one of staff), where several have "
                        "its id")
            ->type_name("FILE");
        for (auto const& [option, part] : {std::pair{"--road", &options.road},
                                           {"--number", &options.house_number},
                                           {"--estate", &options.estate},
                                           {"--building", &options.building},
                                           {"--unit", &options.unit},
                                           {"--room", &options.room}}) {
            sub->add_option(option, *part, "address: that part of it; without any they are read from the text");
        }
        add_reading(sub);
        sub->footer(
            "Examples:\n"
            "  wangge changes add 1 reshape 440106001001001 --shape new-outline.geojson --data province\n"
            "  wangge changes add 1 split 440106001001012 --line 'LINESTRING(113.26 23.12, 113.27 23.13)' "
            "--data province\n"
            "  wangge changes add 1 merge 440106001001013 440106001001014 --data province\n"
            "  wangge changes add 1 rename 440106001001001 --name 体育西第一网格 --data province\n"
            "  wangge changes add 1 reparent 440106001001001 --village 440106001002 --data province\n"
            "  wangge changes add 1 retire 440106001001002 --data province\n"
            "  wangge changes add 1 accept-gap --at 113.2644,23.1291 --reason 水域 --data province\n"
            "  wangge changes add 1 alias --division 440106001001 --name 石牌 --reason '12345 热线' --data province\n"
            "  wangge changes add 1 address --text 广东省广州市天河区体育西路5号 --road 体育西路 --number 5号 "
            "--at 113.3200,23.1300 --reason 现场核实 --data province\n"
            "  wangge changes add 1 address --corrects A000123 --at 113.3201,23.1302 --reason 现场核实 --data "
            "province\n"
            "  wangge changes add 1 retire-address --id A000124 --reason 已拆除 --data province\n"
            "Codes of new grids are reserved at once and never given to another grid.");
    }
    {
        auto* sub = declare_one("drop", "Take an operation out again", command::changes_drop, true, true);
        sub->add_option("number", options.number, "Number of the operation")->required()->type_name("N");
        sub->footer("Example:\n  wangge changes drop 1 2 --data province");
    }
    {
        auto* sub = declare_one("list", "Change sets being made", command::changes_list, false, false);
        sub->add_flag("--all", options.all, "Applied and discarded ones, too");
        sub->footer("Example:\n  wangge changes list --all --data province");
    }
    declare_one("show", "One change set with its operations", command::changes_show, true, false)
        ->footer("Example:\n  wangge changes show 1 --data province");
    declare_one("check", "Check the coverage on every day concerned", command::changes_check, true, true)
        ->footer("Example:\n  wangge changes check 1 --data province\n"
                 "Exit code 1: it has errors or conflicts and cannot be approved.");
    {
        auto* sub = declare_one("repair", "Propose what mends the small errors of its check, and add it on demand",
                                command::changes_repair, true, true);
        sub->add_option("--tolerance", options.tolerance, "Nothing moves further than so many metres")
            ->capture_default_str()
            ->type_name("M");
        sub->add_option("--max-area", options.max_area, "No piece of ground that changes hands is larger (m2)")
            ->capture_default_str()
            ->type_name("M2");
        sub->add_option("--with", options.codes,
                        "Neighbours outside the change set that may change too; all others stay as they are")
            ->type_name("CODE");
        auto* list = sub->add_flag("--list", options.list, "Only show the proposals, which it does otherwise too");
        auto* accept = sub->add_option("--accept", options.accept, "Add these proposals to the change set")
                           ->type_name("ID")
                           ->excludes(list);
        sub->add_flag("--all", options.all, "Add every proposal that is not refused")->excludes(list)->excludes(accept);
        sub->add_option("--layer", options.out,
                        "Write the grids before and after, the ground that moves and the places to FILE (.gpkg)")
            ->type_name("FILE");
        sub->footer("Examples:\n"
                    "  wangge changes repair 1 --tolerance 0.3 --layer repairs.gpkg --data province\n"
                    "  wangge changes repair 1 --tolerance 0.3 --accept 3f2a9c0d11e84b57 --data province\n"
                    "  wangge changes repair 1 --tolerance 0.3 --all --data province\n"
                    "Exit code 1: something has no repair within the tolerance.");
    }
    {
        auto* sub = declare_one("preview", "What it would change: grids, ground, addresses, officers",
                                command::changes_preview, true, false);
        sub->add_option("--layer", options.out,
                        "Write the grids before and after and the ground that moves to FILE "
                        "(.gpkg)")
            ->type_name("FILE");
        sub->footer("Example:\n  wangge changes preview 1 --layer preview.gpkg --data province");
    }
    {
        auto* sub = declare_one("approve", "Approve a checked change set", command::changes_approve, true, false);
        sub->add_option("--approver", options.approver, "Who approves: none of its editors")->required();
        sub->footer("Example:\n  wangge changes approve 1 --approver chief --data province");
    }
    declare_one("apply", "Apply an approved change set; publish makes it seen", command::changes_apply, true, true)
        ->footer("Example:\n  wangge changes apply 1 --data province");
    {
        auto* sub = declare_one("discard", "Give up a change set; its codes stay reserved", command::changes_discard,
                                true, true);
        sub->add_option("--reason", options.reason, "Why");
        sub->footer("Example:\n  wangge changes discard 1 --reason 重复 --data province");
    }
    {
        auto* sub = declare_one("undo", "Make a change set that takes an applied one back, or an import",
                                command::changes_undo, false, true);
        sub->add_option("id", options.id, "Number of the change set")->type_name("ID");
        sub->add_option("--import", options.change_set,
                        "Number of an import of boundaries instead, as 'wangge history' names it")
            ->type_name("N");
        sub->add_option("--effective", options.effective,
                        "Only from this day on, YYYY-MM-DD (otherwise as if it had never been)");
        sub->footer("Examples:\n"
                    "  wangge changes undo 1 --data province\n"
                    "  wangge changes undo --import 2 --data province");
    }
}

/// Declares every sub-command; the chosen one puts its call into `chosen`.
void declare(CLI::App& app, std::function<int()>& chosen) {
    static command::InitOptions init;
    static command::ImportOptions import;
    static command::CheckOptions check;
    static command::ChangesOptions changes;
    static command::PublishOptions publish;
    static command::LocateOptions locate;
    static command::AddressOptions address;
    static command::FindOptions find;
    static command::ShowOptions show;
    static command::ExportOptions layer;
    static command::HistoryOptions history;
    static command::DiffOptions diff;
    static command::LineageOptions lineage;
    static command::CrosswalkOptions crosswalk;
    static command::ServeOptions serve;
    static command::RepairOptions repair;
    static command::SynthOptions synth;

    auto const add_data = [](CLI::App* sub, std::filesystem::path& data) {
        sub->add_option("--data", data, "Data folder (registry, snapshots, received files)")
            ->required()
            ->type_name("DIR");
    };
    auto const add_state = [](CLI::App* sub, std::string& as_of, std::string& known_at) {
        sub->add_option("--as-of", as_of, "Day of the answer, YYYY-MM-DD (today otherwise)")->type_name("DAY");
        sub->add_option("--known-at", known_at, "As that generation knew it (the newest otherwise)")->type_name("G");
    };
    auto const add_json = [](CLI::App* sub, bool& json) {
        sub->add_flag("--json", json, "Machine-readable JSON on standard output");
    };

    {
        auto* sub = app.add_subcommand("init", "Make an empty registry in a data folder");
        add_data(sub, init.data);
        sub->footer("Example:\n  wangge init --data province");
        sub->callback([&] { chosen = [] { return command::init(init); }; });
    }
    {
        auto* sub =
            app.add_subcommand("import", "Read files into the registry: read, normalise, check, compare, apply");
        sub->add_option("what", import.what, "What the files hold")
            ->required()
            ->check(CLI::IsMember({"divisions", "boundaries", "officers", "addresses", "concordance"}));
        sub->add_option("files", import.files,
                        "Shapefile, File Geodatabase, GeoPackage, GeoJSON, FlatGeobuf, KML, DXF, SpatiaLite, a zip "
                        "of one, PG:dbname=NAME TABLE; CSV, TSV, XLSX for tables")
            ->required()
            ->type_name("FILE");
        add_data(sub, import.data);
        sub->add_option("--crs", import.crs,
                        "CRS of the coordinates when the file does not say: EPSG:4547, GCJ02, BD09, or a system of "
                        "the data folder's coordinate-systems.toml");
        sub->add_flag("--accept-datum", import.accept_datum,
                      "Import although the coordinate system is suspected: the registry is what lies wrong");
        sub->add_option("--encoding", import.encoding, "Encoding of the text: UTF-8, GB18030, GBK (guessed otherwise)");
        sub->add_option("--layer", import.layer, "Layer of a file that holds several");
        sub->add_option("--mapping", import.mapping,
                        "Which column holds what, as --save-mapping wrote it (guessed otherwise)")
            ->type_name("FILE");
        sub->add_option("--save-mapping", import.save_mapping, "Write which column was taken for what")
            ->type_name("FILE");
        sub->add_option("--effective", import.effective, "Day from which it holds, YYYY-MM-DD (today otherwise)");
        sub->add_option("--author", import.author, "Who imports, for the audit log (the login name otherwise)");
        sub->add_flag("--dry-run", import.dry_run, "Do every step but write nothing");
        sub->add_option("--report", import.report,
                        "Write what was found to FILE: .html with a map, .gpkg for map layers, "
                        ".json, .txt")
            ->type_name("FILE");
        add_lang(sub, import.lang);
        add_json(sub, import.json);
        sub->footer(
            "Examples:\n"
            "  wangge import divisions geodata/guangdong/divisions.tsv --data province\n"
            "  wangge import boundaries grids.gpkg --layer grids --data province --dry-run\n"
            "  wangge import boundaries guangzhou.shp --encoding GB18030 --effective 2026-01-01 --data province\n"
            "  wangge import boundaries survey.zip --layer 2026/grids.shp --save-mapping survey.json --data province\n"
            "  wangge import boundaries 'PG:dbname=survey host=db public.grids' --mapping survey.json --data province\n"
            "  wangge import officers officers.xlsx --data province\n"
            "  wangge import concordance old-and-new-codes.csv --data province\n"
            "Exit code 1: the files have problems, nothing was applied; --report tells which and where.");
        sub->callback([&] { chosen = [] { return command::import(import); }; });
    }
    declare_changes(app, chosen, changes);
    {
        auto* sub = app.add_subcommand("check", "Check any polygon layer: codes, geometry, overlaps, gaps, outlines; "
                                                "needs no registry");
        sub->add_option(
               "file", check.file,
               "Shapefile, File Geodatabase, GeoPackage, GeoJSON, FlatGeobuf, KML, DXF, SpatiaLite, or a zip of one")
            ->required()
            ->type_name("FILE");
        sub->add_option("--layer", check.layer, "Layer of a file that holds several");
        sub->add_option("--code", check.code, "Column that names the features (guessed otherwise, else their rows do)")
            ->type_name("FIELD");
        sub->add_option("--crs", check.crs,
                        "CRS of the coordinates when the file does not say: EPSG:4547, GCJ02, BD09");
        sub->add_option("--data", check.data, "Data folder whose coordinate systems --crs may name")->type_name("DIR");
        sub->add_option("--encoding", check.encoding, "Encoding of the text: UTF-8, GB18030, GBK (guessed otherwise)");
        sub->add_option("--tolerance", check.tolerance,
                        fmt::format("Metres up to which boundaries that run side by side count as one, at most {} (0 "
                                    "otherwise: exact)",
                                    importers::CheckOptions::kMostToleranceM))
            ->type_name("M");
        auto* parent = sub->add_option("--parent", check.parent, "Polygons that the layer must fill exactly: outlines")
                           ->type_name("FILE");
        sub->add_option("--parent-layer", check.parent_layer, "Layer of a parent file that holds several")
            ->type_name("NAME")
            ->needs(parent);
        sub->add_option("--report", check.report,
                        "Write what was found to FILE: .html with a map, .gpkg for map layers, .json, .txt")
            ->type_name("FILE");
        add_lang(sub, check.lang);
        add_json(sub, check.json);
        sub->footer("Examples:\n"
                    "  wangge check grids.gpkg\n"
                    "  wangge check parcels.shp --code DKBM --encoding GB18030 --report problems.html --lang zh\n"
                    "  wangge check towns.geojson --parent county.geojson --report problems.gpkg --json\n"
                    "Exit code 1: there are problems of severity error.");
        sub->callback([&] { chosen = [] { return command::check(check); }; });
    }
    {
        auto* sub =
            app.add_subcommand("publish", "Make a generation of what was applied, and the snapshot that lookups use");
        add_data(sub, publish.data);
        sub->add_option("--effective", publish.effective, "Day the snapshot shows, YYYY-MM-DD (today otherwise)");
        sub->add_option("--author", publish.author, "Who publishes (the login name otherwise)");
        sub->add_option("--approver", publish.approver,
                        "Who approves what was imported directly: nobody who imported part of it. Not needed when all "
                        "of it are approved change sets");
        add_lang(sub, publish.lang);
        add_json(sub, publish.json);
        sub->footer("Examples:\n  wangge publish --data province --approver chief\n"
                    "  wangge publish --data province            after wangge changes apply");
        sub->callback([&] { chosen = [] { return command::publish(publish); }; });
    }
    {
        auto* sub = app.add_subcommand("locate", "Which grid is a position in, and who is responsible");
        auto* lon = sub->add_option("lon", locate.lon, "Longitude or easting")->type_name("LON");
        auto* lat = sub->add_option("lat", locate.lat, "Latitude or northing")->type_name("LAT");
        add_data(sub, locate.data);
        sub->add_option("--crs", locate.crs, "CRS of the position: EPSG:4490 (default), EPSG:4547, GCJ02, BD09");
        add_state(sub, locate.as_of, locate.known_at);
        sub->add_option("--nearest", locate.nearest, "When outside, name the nearest grid, or the K nearest")
            ->type_name("[K]")
            ->expected(0, 1)
            ->default_str("1")
            ->check(CLI::Range(std::size_t{1}, lookup::kMostNearest));
        auto* points =
            sub->add_option("--points", locate.points,
                            "Positions in a CSV (UTF-8 or GB18030), a FlatGeobuf (.fgb) or as --binary; '-' for "
                            "standard input")
                ->type_name("IN");
        sub->add_option("--out", locate.out,
                        "The same with grid_code and locate_status added (a FlatGeobuf also as .csv), '-' for "
                        "standard output")
            ->type_name("OUT")
            ->needs(points);
        auto* lon_column =
            sub->add_option("--lon", locate.lon_column, "Column of the longitude or easting (guessed otherwise)")
                ->type_name("COL")
                ->needs(points);
        auto* lat_column =
            sub->add_option("--lat", locate.lat_column, "Column of the latitude or northing (guessed otherwise)")
                ->type_name("COL")
                ->needs(points);
        sub->add_option(
               "--binary", locate.binary,
               "Little-endian records instead of CSV. In: e7, int32 lon and lat in 1e-7 degree; f64, two "
               "doubles in --crs. Out: a uint64 each, the grid code as a number, 0 outside, 2^64-1 no position")
            ->type_name("e7|f64")
            ->check(CLI::IsMember({"e7", "f64"}))
            ->needs(points)
            ->excludes(lon_column)
            ->excludes(lat_column);
        sub->add_option("--threads", locate.threads,
                        "Threads that answer --points (as many as cores, up to 4, otherwise)")
            ->type_name("N")
            ->check(CLI::Range(1, 64))
            ->needs(points);
        points->excludes(lon)->excludes(lat);
        add_json(sub, locate.json);
        add_lang(sub, locate.lang);
        sub->footer("Examples:\n"
                    "  wangge locate 113.2644 23.1291 --data province\n"
                    "  wangge locate 113.2698 23.1264 --crs GCJ02 --json --data province\n"
                    "  wangge locate 114 22 --nearest 3 --data province\n"
                    "  wangge locate --points events.csv --out events-with-grid.csv --data province\n"
                    "  cut -d, -f1-3 events.csv | wangge locate --points - --out - --lon x --lat y --crs EPSG:4547 "
                    "--data province\n"
                    "  wangge locate --points events.fgb --out events-with-grid.fgb --data province\n"
                    "  wangge locate --points positions.bin --binary e7 --out codes.bin --data province");
        sub->callback([&] { chosen = [] { return command::locate(locate); }; });
    }
    {
        auto* sub = app.add_subcommand("address", "Which grid is an address in, or which it may be");
        auto* text = sub->add_option("text", address.text, "The address as people write it")->type_name("TEXT");
        add_data(sub, address.data);
        add_state(sub, address.as_of, address.known_at);
        auto* file =
            sub->add_option("--file", address.file, "Addresses in a CSV (UTF-8 or GB18030); '-' for standard input")
                ->type_name("IN");
        sub->add_option("--out", address.out,
                        "The same with grid_code, level, score and more added, '-' for standard "
                        "output")
            ->type_name("OUT")
            ->needs(file);
        sub->add_option("--column", address.columns,
                        "Column of the address (guessed otherwise); again for each, where several say it one after the "
                        "other")
            ->type_name("COL")
            ->allow_extra_args(false)
            ->needs(file);
        sub->add_option("--threads", address.threads,
                        "Threads that answer --file (as many as cores, up to 4, otherwise)")
            ->type_name("N")
            ->check(CLI::Range(1, 64))
            ->needs(file);
        auto* near = sub->add_option("--near", address.near, "Standard addresses near a position instead")
                         ->type_name("LON LAT")
                         ->expected(2);
        sub->add_option("--crs", address.crs, "CRS of that position: EPSG:4490 (default), EPSG:4547, GCJ02, BD09")
            ->needs(near);
        auto* suggest = sub->add_option("--suggest", address.suggest,
                                        "How an address that begins so, or with these pinyin initials, may go on")
                            ->type_name("TEXT");
        sub->add_option("--count", address.count, "With --near and --suggest: how many of them (5)")
            ->type_name("K")
            ->check(CLI::Range(std::size_t{1}, lookup::kMostNearest));
        text->excludes(file)->excludes(near)->excludes(suggest);
        file->excludes(near)->excludes(suggest);
        near->excludes(suggest);
        add_json(sub, address.json);
        add_lang(sub, address.lang);
        sub->footer("Examples:\n"
                    "  wangge address 荔湾区沿江北路1号 --data province\n"
                    "  wangge address --file events.csv --out events-with-grid.csv --column 地址 --data province\n"
                    "  wangge address --file events.csv --column 区县 --column 镇街 --column 地点 --data province\n"
                    "  wangge address --near 113.2644 23.1291 --count 3 --data province\n"
                    "  wangge address --suggest 荔湾区沿 --data province\n"
                    "When the address does not determine one grid, the grids that it may be are listed.");
        sub->callback([&] { chosen = [] { return command::address(address); }; });
    }
    {
        auto* sub = app.add_subcommand("find", "Which grids meet a box, area or line, or lie near a position");
        auto* what = sub->add_option_group("what", "What the grids are to meet: one of");
        what->add_option("--bbox", find.bbox, "Box, longitude or easting first")->type_name("W,S,E,N");
        what->add_option("--polygon", find.area, "Area: a file of GeoJSON or WKT, or the text itself")
            ->type_name("FILE|TEXT");
        what->add_option("--line", find.line, "Line: the same")->type_name("FILE|TEXT");
        auto* near =
            what->add_option("--near", find.near, "Position, longitude or easting first, with --within or --nearest")
                ->type_name("LON,LAT");
        what->require_option(1);
        auto* within = sub->add_option("--within", find.within, "All that come within so many metres, at most 50000")
                           ->type_name("M")
                           ->needs(near);
        sub->add_option("--nearest", find.nearest, "The K nearest within 50 km, the one that holds the position first")
            ->type_name("K")
            ->needs(near)
            ->excludes(within)
            ->check(CLI::Range(std::size_t{1}, lookup::kMostNearest));
        add_data(sub, find.data);
        sub->add_option("--crs", find.crs, "CRS of the coordinates: EPSG:4490 (default), EPSG:4547, GCJ02, BD09");
        add_state(sub, find.as_of, find.known_at);
        add_json(sub, find.json);
        add_lang(sub, find.lang);
        sub->footer("A grid that only touches counts. Examples:\n"
                    "  wangge find --bbox 113.26,23.12,113.27,23.13 --data province\n"
                    "  wangge find --polygon flood.geojson --json --data province\n"
                    "  wangge find --line 'LINESTRING(113.26 23.12, 113.30 23.14)' --data province\n"
                    "  wangge find --near 113.2644,23.1291 --within 500 --data province\n"
                    "  wangge find --near 113.2644,23.1291 --nearest 5 --data province");
        sub->callback([&] { chosen = [] { return command::find(find); }; });
    }
    {
        auto* sub = app.add_subcommand("show", "Show one grid, division or officer");
        sub->add_option("what", show.what, "Kind of thing")
            ->required()
            ->check(CLI::IsMember({"grid", "division", "officer"}));
        sub->add_option("code", show.code, "Grid code, division code or officer number")->required()->type_name("CODE");
        add_data(sub, show.data);
        add_state(sub, show.as_of, show.known_at);
        add_json(sub, show.json);
        add_lang(sub, show.lang);
        sub->footer("Examples:\n"
                    "  wangge show division 440106000000 --data province\n"
                    "  wangge show grid 440106001001001 --data province --json");
        sub->callback([&] { chosen = [] { return command::show(show); }; });
    }
    {
        auto* sub = app.add_subcommand("export", "Write a layer of the published state to a file");
        sub->add_option("layer", layer.layer, "grids, grid_labels, villages, towns, counties, cities, province")
            ->required()
            ->type_name("LAYER");
        sub->add_option("--format", layer.format,
                        "GPKG, GeoJSON, FlatGeobuf, Shapefile, CSV (by the name of the file otherwise)");
        sub->add_option("--out", layer.out, "File to write; replaced only when the new one is whole")
            ->required()
            ->type_name("FILE");
        add_data(sub, layer.data);
        add_state(sub, layer.as_of, layer.known_at);
        sub->add_option("--division", layer.division, "Only what lies under this division")->type_name("CODE");
        sub->add_option("--crs", layer.crs, "CRS to write: EPSG:4490 (default), EPSG:4547, EPSG:3857, ...");
        add_json(sub, layer.json);
        sub->footer("Examples:\n"
                    "  wangge export grids --format GPKG --out grids.gpkg --data province\n"
                    "  wangge export towns --format GeoJSON --division 440100000000 --out guangzhou-towns.geojson "
                    "--data province");
        sub->callback([&] { chosen = [] { return command::export_layer(layer); }; });
    }
    {
        auto* sub =
            app.add_subcommand("history", "Every version of a grid, or all that was recorded of an address point: on "
                                          "which days, known to which generations");
        auto* code = sub->add_option("code", history.code, "Grid code")->type_name("CODE");
        sub->add_option("--address", history.address, "Id of an address point instead")
            ->type_name("ID")
            ->excludes(code);
        add_data(sub, history.data);
        sub->add_option("--as-of", history.as_of, "Only what holds or held on that day")->type_name("DAY");
        sub->add_option("--known-at", history.known_at, "Only what that generation knew")->type_name("G");
        add_json(sub, history.json);
        add_lang(sub, history.lang);
        sub->footer("Examples:\n"
                    "  wangge history 440106001001001 --data province\n"
                    "  wangge history --address A000124 --data province");
        sub->callback([&] {
            chosen = [] {
                return history.address.empty() ? command::history(history) : command::address_history(history);
            };
        });
    }
    {
        auto* sub = app.add_subcommand("diff", "What two generations, or two days, do not have alike");
        sub->add_option("from", diff.from, "A state: G, G@DAY, @DAY (the newest generation), or draft")
            ->required()
            ->type_name("FROM");
        sub->add_option("to", diff.to, "The other one")->required()->type_name("TO");
        add_data(sub, diff.data);
        sub->add_option("--as-of", diff.as_of, "Day of a state that names none (today otherwise)")->type_name("DAY");
        sub->add_option("--layer", diff.layer, "Write the changes as map layers, the areas that changed hands too")
            ->type_name("OUT.gpkg");
        add_json(sub, diff.json);
        sub->footer("Examples:\n"
                    "  wangge diff 1 2 --data province\n"
                    "  wangge diff 2@2026-01-01 2@2026-07-01 --layer half-a-year.gpkg --data province\n"
                    "  wangge diff 2 draft --as-of 2026-07-01 --json --data province");
        sub->callback([&] { chosen = [] { return command::diff(diff); }; });
    }
    {
        auto* sub = app.add_subcommand("lineage", "Where the ground of a grid came from and where it went");
        sub->add_option("code", lineage.code, "Grid code, in force or retired")->required()->type_name("CODE");
        add_data(sub, lineage.data);
        add_json(sub, lineage.json);
        sub->footer("Example:\n  wangge lineage 440106001001001 --data province");
        sub->callback([&] { chosen = [] { return command::lineage(lineage); }; });
    }
    {
        auto* sub = app.add_subcommand("crosswalk", "A table from the codes of one state to those of another");
        sub->add_option("what", crosswalk.what, "Codes of what")
            ->required()
            ->check(CLI::IsMember({"grids", "divisions"}));
        sub->add_option("codes", crosswalk.given, "grids: two states, as for diff; divisions: old codes")
            ->type_name("FROM TO | CODE...");
        auto* all = sub->add_flag("--all", crosswalk.all, "divisions: every old code that a concordance knows");
        sub->add_option("--from-list", crosswalk.list, "divisions: a file with an old code on each line")
            ->type_name("FILE")
            ->excludes(all);
        sub->add_option("--out", crosswalk.out, "CSV to write (standard output otherwise)")->type_name("OUT.csv");
        sub->add_option(
               "--as-of", crosswalk.as_of,
               "grids: day of a state that names none; divisions: day whose codes are wanted (today otherwise)")
            ->type_name("DAY");
        add_data(sub, crosswalk.data);
        add_json(sub, crosswalk.json);
        sub->footer("Examples:\n"
                    "  wangge crosswalk grids 1 2 --out crosswalk.csv --data province\n"
                    "  wangge crosswalk divisions 440106001001 --data province\n"
                    "  wangge crosswalk divisions --all --out divisions.csv --data province");
        sub->callback([&] { chosen = [] { return command::crosswalk(crosswalk); }; });
    }
    {
        auto* sub = app.add_subcommand("serve", "Answer lookups over HTTP from the published snapshot");
        add_data(sub, serve.data);
        sub->add_option("--listen", serve.listen, "Address and port; port 0 takes a free one")->capture_default_str();
        sub->add_option("--threads", serve.threads, "Threads that answer")
            ->capture_default_str()
            ->check(CLI::Range(1, 64));
        sub->footer("Example:\n  wangge serve --data province --listen 127.0.0.1:8080\n"
                    "  curl 'http://127.0.0.1:8080/v1/locate?lon=113.2644&lat=23.1291'");
        sub->callback([&] { chosen = [] { return command::serve(serve); }; });
    }
    {
        auto* sub = app.add_subcommand("repair", "Propose small repairs of a polygon layer: gaps, overlaps, boundaries "
                                                 "that do not match; the file is never changed");
        sub->add_option("file", repair.file, "Polygon file of any format that imports take")
            ->required()
            ->type_name("FILE");
        sub->add_option("--tolerance", repair.tolerance, "Nothing moves further than so many metres")
            ->required()
            ->type_name("M");
        sub->add_option("--max-area", repair.max_area, "No piece of ground that changes hands is larger (m2)")
            ->capture_default_str()
            ->type_name("M2");
        sub->add_option("--layer", repair.layer, "Layer of a file that holds several");
        sub->add_option("--code", repair.code, "Column of the grid codes (guessed otherwise)")->type_name("FIELD");
        sub->add_option("--crs", repair.crs,
                        "CRS of the coordinates when the file does not say: EPSG:4547, GCJ02, BD09");
        sub->add_option("--data", repair.data, "Data folder whose coordinate systems --crs may name")->type_name("DIR");
        sub->add_option("--encoding", repair.encoding, "Encoding of the text: UTF-8, GB18030, GBK (guessed otherwise)");
        sub->add_option("--out", repair.out, "Write the layer with the proposals applied, every attribute kept (.gpkg)")
            ->type_name("FIXED");
        sub->add_option("--report", repair.report,
                        "Write the proposals to FILE (.json, or .gpkg with layers before, after, moved)")
            ->type_name("FILE");
        add_json(sub, repair.json);
        add_lang(sub, repair.lang);
        sub->footer("Examples:\n"
                    "  wangge repair grids.gpkg --layer grids --tolerance 0.5 --report proposals.gpkg\n"
                    "  wangge repair grids.gpkg --layer grids --tolerance 0.5 --out fixed.gpkg\n"
                    "Exit code 1: some problems have no repair within the tolerance; they are listed with the reason.");
        sub->callback([&] { chosen = [] { return command::repair(repair); }; });
    }
    {
        auto* sub = app.add_subcommand("synth", "Make a synthetic province inside the real counties");
        sub->add_option("--out", synth.out, "Folder to write")->required()->type_name("DIR");
        sub->add_option("--seed", synth.seed, "Another seed makes another province")->each([](std::string const&) {
            synth.has_seed = true;
        });
        sub->add_option("--scale", synth.scale,
                        "province, city:4405, county:440106, or a number of grids up to 1300000")
            ->capture_default_str();
        sub->add_option("--counties", synth.counties, "Better county outlines (GeoJSON, may be .gz)")
            ->type_name("FILE");
        sub->add_option("--counties-crs", synth.counties_crs, "CRS of --counties: EPSG:4490 (default) or GCJ02");
        sub->add_option("--reference", synth.reference, "Folder with divisions.tsv and counties.geojson")
            ->type_name("DIR");
        auto* dirty =
            sub->add_flag("--dirty", synth.dirty, "Plant a known list of defects and write it beside the data");
        sub->add_option("--defects", synth.defects,
                        "At most so many of each kind in a whole province, a smaller scale gets its share")
            ->type_name("N")
            ->needs(dirty)
            ->check(CLI::Range(1, 100'000))
            ->capture_default_str();
        add_json(sub, synth.json);
        sub->footer("Examples:\n  wangge synth --out synth\n  wangge synth --out small --scale county:440106 --dirty");
        sub->callback([&] { chosen = [] { return command::synth(synth); }; });
    }
}

/// A --lang that is neither is itself the error, told as the environment says.
Language told_in() {
    return command::language_argument(asked_language == "en" || asked_language == "zh" ? asked_language
                                                                                       : std::string{});
}

int fail(std::string const& message, int code) {
    bool const colour = isatty(STDERR_FILENO) == 1;
    command::warn("{}wangge: {}{}\n", colour ? "\033[31m" : "", message, colour ? "\033[0m" : "");
    return code;
}

} // namespace

int main(int argc, char** argv) {
    // A reader that closes early (head) is a write error of ours, not a reason to die silently.
    std::signal(SIGPIPE, SIG_IGN);
    std::function<int()> chosen;
    try {
        CLI::App app{"Wangge (网格): a spatial grid registry. Which grid is this place in, and who is responsible?",
                     "wangge"};
        app.set_version_flag("--version", WANGGE_VERSION);
        app.require_subcommand(1);
        app.footer("Exit codes: 0 done, 1 the data has problems (reported), 2 wrong usage, 3 the environment failed.\n"
                   "`wangge COMMAND --help` shows examples.");
        declare(app, chosen);
        try {
            app.parse(argc, argv);
        } catch (CLI::ParseError const& error) {
            auto const code = app.exit(error);
            return code == 0 ? 0 : kWrongUsage;
        }
        return chosen();
    } catch (Error const& error) {
        return fail(error.in(told_in()), exit_code(error.code()));
    } catch (std::bad_alloc const&) {
        return fail("out of memory; close other programs or use a machine with more memory", kEnvironmentFailed);
    } catch (std::exception const& error) {
        return fail(fmt::format("internal error: {}", error.what()), kEnvironmentFailed);
    }
}
