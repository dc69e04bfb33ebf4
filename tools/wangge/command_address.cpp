#include "arguments.hpp"
#include "commands.hpp"

#include <wangge/base/error.hpp>
#include <wangge/lookup/address_csv.hpp>
#include <wangge/lookup/address_text.hpp>
#include <wangge/lookup/geocoder.hpp>
#include <wangge/lookup/locator.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

namespace wangge::command {

namespace {

unsigned usual_threads() {
    constexpr unsigned kEnough = 4; // as for positions
    return std::clamp(std::thread::hardware_concurrency(), 1U, kEnough);
}

int answer_many(AddressOptions const& options, snapshot::Snapshot const& snapshot, address::AddressIndex const& index) {
    lookup::AddressCsvRequest request;
    request.in = options.file;
    request.out = options.out.empty() ? "-" : options.out;
    request.columns = options.columns;
    request.threads = options.threads == 0 ? usual_threads() : options.threads;
    auto const progress = make_terminal_progress();
    auto const start = std::chrono::steady_clock::now();
    auto const result = lookup::geocode_csv(lookup::Geocoder{snapshot, index}, snapshot, request, *progress);
    std::chrono::duration<double> const spent = std::chrono::steady_clock::now() - start;
    if (options.json) {
        nlohmann::ordered_json json;
        json["rows"] = result.rows;
        json["determined"] = result.inside;
        json["undetermined"] = result.outside;
        json["faults"] = result.faults;
        json["seconds"] = spent.count();
        auto const text = json.dump(2) + "\n";
        if (request.out == "-") {
            write_err(text);
        } else {
            write_out(text);
        }
    } else {
        warn("{}\n",
             said(language_argument(options.lang), "{} addresses: {} determine a grid, {} do not, {} not readable.",
                  "{} 个地址：{} 个确定了网格，{} 个未确定，{} 个无法读取。", result.rows, result.inside,
                  result.outside, result.faults));
    }
    return result.faults == 0 ? 0 : 1;
}

} // namespace

int address(AddressOptions const& options) {
    if (options.text.empty() && options.file.empty() && options.near.empty() && options.suggest.empty()) {
        throw Error{ErrorCode::usage,
                    words("address needs a TEXT that is not empty, --file FILE, --near LON LAT or --suggest TEXT; see "
                          "wangge address --help",
                          "address 需要一个非空的 TEXT、--file FILE、--near LON LAT 或 --suggest TEXT；见 "
                          "wangge address --help")};
    }
    if (options.count != 0 && options.near.empty() && options.suggest.empty()) {
        throw Error{ErrorCode::usage,
                    words("--count goes with --near and --suggest", "--count 须与 --near 或 --suggest 同用")};
    }
    auto const language = language_argument(options.lang);
    constexpr std::size_t kUsualCount = 5;
    auto const count = options.count == 0 ? kUsualCount : options.count;
    auto const folder = data_folder(options.data);
    require_registry(folder);
    auto const asked = state_arguments(options.as_of, options.known_at);
    auto const site = site_systems(folder.root);
    auto const transformer = crs::Transformer::make(options.crs, site);
    auto const snapshot = snapshot_for(folder, asked);
    auto const index = lookup::address_index_of(*snapshot);
    if (!options.file.empty()) {
        return answer_many(options, *snapshot, *index);
    }
    auto const registry = registry::Registry::open(folder, registry::Registry::Mode::read);
    lookup::DutyRoster const roster{registry.duty_entries(asked.as_of, asked.known_at)};
    lookup::Locator const locator{*snapshot, roster};
    lookup::AddressContext const context{*snapshot, *index, locator, asked.as_of};
    if (!options.near.empty()) {
        lookup::PositionQuery query;
        query.lon = number_argument(options.near.at(0), "--near LON");
        query.lat = number_argument(options.near.at(1), "--near LAT");
        query.crs = options.crs;
        lookup::QueryFault fault;
        auto const position = lookup::lattice_position(query, transformer, fault);
        if (!position) {
            throw Error{ErrorCode::usage, words("{}: {}", "{}：{}", fault.field, fault.message)};
        }
        auto const near = index->nearest(*position, count, lookup::kNearestLimitM);
        say("{}\n", options.json   ? lookup::near_to_json(near, *position, context)
                    : near.empty() ? said(language, "none within {} km", "{} 公里内没有",
                                          fmt::format("{:.0f}", lookup::kNearestLimitM / 1000))
                                   : lookup::near_to_text(near, context, language));
        return 0;
    }
    if (!options.suggest.empty()) {
        auto const suggestions = index->suggest(options.suggest, count);
        say("{}\n", options.json          ? lookup::suggestions_to_json(suggestions, context)
                    : suggestions.empty() ? said(language, "nothing begins so", "没有这样开头的地址")
                                          : lookup::suggestions_to_text(suggestions, language));
        return 0;
    }
    lookup::AddressAnswer answer;
    lookup::Geocoder{*snapshot, *index}.geocode(options.text, answer);
    say("{}\n", options.json ? lookup::to_json(answer, options.text, context)
                             : lookup::to_text(answer, options.text, context, language));
    return answer.match.outcome == address::Normalizer::Outcome::good ? 0 : 1;
}

} // namespace wangge::command
