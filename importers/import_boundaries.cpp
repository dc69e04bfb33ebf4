#include "datum_check.hpp"
#include "job_parts.hpp"
#include "problem_text.hpp"

#include <wangge/base/error.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>
#include <wangge/importers/ogr_reader.hpp>
#include <wangge/topology/accepted_gaps.hpp>
#include <wangge/topology/area_shares.hpp>
#include <wangge/topology/coverage.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace wangge::importers {

namespace {

using registry::ChangeKind;
using registry::Grid;

constexpr std::array kGridChanges{ChangeKind::added, ChangeKind::reshaped, ChangeKind::renamed, ChangeKind::reparented,
                                  ChangeKind::retired};

/// Divisions of one day with what the checks ask of them.
class DivisionTree {
public:
    explicit DivisionTree(std::vector<registry::Division> divisions)
        : m_divisions(std::move(divisions)), m_levels(levels_of(m_divisions)) {
        for (auto const& division : m_divisions) {
            m_by_code.emplace(division.code, &division);
        }
    }
    [[nodiscard]] std::vector<registry::Division> const& all() const noexcept { return m_divisions; }
    [[nodiscard]] VillageLevels const& levels() const noexcept { return m_levels; }
    /// The division at `level` above (or equal to) `code`; empty when there is none.
    [[nodiscard]] std::optional<DivisionCode> above(DivisionCode code, Level level) const {
        for (int hops = 0; hops < 8; ++hops) {
            auto const found = m_by_code.find(code);
            if (found == m_by_code.end()) {
                return std::nullopt;
            }
            if (found->second->level == level) {
                return code;
            }
            if (!found->second->parent) {
                return std::nullopt;
            }
            code = *found->second->parent;
        }
        return std::nullopt;
    }

private:
    std::vector<registry::Division> m_divisions;
    VillageLevels m_levels;
    std::unordered_map<DivisionCode, registry::Division const*> m_by_code;
};

/// One run of import_boundaries, step by step.
class BoundaryImport {
public:
    BoundaryImport(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                   ImportOptions const& options, Progress& progress)
        : m_folder(folder)
        , m_files(files)
        , m_options(options)
        , m_progress(progress)
        , m_registry(open_registry(folder, options))
        , m_tree(m_registry.divisions(options.effective))
        , m_issued(m_registry.issued_codes())
        , m_problems(m_report) {}

    ImportReport run() {
        JobClock clock{m_report, "boundaries", m_options};
        read_and_compare_codes();
        if (!suspect_datum()) {
            check_coverage();
            report_villages_without_grids();
        }
        if (m_options.draw) {
            draw();
        }
        compare();
        if (!m_report.has_errors() && !m_options.dry_run) {
            apply();
        }
        m_problems.finish();
        clock.stop();
        return std::move(m_report);
    }

    /// What the files would change, unchecked among each other; with errors in single rows nothing.
    BoundaryProposal propose(std::optional<DivisionCode> complete) {
        JobClock clock{m_report, "boundaries", m_options};
        if (complete && std::ranges::find(m_tree.all(), *complete, &registry::Division::code) == m_tree.all().end()) {
            throw Error{ErrorCode::not_found,
                        words("--complete: there is no division {} on {}; check the code",
                              "--complete：{1} 没有区划 {0}；请核对编码", complete->str(), m_options.effective.str())};
        }
        read_and_compare_codes();
        static_cast<void>(suspect_datum());
        compare();
        BoundaryProposal proposal;
        if (!m_report.has_errors()) {
            if (complete) {
                retire_all_others_of(*complete);
            }
            m_change_set.sources = keep_sources(m_folder, m_files, m_report.files);
            proposal.title = title();
            m_change_set.title = proposal.title.english;
            for (auto const& change : m_change_set.changes) {
                auto const* const before = current(change.after.code);
                bool const retired = change.kinds.front() == ChangeKind::retired;
                proposal.bases.push_back(before != nullptr || retired
                                             ? std::optional{registry::base_of(retired ? change.after : *before)}
                                             : std::nullopt);
            }
            proposal.change_set = std::move(m_change_set);
        }
        m_problems.finish();
        clock.stop();
        proposal.report = std::move(m_report);
        return proposal;
    }

private:
    void read_and_compare_codes() {
        if (m_tree.all().empty()) {
            throw Error{
                ErrorCode::data_rejected,
                words(
                    "{}: the registry has no divisions on {}; run 'wangge import divisions FILE --effective {}' first",
                    "{}：登记库在 {} 没有区划；请先运行 wangge import divisions 文件 --effective {}",
                    m_folder.registry_file().string(), m_options.effective.str(), m_options.effective.str())};
        }
        load_outlines();
        for (auto const& file : m_files) {
            read(file);
        }
        m_report.max_snap_m = m_snapped.max_m;
        m_report.mean_snap_m = m_snapped.mean_m();
        sort_drafts();
        load_current();
        refuse_reissued();
    }

