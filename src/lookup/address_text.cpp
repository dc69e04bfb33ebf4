#include "labelled_lines.hpp"

#include <wangge/lookup/address_text.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wangge::lookup {

namespace {

/// Grids that are named to people; a program gets all.
constexpr std::size_t kNamedGrids = 10;

std::string grid_line(AddressContext const& context, snapshot::GridId id) {
    auto const grid = context.snapshot.grid(id);
    return fmt::format("{}  {}", grid.code.str(), grid.name);
}

/// What was asked, without bytes that a terminal cannot take.
std::string shown(std::string_view text) {
    using Json = nlohmann::json;
    auto const json =
        Json(text.substr(0, address::kMaxAddressBytes)).dump(-1, ' ', false, Json::error_handler_t::replace);
    return Json::parse(json).get<std::string>();
}

Words why_no_grid(AddressAnswer const& answer) {
    auto const& match = answer.match;
    if (match.outcome == address::Normalizer::Outcome::not_utf8) {
        return words("not found: byte {} is not UTF-8", "未找到：第 {} 字节不是 UTF-8", match.bad_byte);
    }
    if (match.outcome == address::Normalizer::Outcome::too_long) {
        return words("not found: longer than {} bytes", "未找到：超过 {} 字节", address::kMaxAddressBytes);
    }
    if (answer.grids_in_all == 0) {
        return words("not found: the text names no division, road or estate that is known",
                     "未找到：文中没有已知的区划、道路或小区");
    }
    if (answer.grids.empty()) {
        return words("not determined: it may be any of {} grids; name a town, village, road or estate",
                     "未确定：可能是 {} 个网格中的任何一个；请写明镇街、村居、道路或小区", answer.grids_in_all);
    }
    return words("not determined: it may be one of {} grids", "未确定：可能是 {} 个网格之一", answer.grids_in_all);
}

Words words_of(address::Component component) {
    return {std::string{to_string(component)}, std::string{chinese_name(component)}};
}

} // namespace

std::string to_text(AddressAnswer const& answer, std::string_view text, AddressContext const& context,
                    Language language) {
    LabelledLines lines{language};
    lines.add(words("address", "地址"), shown(text));
    auto const grid = words("grid", "网格");
    if (answer.grid) {
        lines.add(grid, grid_line(context, *answer.grid));
    } else {
        lines.add(grid, why_no_grid(answer));
        auto const perhaps = words("perhaps", "可能");
        for (std::size_t i = 0; i < std::min(answer.grids.size(), kNamedGrids); ++i) {
            lines.add(perhaps, words("{}  ({} %)", "{}（{} %）", grid_line(context, answer.grids[i].grid),
                                     fmt::format("{:.1f}", answer.grids[i].share * 100)));
        }
        if (answer.grids.size() > kNamedGrids) {
            lines.add(perhaps, words("and {} more", "另有 {} 个", answer.grids_in_all - kNamedGrids));
        }
    }
    lines.add(words("level", "层级"),
              Words{std::string{to_string(answer.level)}, std::string{chinese_name(answer.level)}});
    lines.add(words("score", "可信度"), fmt::format("{:.3f}", answer.score));
    if (answer.standard) {
        lines.add(words("standard", "标准地址"), answer.standard->text);
    }
    if (answer.by_staff) {
        lines.add(words("evidence", "依据"), words("staff bound this text to the place", "工作人员核定此文字指该处"));
    } else if (answer.standard && answer.standard->by_staff) {
        lines.add(words("evidence", "依据"), words("the standard address is one of staff", "标准地址由工作人员录入"));
    }
    if (answer.position) {
        lines.add(words("position", "位置"), words("{} (CGCS2000, longitude first)", "{}（CGCS2000，经度在前）",
                                                   fmt::format("{:.7f}, {:.7f}", geom::to_degrees(answer.position->lon),
                                                               geom::to_degrees(answer.position->lat))));
    }
    for (auto const& c : answer.match.components) {
        lines.add(words_of(c.component), c.text);
    }
    for (auto const& c : answer.conflicts) {
        lines.add(words("conflict", "不符"), Words{english_sentence(c), chinese_sentence(c)});
    }
    auto const evidence = context.locator.evidence(context.as_of);
    lines.add(words("state", "版本"),
              words("generation {}, as of {}, snapshot {}, addresses {}", "第 {} 版，{} 当日，快照 {}，地址 {}",
                    evidence.generation, evidence.as_of.str(), evidence.snapshot_digest.substr(0, 16),
                    context.index.source().hex().substr(0, 16)));
    return lines.take();
}

std::string near_to_text(std::vector<address::AddressIndex::Near> const& near, AddressContext const& context,
                         Language language) {
    LabelledLines lines{language};
    for (auto const& n : near) {
        auto const address = context.index.address(n.address);
        auto const grid = context.snapshot.locate(address.at);
        auto const metres = fmt::format("{:.1f}", n.distance_m);
        auto const code = grid == snapshot::kOutside ? words("in no grid", "不在任何网格内")
                                                     : Words{std::string{context.snapshot.grid(grid).code.str()},
                                                             std::string{context.snapshot.grid(grid).code.str()}};
        lines.add(words("{} m", "{} 米", metres), words("{}  {}", "{}  {}", address.text, code));
    }
    return lines.take();
}

std::string suggestions_to_text(std::vector<address::AddressIndex::Suggestion> const& suggestions, Language language) {
    LabelledLines lines{language};
    for (auto const& s : suggestions) {
        lines.add(words_of(s.component), words("{}  ({} addresses)", "{}（{} 个地址）", s.text, s.addresses));
    }
    return lines.take();
}

} // namespace wangge::lookup
