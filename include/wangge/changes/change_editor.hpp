#pragma once

#include <wangge/changes/change_steps.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wangge::changes {

/// A grid to be made; what is empty is found: the name from the grid it comes from, the code by the registry.
struct NewGrid {
    geom::MultiPolygon shape;
    std::string name;
    std::optional<GridCode> code;
};

/// An operation as recorded, and the change sets that it meets.
struct Added {
    registry::Operation operation;
    std::vector<registry::DraftMeeting> meetings;
};

/**
 * Adds operations to a change set, one at a time, each recorded at once. They are worked out on the state of the
 * effective day with the operations before them; what cannot be (no such grid or village, a merge across villages) is
 * Error{data_rejected}, Error{not_found}. Whether the grids then form a coverage is for the check to say. The registry
 * must be open for writing and outlive the object.
 */
class ChangeEditor {
public:
    ChangeEditor(registry::Registry& registry, std::int64_t draft, std::string editor);

    Added create(NewGrid grid, DivisionCode village, GridKind kind);
    Added reshape(GridCode const& code, geom::MultiPolygon shape);
    /// The parts must have the ground of the grid, all of it and no more. It ends, and each part is a new grid; with
    /// `keep` the largest part goes on under its code.
    Added split(GridCode const& code, std::vector<NewGrid> parts, bool keep);
    /// All end, and their union is a new grid; with `into`, one of them, that one takes in the others.
    Added merge(std::span<GridCode const> codes, std::optional<GridCode> const& into, std::string name,
                std::optional<GridCode> const& new_code);
    Added retire(GridCode const& code, std::string reason);
    Added reparent(GridCode const& code, DivisionCode village);
    Added rename(GridCode const& code, std::string name);
    /// The ground round `at` that no grid will cover stays so on purpose. Its outline is recorded when the change set
    /// is applied.
    Added accept_gap(geom::Point at, std::string reason);

    /// People call the division that, too. Error{not_found}: no such division on the effective day.
    Added alias(DivisionCode division, std::string text, std::string reason);
    /// An address point of staff. What is empty is found: the village from the grid in which it lies, and in a
    /// correction everything from the point that it corrects, but no parts to a new text: where there are none, the
    /// address index reads them from the text. Error{not_found}: no such imported point;
    /// Error{data_rejected}: several files have one of that id, or nothing is corrected.
    struct NewAddress {
        registry::AddressPoint point; ///< without an id; the position apart
        std::optional<geom::Point> at;
        std::string corrects; ///< id of an imported point, or empty
        std::string source;   ///< the file it came in, where several have that id
    };
    Added address(NewAddress address, std::string reason);
    /// The point of that id is found no more. `source` is the file it came in, or kStaff, where several have that id.
    /// Error{not_found}: no such point on the effective day; Error{data_rejected}: several.
    Added retire_address(std::string const& id, std::string const& source, std::string reason);
    static constexpr std::string_view kStaff = "staff";

    /// The grid as the operations so far leave it. Error{not_found}.
    [[nodiscard]] registry::Grid grid(GridCode const& code) const;

private:
    Added record(registry::Operation operation);
    void record_all_touched();
    registry::Registry& m_registry;
    std::int64_t m_draft;
    std::string m_editor;
};

/**
 * The shape cut along a path from one vertex of its outline to another: no vertex is added to the outline, so
 * neighbours still share all of theirs. The ends of the path move to the nearest vertices, at most 30 m.
 * Error{data_rejected} when they are farther off, the same, or on different parts. Whether the path stays inside is for
 * the check to say.
 */
[[nodiscard]] std::vector<geom::MultiPolygon> cut_along(geom::MultiPolygon const& shape, std::vector<geom::Point> path);

} // namespace wangge::changes