    /// Grids of the division that the files, which have all of them, do not have.
    void retire_all_others_of(DivisionCode division) {
        auto const level = m_tree.levels().at(division);
        std::vector<DivisionCode> villages;
        for (auto const& other : m_tree.all()) {
            if (m_tree.above(other.code, level) == division) {
                villages.push_back(other.code);
            }
        }
        for (auto& grid : m_registry.grids_in(villages, m_options.effective)) {
            if (std::ranges::binary_search(m_seen, grid.code)) {
                continue;
            }
            registry::GridChange change;
            change.kinds.push_back(ChangeKind::retired);
            change.area_before_m2 = geom::area_m2(grid.shape);
            change.after = std::move(grid);
            m_change_set.changes.push_back(std::move(change));
        }
    }

    /// Drafts of one file and what the datum check needs of it.
    struct FileWitnesses {
        std::string name;
        crs::Transformer transformer;
        std::vector<DatumWitness> witnesses;
    };

    void load_outlines() {
        for (auto& outline : m_registry.outlines()) {
            auto const level = m_tree.levels().find(outline.code);
            if (level != m_tree.levels().end() && level->second == Level::county) {
                m_outlines.emplace(outline.code, std::move(outline.shape));
            }
        }
    }

    void read(std::filesystem::path const& file) {
        auto const name = source_title(file);
        auto reader = OgrReader::open(file, read_options(m_options, m_tree.all()));
        auto const mapping = mapping_of(boundary_fields(), reader.columns(), file, m_options);
        Normalizer normalizer{m_profile,
                              m_tree.levels(),
                              mapping,
                              reader.transformer(),
                              name,
                              [&](GridCode const& code) -> std::optional<DivisionCode> {
                                  if (!issued(code)) {
                                      return std::nullopt;
                                  }
                                  auto const current = m_registry.grid(code, m_options.effective);
                                  return current ? std::optional{current->village} : std::nullopt;
                              }};
        auto const subject_file = m_files.size() > 1 ? name : std::string{};
        std::vector<Problem> found;
        RawFeature feature;
        std::uint64_t rows = 0;
        m_progress.begin(fmt::format("reading {}", name), reader.feature_count(), "grids");
        for (;;) {
            auto const outcome = reader.next(feature, found);
            if (outcome == OgrReader::Outcome::end) {
                break;
            }
            if (outcome == OgrReader::Outcome::unreadable) {
                normalizer.normalize_loose(feature, found);
            } else if (auto draft = normalizer.normalize(feature, found)) {
                m_drafts.push_back(std::move(*draft));
            }
            if (!found.empty()) {
                m_problems.take(found, subject_file);
            }
            if (++rows % kReportEvery == 0) {
                m_progress.advance(kReportEvery);
            }
        }
        m_progress.advance(rows % kReportEvery);
        m_progress.end();
        m_snapped.add(normalizer.snapped());
        std::ranges::move(normalizer.loose(), std::back_inserter(m_loose));
        for (auto const& read_code : normalizer.codes()) {
            m_codes.push_back({read_code, m_report.files.size()});
        }
        m_report.rows_read += rows;
        m_report.files.push_back({name, rows, reader.layer(), reader.transformer().name(),
                                  reader.transformer().datum_assumed(), reader.encoding(), mapping.describe(),
                                  reader.remarks()});
        auto witnesses = normalizer.witnesses();
        m_witnesses.push_back({name, reader.take_transformer(), std::move(witnesses)});
    }

    [[nodiscard]] bool issued(GridCode const& code) const {
        return std::binary_search(m_issued.begin(), m_issued.end(), code);
    }

