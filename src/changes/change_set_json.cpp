#include <wangge/changes/change_set_text.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/problem_text.hpp>

#include <nlohmann/json.hpp>

#include <cmath>

namespace wangge::changes {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxListed = 1000;

std::string dumped(Json const& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

double rounded(double value) { return std::round(value * 100) / 100; }

Json position(geom::Point p) { return {geom::to_degrees(p.lon), geom::to_degrees(p.lat)}; }

Json code_of(std::optional<GridCode> const& code) { return code ? Json(code->str()) : Json(nullptr); }

Json codes(std::vector<GridCode> const& list) {
    auto json = Json::array();
    for (auto const& code : list) {
        json.push_back(code.str());
    }
    return json;
}

Json head(registry::ChangeDraft const& draft, Language language) {
    Json json{{"change_set", draft.id},
              {"title", draft.title},
              {"status", to_string(draft.status)},
              {"effective", draft.days.from.str()},
              {"until", draft.days.to == kForever ? Json(nullptr) : Json(draft.days.to.str())},
              {"author", draft.author},
              {"editors", draft.editors},
              {"operations", draft.operations}};
    json["undoes"] = draft.undoes ? Json(*draft.undoes) : Json(nullptr);
    json["undoes_import"] = draft.undoes_change_set && !draft.undoes ? Json(*draft.undoes_change_set) : Json(nullptr);
    json["approver"] = draft.approver.empty() ? Json(nullptr) : Json(draft.approver);
    json["reopened_because"] =
        draft.reopened_because.english.empty() ? Json(nullptr) : Json(draft.reopened_because.in(language));
    json["generation"] = draft.published ? Json(*draft.published) : Json(nullptr);
    return json;
}

Json to_json(std::span<registry::DraftMeeting const> meetings) {
    auto json = Json::array();
    for (auto const& meeting : meetings) {
        json.push_back({{"change_set", meeting.id},
                        {"title", meeting.title},
                        {"status", to_string(meeting.status)},
                        {"same_grids", codes(meeting.same)},
                        {"neighbouring_grids", codes(meeting.near)}});
    }
    return json;
}

Json to_json(registry::AddressPoint const& point) {
    Json json{{"text", point.text}, {"village", point.village.valid() ? Json(point.village.str()) : Json(nullptr)}};
    for (auto const& [name, part] : {std::pair{"road", &point.road},
                                     {"number", &point.number},
                                     {"estate", &point.estate},
                                     {"building", &point.building},
                                     {"unit", &point.unit},
                                     {"room", &point.room}}) {
        if (!part->empty()) {
            json[name] = *part;
        }
    }
    return json;
}

Json to_json(registry::ImportedAddress const& which) {
    return {{"source", which.source.empty() ? Json(nullptr) : Json(which.source)}, {"id", which.id}};
}

Json to_json(std::optional<registry::ImportedAddress> const& imported) {
    return imported ? to_json(*imported) : Json(nullptr);
}

Json to_json(registry::Operation const& operation) {
    Json json{{"operation", operation.number},
              {"kind", to_string(operation.kind)},
              {"editor", operation.editor},
              {"added_at", operation.added_at}};
    if (!operation.reason.empty()) {
        json["reason"] = operation.reason;
    }
    if (operation.at) {
        json["at"] = position(*operation.at);
    }
    if (operation.alias) {
        json["division"] = operation.alias->division.str();
        json["name"] = operation.alias->text;
    }
    if (operation.address) {
        json["address"] = to_json(operation.address->point);
        json["corrects"] = to_json(operation.address->corrects);
    }
    if (operation.retirement) {
        json["retires"] = to_json(operation.retirement->which);
        json["text"] = operation.retirement->text;
    }
    if (operation.dropped_by) {
        json["dropped_by"] = *operation.dropped_by;
    }
    auto& grids = json["grids"] = Json::array();
    for (auto const& grid : operation.grids) {
        Json one{{"code", grid.code.str()}, {"effect", to_string(grid.effect)}};
        if (grid.name) {
            one["name"] = *grid.name;
        }
        if (grid.village) {
            one["village"] = grid.village->str();
        }
        if (grid.shape) {
            one["area_m2"] = rounded(geom::area_m2(*grid.shape));
        }
        grids.push_back(std::move(one));
    }
    return json;
}

Json to_json(Conflict const& conflict, Language language) {
    Json json{{"operation", conflict.operation == 0 ? Json(nullptr) : Json(conflict.operation)},
              {"grid", code_of(conflict.grid)},
              {"message", conflict.message.in(language)}};
    json["since_change_set"] = conflict.since && conflict.since->draft ? Json(*conflict.since->draft) : Json(nullptr);
    json["since_title"] = conflict.since ? Json(conflict.since->title) : Json(nullptr);
    return json;
}

Json outcome(Examination const& examined, Language language) {
    Json json{{"errors", examined.count(Severity::error)},
              {"warnings", examined.count(Severity::warning) + examined.remarks.size()},
              {"notes", examined.count(Severity::note)}};
    auto& conflicts = json["conflicts"] = Json::array();
    for (auto const& conflict : examined.conflicts) {
        conflicts.push_back(to_json(conflict, language));
    }
    auto& remarks = json["remarks"] = Json::array();
    for (auto const& remark : examined.remarks) {
        remarks.push_back({{"operation", remark.operation}, {"message", remark.message.in(language)}});
    }
    auto& days = json["days"] = Json::array();
    for (auto const day : examined.days) {
        days.push_back(day.str());
    }
    auto& problems = json["problems"] = Json::array();
    for (auto const& [day, problem] : examined.problems) {
        if (problems.size() == kMaxListed) {
            break;
        }
        auto const& kind = problem_kind(problem.code);
        Json one{{"day", day.str()},
                 {"id", problem.id()},
                 {"code", static_cast<int>(problem.code)},
                 {"problem", kind.slug},
                 {"severity", to_string(kind.severity)},
                 {"subjects", problem.subjects},
                 {"message", sentence(problem, language)}};
        if (problem.place) {
            one["at"] = position(problem.place->at);
        }
        if (!problem.unit.empty()) {
            one["measure"] = problem.measure;
            one["unit"] = problem.unit;
        }
        problems.push_back(std::move(one));
    }
    return json;
}

} // namespace

std::string draft_json(registry::ChangeDraft const& draft, std::span<registry::Operation const> operations,
                       std::span<registry::DraftMeeting const> meetings, Language language) {
    auto json = head(draft, language);
    auto& list = json["list"] = Json::array();
    for (auto const& operation : operations) {
        list.push_back(to_json(operation));
    }
    json["meets"] = to_json(meetings);
    json["check"] = draft.check_report.empty() ? Json(nullptr) : Json::parse(draft.check_report);
    json["created_at"] = draft.created_at;
    json["base_generation"] = draft.base_generation;
    json["discarded_because"] = draft.discarded_because.empty() ? Json(nullptr) : Json(draft.discarded_because);
    return dumped(json);
}

std::string drafts_json(std::span<registry::ChangeDraft const> drafts, Language language) {
    auto json = Json::array();
    for (auto const& draft : drafts) {
        json.push_back(head(draft, language));
    }
    return dumped(json);
}

std::string check_json(Examination const& examined, std::span<registry::DraftMeeting const> meetings,
                       Language language) {
    auto json = head(examined.draft, language);
    json.update(outcome(examined, language));
    json["meets"] = to_json(meetings);
    json["content"] = examined.content.hex();
    return dumped(json);
}

std::string added_json(registry::ChangeDraft const& draft, registry::Operation const& operation,
                       std::span<registry::DraftMeeting const> meetings, Language language) {
    auto json = head(draft, language);
    json["added"] = to_json(operation);
    json["meets"] = to_json(meetings);
    return dumped(json);
}

std::string preview_json(Preview const& preview, Language language) {
    auto json = head(preview.examination.draft, language);
    json["first_day"] = preview.examination.first_day.str();
    json["added"] = codes(preview.added);
    json["reshaped"] = codes(preview.reshaped);
    json["renamed"] = codes(preview.renamed);
    json["reparented"] = codes(preview.reparented);
    json["retired"] = codes(preview.retired);
    json["restored"] = codes(preview.restored);
    for (auto const& [name, list] : {std::pair{"splits", &preview.splits}, {"merges", &preview.merges}}) {
        auto& successions = json[name] = Json::array();
        for (auto const& succession : *list) {
            successions.push_back({{"from", codes(succession.from)}, {"to", codes(succession.to)}});
        }
    }
    json["moved_m2"] = rounded(preview.moved_m2);
    json["addresses_that_move"] = preview.addresses;
    auto& moves = json["moves"] = Json::array();
    for (auto const& move : preview.moves) {
        moves.push_back({{"from", code_of(move.from)},
                         {"to", code_of(move.to)},
                         {"area_m2", rounded(move.area_m2)},
                         {"addresses", move.addresses}});
    }
    auto& assignments = json["assignments_that_move"] = Json::array();
    for (auto const& open : preview.assignments) {
        assignments.push_back({{"grid", open.entry.grid.str()},
                               {"officer", open.entry.officer_id},
                               {"role", to_string(open.entry.role)},
                               {"successor", code_of(open.successor)}});
    }
    auto& accepted = json["accepted_gaps"] = Json::array();
    for (auto const& gap : preview.examination.change_set.accepted_gaps) {
        accepted.push_back({{"reason", gap.reason}, {"area_m2", rounded(geom::area_m2(gap.shape))}});
    }
    auto& aliases = json["aliases"] = Json::array();
    for (auto const& effect : preview.aliases) {
        aliases.push_back({{"division", effect.alias.code.str()},
                           {"division_name", effect.division},
                           {"name", effect.alias.text},
                           {"withdrawn", effect.withdrawn}});
    }
    auto& points = json["address_points"] = Json::array();
    auto const located = [](registry::AddressPoint const& point, std::optional<GridCode> const& grid) {
        auto one = to_json(point);
        one["at"] = position(point.at);
        one["grid"] = code_of(grid);
        return one;
    };
    for (auto const& effect : preview.address_points) {
        auto one = located(effect.address.point, effect.grid);
        one["corrects"] = to_json(effect.address.corrects);
        one["imported"] = effect.imported ? located(*effect.imported, effect.imported_grid) : Json(nullptr);
        one["withdrawn"] = effect.withdrawn;
        points.push_back(std::move(one));
    }
    auto& retired = json["retired_addresses"] = Json::array();
    for (auto const& effect : preview.retired_addresses) {
        auto one = to_json(effect.retired.which);
        one["text"] = effect.retired.text;
        one["point"] = effect.point ? located(*effect.point, effect.grid) : Json(nullptr);
        one["withdrawn"] = effect.withdrawn;
        retired.push_back(std::move(one));
    }
    auto& neighbours = json["neighbours"] = Json::array();
    for (auto const& grid : preview.examination.neighbours) {
        neighbours.push_back(grid.code.str());
    }
    auto& conflicts = json["conflicts"] = Json::array();
    for (auto const& conflict : preview.examination.conflicts) {
        conflicts.push_back(to_json(conflict, language));
    }
    json["meets"] = to_json(preview.meetings);
    return dumped(json);
}

} // namespace wangge::changes
