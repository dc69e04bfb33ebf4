#pragma once

#include <wangge/base/dates.hpp>
#include <wangge/crs/site_systems.hpp>
#include <wangge/lookup/duty_roster.hpp>
#include <wangge/lookup/geocoder.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <memory>
#include <optional>
#include <string>

namespace wangge::http {

/// What one state is answered from. Immutable; a request holds it from its beginning to its end.
struct Served {
    std::shared_ptr<snapshot::Snapshot const> snapshot;
    std::shared_ptr<lookup::DutyRoster const> roster;
    std::shared_ptr<lookup::GeocoderPool> addresses = nullptr; ///< null where it was published without addresses
};

/// What a request asks for: D and, where it says so, K of state(D, K); otherwise the newest generation.
struct Asked {
    Date day;
    std::optional<GenerationNumber> known_at;
    bool operator==(Asked const&) const = default;
};

/// Where endpoints get the state of a date from. Safe from any thread. `known_at` must be a published generation.
class States {
public:
    virtual ~States() = default;
    /// What is at hand, without waiting; empty when it must be obtained first.
    [[nodiscard]] virtual std::optional<Served> find(Asked const& asked) = 0;
    /// Builds or opens what is missing; may take long, one at a time. Throws Error. Requires something published.
    [[nodiscard]] virtual Served obtain(Asked const& asked) = 0;
    /// The snapshot that CURRENT names; empty while nothing is published.
    [[nodiscard]] virtual std::shared_ptr<snapshot::Snapshot const> current() = 0;
    /// The coordinate systems of the site; the same all the time.
    [[nodiscard]] virtual crs::SiteSystems site_systems() const { return {}; }
};

} // namespace wangge::http