    void sort_drafts() {
        std::ranges::stable_sort(m_drafts, {},
                                 [](GridDraft const& draft) -> GridCode const& { return draft.grid.code; });
        std::ranges::stable_sort(m_codes, {}, [](CodeInFile const& c) -> GridCode const& { return c.found.code; });
        for (std::size_t i = 1; i < m_codes.size(); ++i) {
            auto const& [a, a_file] = m_codes[i - 1];
            auto const& [b, b_file] = m_codes[i];
            if (a.code == b.code) {
                m_problems.add(
                    {ProblemCode::duplicate_code,
                     {std::string{b.code.str()}},
                     fmt::format(
                         "the code stands in {} row {} and in {} row {}; give one of them another code, or remove one",
                         m_report.files[a_file].name, a.row, m_report.files[b_file].name, b.row),
                     ProblemPlace{b.at, {}, {}},
                     0,
                     {}});
            }
        }
        m_codes = {};
    }

    /// The registry's own shapes of the grids that come in, and every grid near old or new ones.
    void load_current() {
        std::vector<GridCode> known;
        for (auto const& d : m_drafts) {
            if (issued(d.grid.code) && (known.empty() || known.back() != d.grid.code)) {
                known.push_back(d.grid.code);
            }
        }
        for (auto const& loose : m_loose) { // of a faulty row, too, the file's shape stands for the registry's
            if (auto const code = GridCode::parse(loose.subject); code && issued(*code)) {
                known.push_back(*code);
            }
        }
        std::ranges::sort(known);
        known.erase(std::unique(known.begin(), known.end()), known.end());
        if (m_issued.empty()) {
            return;
        }
        std::vector<Grid> near;
        if (known.size() * 4 > m_issued.size()) { // most of the registry: one pass over it is cheaper
            near = m_registry.state(m_options.effective, std::nullopt, m_progress).grids;
        } else {
            auto boxes = boxes_of_drafts();
            for (auto const& code : known) {
                if (auto grid = m_registry.grid(code, m_options.effective)) {
                    boxes.push_back(geom::envelope_of(grid->shape));
                }
            }
            // What a county lacks is measured against all its grids, not only against those near the file's.
            for (auto const& county : counties_of_drafts()) {
                if (auto const outline = m_outlines.find(county); outline != m_outlines.end()) {
                    boxes.push_back(geom::envelope_of(outline->second));
                }
            }
            near = m_registry.grids_touching(m_options.effective, few(boxes));
        }
        for (auto& grid : near) {
            geom::normalize(grid.shape);
            auto const found = std::ranges::lower_bound(known, grid.code);
            bool const incoming = found != known.end() && *found == grid.code;
            (incoming ? m_current : m_neighbours).push_back(std::move(grid));
        }
        std::ranges::sort(m_current, {}, &Grid::code);
        std::ranges::sort(m_neighbours, {}, &Grid::code);
    }

    [[nodiscard]] std::unordered_set<DivisionCode> counties_of_drafts() const {
        std::unordered_set<DivisionCode> counties;
        for (auto const& d : m_drafts) {
            if (auto const county = m_tree.above(d.grid.village, Level::county)) {
                counties.insert(*county);
            }
        }
        return counties;
    }

    /// One box for each village, so that a far-flung import does not ask for everything in between.
    [[nodiscard]] std::vector<geom::Envelope> boxes_of_drafts() const {
        std::unordered_map<DivisionCode, geom::Envelope> by_village;
        for (auto const& d : m_drafts) {
            by_village[d.grid.village].extend(geom::envelope_of(d.grid.shape));
        }
        std::vector<geom::Envelope> boxes;
        boxes.reserve(by_village.size());
        for (auto const& [village, box] : by_village) {
            boxes.push_back(box);
        }
        for (auto const& loose : m_loose) {
            boxes.push_back(geom::envelope_of(loose.shape));
        }
        return boxes;
    }

    /// At most some hundred boxes that cover the given ones: the query costs one pass for each.
    [[nodiscard]] static std::vector<geom::Envelope> few(std::vector<geom::Envelope> boxes) {
        constexpr std::size_t kMost = 256;
        std::ranges::sort(boxes);
        std::vector<geom::Envelope> result;
        auto const each = boxes.size() / kMost + 1;
        for (std::size_t i = 0; i < boxes.size(); ++i) {
            if (i % each == 0) {
                result.emplace_back();
            }
            result.back().extend(boxes[i]);
        }
        return result;
    }

    [[nodiscard]] Grid const* current(GridCode const& code) const {
        auto const found = std::ranges::lower_bound(m_current, code, {}, &Grid::code);
        return found != m_current.end() && found->code == code ? &*found : nullptr;
    }

    void refuse_reissued() {
        for (auto const& d : m_drafts) {
            auto const& code = d.grid.code;
            if (!issued(code) || current(code) != nullptr) {
                continue;
            }
            std::optional<Date> retired;
            std::optional<Date> begins;
            for (auto const& version : m_registry.history(code)) {
                if (version.recorded_to) {
                    continue;
                }
                if (version.valid.to <= m_options.effective) {
                    retired = std::max(retired.value_or(version.valid.to), version.valid.to);
                } else {
                    begins = std::min(begins.value_or(version.valid.from), version.valid.from);
                }
            }
            auto said =
                retired  ? words("this code was issued before and retired on {}; a code is never issued again: "
                                  "give the grid a new one",
                                 "该编码曾经发放，已于 {} 注销；编码不得再次发放：请为该网格另发新编码", retired->str())
                : begins ? words("this code is issued and its grid begins on {0}, after the effective date {1}; "
                                 "import it with --effective {0}",
                                 "该编码已发放，其网格自 {0} 起生效，晚于本次生效日期 {1}；请用 --effective {0} 导入",
                                 begins->str(), m_options.effective.str())
                         : words("this code was issued before and withdrawn; a code is never issued again: give the "
                                 "grid a new one",
                                 "该编码曾经发放，后已撤回；编码不得再次发放：请为该网格另发新编码");
            Problem problem{ProblemCode::reissued_code, {std::string{code.str()}}, std::move(said.english), {}, 0, {}};
            problem.chinese = fmt::format("{}：{}", code.str(), said.chinese);
            m_problems.add(std::move(problem));
        }
    }

    [[nodiscard]] geom::MultiPolygon const* outline_of(DivisionCode village) const {
        auto const county = m_tree.above(village, Level::county);
        auto const found = county ? m_outlines.find(*county) : m_outlines.end();
        return found == m_outlines.end() ? nullptr : &found->second;
    }

    [[nodiscard]] bool suspect_datum() {
        KnownSurroundings known;
        known.place = [&](DatumWitness const& witness) {
            auto const* const grid = current(witness.code);
            return KnownPlace{outline_of(witness.division), grid == nullptr ? nullptr : &grid->shape};
        };
        std::ranges::transform(m_outlines, std::back_inserter(known.counties),
                               [](auto const& outline) { return &outline.second; });
        std::ranges::transform(m_neighbours, std::back_inserter(known.grids), [](Grid const& g) { return &g.shape; });
        known.site_systems = m_options.read.site_systems;
        bool suspected = false;
        for (std::size_t i = 0; i < m_witnesses.size(); ++i) {
            auto const& file = m_witnesses[i];
            auto problem = suspected_datum(file.name, file.transformer, file.witnesses, known);
            if (problem && m_options.accept_datum) {
                m_report.files[i].remarks.push_back(accepted_datum(*problem));
            } else if (problem) {
                m_problems.add(std::move(*problem));
                suspected = true; // everything else would only repeat it
            }
        }
        return suspected;
    }

    void check_coverage() {
        std::vector<topology::Face> faces;
        faces.reserve(m_drafts.size() + m_loose.size() + m_neighbours.size());
        auto const counties = counties_of_drafts();
        for (std::size_t i = 0; i < m_drafts.size(); ++i) {
            auto const& grid = m_drafts[i].grid;
            bool const repeated = i > 0 && m_drafts[i - 1].grid.code == grid.code;
            faces.push_back(
                {repeated ? fmt::format("{} (row {})", grid.code.str(), m_drafts[i].row) : std::string{grid.code.str()},
                 &grid.shape, true});
        }
        for (auto const& loose : m_loose) {
            faces.push_back({loose.subject, &loose.shape, true});
        }
        for (auto const& grid : m_neighbours) {
            faces.push_back({std::string{grid.code.str()}, &grid.shape, false});
        }
        std::vector<topology::Outline> outlines;
        // Where one county has no outline its grids would lie outside every outline, so then none is used.
        bool const all_known =
            std::ranges::all_of(counties, [&](DivisionCode county) { return m_outlines.contains(county); });
        for (auto const& division : m_tree.all()) { // by code
            if (all_known && counties.contains(division.code)) {
                outlines.push_back({division.code.str(), &m_outlines.at(division.code)});
            }
        }
        if (!all_known) {
            m_report.files.front().remarks.push_back(
                words("some counties have no outline in the registry: that grids fill them was not checked",
                      "登记库中有的县区没有轮廓：未检查其是否被网格填满"));
        }
        auto result = topology::CoverageChecker{}.check(faces, outlines, m_progress);
        auto const accepted = m_registry.accepted_gaps(m_options.effective);
        std::vector<topology::AcceptedOutline> accepted_outlines;
        for (auto const& gap : accepted) {
            accepted_outlines.push_back({&gap.shape, gap.reason});
        }
        topology::note_accepted_gaps(result.report.problems, accepted_outlines);
        for (auto& problem : result.report.problems) {
            if (problem.code == ProblemCode::gap && may_be_still_to_come(problem)) {
                problem.code = ProblemCode::county_not_filled;
                problem.message +=
                    "; villages of this county are still without grids, so it may be one that is not imported yet";
                problem.chinese =
                    sentence(problem, Language::chinese) + "该县区还有村居没有网格，这里可能是尚未导入的村居。";
            }
            report_reach_into_other_county(problem);
            m_problems.add(std::move(problem));
        }
    }

    /// Does the area leave the county by more than the rounding of its vertices to the lattice?
    [[nodiscard]] static bool leaves(ProblemPlace const& place, geom::MultiPolygon const& county) {
        constexpr double kRoundedM = 0.02;
        bool left = !geom::owns(county, place.at);
        geom::for_each_ring(place.area, [&](geom::Ring const& ring) {
            left = left || std::ranges::any_of(ring, [&](geom::Point p) {
                       return !geom::owns(county, p) && geom::distance_to_boundary_m(county, p) > kRoundedM;
                   });
        });
        return left;
    }

    /// Of two grids of different counties that overlap, the one that leaves its county there is at fault, or both.
    void report_reach_into_other_county(Problem const& overlap) {
        if (overlap.code != ProblemCode::overlap || overlap.subjects.size() != 2 || !overlap.place) {
            return;
        }
        std::array<std::optional<DivisionCode>, 2> villages;
        for (std::size_t i = 0; i < 2; ++i) {
            villages.at(i) = village_of(overlap.subjects[i]);
        }
        if (!villages[0] || !villages[1] ||
            m_tree.above(*villages[0], Level::county) == m_tree.above(*villages[1], Level::county)) {
            return;
        }
        for (std::size_t i = 0; i < 2; ++i) {
            auto const* const county = outline_of(*villages.at(i));
            if (county != nullptr && leaves(*overlap.place, *county)) {
                auto problem = overlap;
                problem.code = ProblemCode::outside_county;
                problem.subjects = {overlap.subjects[i]};
                take_part_outside(problem, *county);
                auto said = words("{} reaches {} m2 out of its county over {}; cut it back to the county boundary",
                                  "{0} 超出所属县区 {1} 平方米，压在 {2} 上；请裁回县区边界", overlap.subjects[i],
                                  fmt::format("{:.{}f}", problem.measure, problem.measure < 10 ? 4 : 1),
                                  overlap.subjects[1 - i]);
                problem.message = std::move(said.english);
                problem.chinese = std::move(said.chinese);
                m_problems.add(std::move(problem));
            }
        }
    }

    /// Of an overlap only the part that is out of the county: the rest is where the neighbour is out of its own. An
    /// area too small for the lattice lies on one side.
    static void take_part_outside(Problem& overlap, geom::MultiPolygon const& county) {
        auto& place = *overlap.place;
        if (place.area.empty()) {
            return;
        }
        std::array const areas{std::as_const(place).area};
        std::array const before{&areas.front()};
        std::array const after{&county};
        for (auto& share : topology::area_shares(before, after, topology::ShareShapes::with)) {
            if (share.before == 0 && share.after == topology::kNobody) {
                overlap.measure = share.area_m2;
                place.area = std::move(share.shape);
                place.at = share.at;
            }
        }
    }

    [[nodiscard]] std::optional<DivisionCode> village_of(std::string const& subject) const {
        auto const code = GridCode::parse(subject);
        if (!code) {
            return std::nullopt;
        }
        auto const draft = std::ranges::lower_bound(m_drafts, *code, {},
                                                    [](GridDraft const& d) -> GridCode const& { return d.grid.code; });
        if (draft != m_drafts.end() && draft->grid.code == *code) {
            return draft->grid.village;
        }
        auto const neighbour = std::ranges::lower_bound(m_neighbours, *code, {}, &Grid::code);
        return neighbour != m_neighbours.end() && neighbour->code == *code ? std::optional{neighbour->village}
                                                                           : std::nullopt;
    }

    /// A large gap in a county some of whose villages have no grids yet, or in one of which nothing is imported yet,
    /// may be such a village that lies inside another: imports come in any order. Small gaps never are.
    [[nodiscard]] bool may_be_still_to_come(Problem const& gap) {
        constexpr double kSmallestVillageM2 = 10'000;
        if (gap.measure < kSmallestVillageM2 || !gap.place) {
            return false;
        }
        auto const& villages = villages_with_grids();
        std::optional<DivisionCode> county;
        for (auto const& [code, shape] : m_outlines) {
            if (geom::owns(shape, gap.place->at)) {
                county = code;
            }
        }
        return std::ranges::any_of(m_tree.all(), [&](registry::Division const& division) {
            return division.level == Level::village && !villages.contains(division.code) &&
                   (!county || m_tree.above(division.code, Level::county) == county);
        });
    }

    /// Villages that have a grid after this import. Codes in force elsewhere count for the village they were issued in.
    [[nodiscard]] std::unordered_set<DivisionCode> const& villages_with_grids() {
        if (m_villages.empty()) {
            for (auto const& d : m_drafts) {
                m_villages.insert(d.grid.village);
            }
            for (auto const& grid : m_neighbours) {
                m_villages.insert(grid.village);
            }
            for (auto const& code : m_issued) {
                if (auto const village = m_profile.birth_village(code)) {
                    m_villages.insert(*village);
                }
            }
        }
        return m_villages;
    }

    void report_villages_without_grids() {
        auto const& villages = villages_with_grids();
        std::unordered_set<DivisionCode> towns;
        for (auto const& d : m_drafts) {
            if (auto const town = m_tree.above(d.grid.village, Level::town)) {
                towns.insert(*town);
            }
        }
        for (auto const& division : m_tree.all()) {
            auto const town = m_tree.above(division.code, Level::town);
            if (division.level == Level::village && !villages.contains(division.code) && town &&
                towns.contains(*town)) {
                auto said = words("village {} ({}) has no grid, while others of its town have; import its grids, or "
                                  "record why it has none",
                                  "村居 {}（{}）没有网格，而同镇街的其他村居有；请导入其网格，或登记没有网格的原因",
                                  division.code.str(), division.name);
                Problem problem{
                    ProblemCode::village_without_grids, {division.code.str()}, std::move(said.english), {}, 0, {}};
                problem.chinese = std::move(said.chinese);
                m_problems.add(std::move(problem));
            }
        }
    }

    void draw() {
        m_problems.finish(); // the map counts them in the order of the report
        std::vector<std::string> names;
        names.reserve(m_drafts.size() + m_loose.size() + m_neighbours.size());
        std::vector<MapFeature> features;
        auto const add = [&](std::string name, geom::MultiPolygon const& shape) {
            names.push_back(std::move(name));
            features.push_back({names.back(), &shape});
        };
        for (auto const& d : m_drafts) {
            add(std::string{d.grid.code.str()}, d.grid.shape);
        }
        for (auto const& loose : m_loose) {
            add(loose.subject, loose.shape);
        }
        for (auto const& grid : m_neighbours) {
            add(std::string{grid.code.str()}, grid.shape);
        }
        m_report.map = make_report_map(m_report.problems, features);
    }

    void compare() {
        m_change_set.author = m_options.author;
        m_change_set.effective = m_options.effective;
        std::uint64_t unchanged = 0;
        GridCode previous;
        for (auto& d : m_drafts) {
            auto& after = d.grid;
            if (std::exchange(previous, after.code) == after.code) {
                continue; // a repeated code, reported
            }
            m_seen.push_back(after.code);
            registry::GridChange change;
            auto const* const before = current(after.code);
            if (before == nullptr) {
                change.kinds.push_back(ChangeKind::added);
            } else {
                change.kinds = registry::differences(*before, after);
                change.area_before_m2 = geom::area_m2(before->shape);
            }
            if (change.kinds.empty()) {
                ++unchanged;
                continue;
            }
            change.area_after_m2 = geom::area_m2(after.shape);
            change.after = std::move(after);
            m_change_set.changes.push_back(std::move(change));
        }
        for (auto const kind : kGridChanges) {
            m_report.changes.emplace_back(std::string{to_string(kind)}, m_change_set.count(kind));
        }
        m_report.changes.emplace_back("unchanged", unchanged);
    }

    void apply() {
        if (!m_change_set.changes.empty()) {
            m_change_set.sources = keep_sources(m_folder, m_files, m_report.files);
            m_change_set.title = title().english;
            find_lineage();
            m_report.change_set = m_registry.apply(m_change_set, m_progress);
        }
        m_report.applied = true;
    }

    /// Ground goes from one to another only among what is reshaped or added: the coverage was checked.
    void find_lineage() {
        std::vector<topology::ShapeChange> changes;
        bool any_before = false;
        for (auto const& change : m_change_set.changes) {
            auto const has = [&](ChangeKind kind) {
                return std::ranges::find(change.kinds, kind) != change.kinds.end();
            };
            if (has(ChangeKind::reshaped) || has(ChangeKind::added)) {
                auto const& code = change.after.code;
                auto const* const before = has(ChangeKind::reshaped) ? &current(code)->shape : nullptr;
                any_before = any_before || before != nullptr;
                changes.push_back({code, before, &change.after.shape});
            }
        }
        if (!any_before) {
            return;
        }
        for (auto const& share : topology::ground_shares(changes)) {
            if (share.from && share.to) {
                m_change_set.lineage.push_back(
                    {*share.from, *share.to, share.area_m2, share.share_of_from, share.share_of_to});
            }
        }
    }

    [[nodiscard]] Words title() const {
        std::vector<std::string> names;
        for (auto const& file : m_report.files) {
            names.push_back(file.name);
        }
        return words("boundaries from {}", "{} 的边界", fmt::format("{}", fmt::join(names, ", ")));
    }

    static constexpr std::uint64_t kReportEvery = 1000;

    struct CodeInFile {
        Normalizer::CodeAt found;
        std::size_t file = 0;
    };

    registry::DataFolder const& m_folder;
    std::span<std::filesystem::path const> m_files;
    ImportOptions const& m_options;
    Progress& m_progress;
    registry::Registry m_registry;
    DivisionTree m_tree;
    std::vector<GridCode> m_issued; ///< sorted
    CodeProfile m_profile;
    std::unordered_map<DivisionCode, geom::MultiPolygon> m_outlines; ///< of counties
    ImportReport m_report;
    ProblemList m_problems;
    SnapStatistics m_snapped;
    std::vector<CodeInFile> m_codes;
    std::vector<GridDraft> m_drafts; ///< by code after sort_drafts
    std::vector<LooseShape> m_loose;
    std::vector<FileWitnesses> m_witnesses;
    std::vector<Grid> m_current;    ///< the registry's grids whose codes come in, by code
    std::vector<Grid> m_neighbours; ///< its other grids near them, by code
    std::vector<GridCode> m_seen;   ///< codes that were compared, sorted
    std::unordered_set<DivisionCode> m_villages;
    registry::ChangeSet m_change_set;
};

} // namespace

ImportReport import_boundaries(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                               ImportOptions const& options, Progress& progress) {
    check_file_list(files);
    return BoundaryImport{folder, files, with_site_systems(options, folder), progress}.run();
}

BoundaryProposal propose_boundaries(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                                    ImportOptions options, std::optional<DivisionCode> complete, Progress& progress) {
    check_file_list(files);
    options = with_site_systems(std::move(options), folder);
    options.dry_run = true; // the registry is only read
    return BoundaryImport{folder, files, options, progress}.propose(complete);
}

} // namespace wangge::importers
